"""The presenter through a clip: doubtful frames bridged, trembling taken out, take by take."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights
from steps.dlib.casting import Span, presenter_of
from steps.dlib.cuts import cuts_between
from steps.dlib.measures import LANDMARKS
from steps.dlib.people import LONGEST_GAP, watch
from steps.dlib.predictor import FaceFinder, Grey

__all__ = ["SHORTEST_LOOP", "Span", "Track", "bridge", "follow", "refuse_what_cannot_loop", "smooth"]

SMOOTHING_FRAMES, SMOOTHING_DEGREE = 5, 2
"""A blink is seven frames: a wider or stiffer filter would flatten it."""
SHORTEST_LOOP = 2 * FRAME_RATE
"""Frames; less would be seen to repeat."""


@dataclass(frozen=True)
class Track:
    landmarks: NDArray[np.float32]
    """(T, 68, 2) pixels of the frame."""
    gaps: tuple[Span, ...] = ()
    """Where no face was seen: bridged in straight lines."""
    cuts: tuple[int, ...] = ()
    """The first frame after each cut; nothing is smoothed or bridged across."""
    bystanders: tuple[Span, ...] = ()
    """When somebody else was in the picture."""

    @property
    def bridged(self) -> int:
        """Frames in which no face was seen."""
        return sum(gap.last - gap.first + 1 for gap in self.gaps)

    @property
    def takes(self) -> list[Span]:
        """The clip from cut to cut."""
        return [Span(first, after - 1) for first, after in pairwise([0, *self.cuts, len(self.landmarks)])]


def follow(frames: Iterable[tuple[Grey, Grey]], finder: FaceFinder, advance: Callable[[int], None] = lambda _: None) -> Track:
    """Find the presenter's landmarks in every frame. `frames` gives each frame and its enlargement, see `footage.decoded`.

    Raises BadWeights for a clip without a face, with two that might be the presenter's, or without one for longer than
    LONGEST_GAP. Cuts and passers-by are reported: a net can be trained across them, see `refuse_what_cannot_loop`.
    """
    clip = watch(frames, finder, advance)
    appearances, bystanders = presenter_of(clip.people, clip.side)
    seen = dict(chain.from_iterable(person.seen.items() for person in appearances))
    numbers = sorted(seen)
    found = np.stack([seen[number] for number in numbers])
    cuts = cuts_between(numbers, found, clip.places)
    gaps = gaps_of(numbers, len(clip.places))
    landmarks = np.full((len(clip.places), LANDMARKS, 2), np.nan)
    landmarks[numbers] = found
    takes = pairwise([0, *cuts, len(landmarks)])
    calm = np.concatenate([smooth(bridge(landmarks[first:after])) for first, after in takes])
    return Track(calm.astype(np.float32), tuple(gaps), tuple(cuts), tuple(bystanders))


def refuse_what_cannot_loop(track: Track) -> None:
    """Raises BadWeights for a clip that is not one take, or too short a one: it is to be played on and on."""
    if track.cuts:
        times = ", ".join(f"{cut / FRAME_RATE:.1f} s" for cut in track.cuts)
        longest = max(track.takes, key=lambda take: take.last - take.first)
        raise BadWeights(f"footage: a cut at {times}; footage must be one take: keep {longest}, the longest")
    if len(track.landmarks) < SHORTEST_LOOP:
        raise BadWeights(
            f"footage: {len(track.landmarks) / FRAME_RATE:.1f} s long; it is played on and on: "
            f"{SHORTEST_LOOP // FRAME_RATE} s are the least, 10 or more look better"
        )


def gaps_of(numbers: list[int], frames: int) -> list[Span]:
    """Where between the frames `numbers` there are others; raises BadWeights for a gap of more than LONGEST_GAP."""
    gaps = [Span(before + 1, after - 1) for before, after in pairwise([-1, *numbers, frames]) if after - before > 1]
    if too_long := [gap for gap in gaps if gap.last - gap.first + 1 > LONGEST_GAP]:
        raise BadWeights(f"footage: no face at {', '.join(map(str, too_long))}; cut that out, or give a clip that shows it")
    return gaps


def bridge(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put straight lines through the frames (T, 68, 2) that are NaN; at the ends the nearest frame stays."""
    seen = np.flatnonzero(~np.isnan(landmarks[:, 0, 0]))
    flat = landmarks.reshape(len(landmarks), -1)
    time = np.arange(len(landmarks))
    bridged = np.stack([np.interp(time, seen, column[seen]) for column in flat.T], axis=1)
    return bridged.reshape(landmarks.shape)


def smooth(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take trembling out without delay (Savitzky & Golay, 1964); a clip shorter than the filter is left as it is."""
    if len(landmarks) < SMOOTHING_FRAMES:
        return landmarks
    calmed: NDArray[np.float64] = savgol_filter(landmarks, SMOOTHING_FRAMES, SMOOTHING_DEGREE, axis=0, mode="interp")
    return calmed
