"""The presenter's landmarks in every frame of a clip: gaps interpolated, jitter smoothed, cuts detected.

A cut is where the background changes from one frame to the next, or the face jumps. Movement is distinguished from it by the
frames around: a camera that pans or a head that turns moves before and after as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights
from steps.dlib.people import MAX_GAP, Span, find_presenter_track, track_people
from steps.dlib.predictor import LANDMARKS, FaceFinder, GrayImage, eye_distance

STEADY_POINTS = [27, 28, 36, 39, 42, 45]
"""Root of the nose and corners of the eyes, which neither speech nor blinks move."""
MIN_BACKGROUND_CHANGE = 12.0
"""Mean difference of thumbnails, grey levels. A presenter who speaks changes it by 1."""
MIN_FACE_SPEED = 0.12
"""Eye distances a frame; 0.12 is a third of a metre in a tenth of a second. A speaker moves by 0.01."""
OUTLIER_FACTOR = 5.0
"""Factor above the median of the surrounding quarter of a second."""
OUTLIER_WINDOW = 7


def find_cuts(numbers: Sequence[int], landmarks: NDArray[np.float64], thumbnails: NDArray[np.float32]) -> list[int]:
    """The first frame after each cut.

    `numbers` are the frames in which the presenter is seen, in order, with `landmarks` (N, 68, 2); `thumbnails` (T, 20, 20) are
    those of all frames. Two frames with a gap between them are compared with each other: nothing within a gap is a cut.
    """
    if len(numbers) < 2:
        return []
    gap = np.diff(numbers)
    seen = thumbnails[np.asarray(numbers)]
    change = np.abs(np.diff(seen, axis=0)).mean(axis=(1, 2))
    steps = np.linalg.norm(np.diff(landmarks[:, STEADY_POINTS], axis=0), axis=2)
    speed = np.median(steps, axis=1) / np.maximum(eye_distance(landmarks)[1:], 1e-9) / gap
    cut = is_outlier(change, MIN_BACKGROUND_CHANGE) | is_outlier(speed, MIN_FACE_SPEED)
    return [numbers[index + 1] for index in np.flatnonzero(cut).tolist()]


def is_outlier(values: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    """Mask of values (N,) of at least `least` and OUTLIER_FACTOR times the median of the values around them."""
    bordered = np.pad(np.asarray(values, np.float64), OUTLIER_WINDOW, constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(bordered, 2 * OUTLIER_WINDOW + 1).copy()
    around[:, OUTLIER_WINDOW] = np.nan
    with np.errstate(all="ignore"):
        usual = np.nan_to_num(np.array([np.nanmedian(row) if np.isfinite(row).any() else 0.0 for row in around]))
    return np.asarray((values >= least) & (values >= OUTLIER_FACTOR * usual))


SMOOTHING_FRAMES, SMOOTHING_DEGREE = 5, 2
"""A blink takes seven frames: a wider or stiffer filter would flatten it."""
MIN_LOOP_FRAMES = 2 * FRAME_RATE
"""A shorter loop would be seen to repeat."""


@dataclass(frozen=True)
class Track:
    landmarks: NDArray[np.float32]
    """(T, 68, 2) pixels of the frame."""
    gaps: tuple[Span, ...] = ()
    """Where no face was seen: interpolated linearly."""
    cuts: tuple[int, ...] = ()
    """The first frame after each cut; nothing is smoothed or interpolated across it."""
    bystanders: tuple[Span, ...] = ()
    """When another person was in the picture."""

    @property
    def missing(self) -> int:
        """Frames in which no face was seen."""
        return sum(gap.last - gap.first + 1 for gap in self.gaps)

    @property
    def takes(self) -> list[Span]:
        """The clip from cut to cut."""
        return [Span(first, after - 1) for first, after in pairwise([0, *self.cuts, len(self.landmarks)])]


def track_presenter(
    frames: Iterable[tuple[GrayImage, GrayImage]], finder: FaceFinder, advance: Callable[[int], None] = lambda _: None
) -> Track:
    """The presenter's landmarks in every frame. `frames`: each frame and its enlargement, see `decode_presenter_footage`.

    Raises BadWeights for a clip without a face, with two that might be the presenter's, or without one for longer than MAX_GAP.
    Cuts and other people are reported, not refused, since a net can be trained across them; see `require_loopable`.
    """
    clip = track_people(frames, finder, advance)
    appearances, bystanders = find_presenter_track(clip.people, clip.side)
    seen = dict(chain.from_iterable(person.seen.items() for person in appearances))
    numbers = sorted(seen)
    found = np.stack([seen[number] for number in numbers])
    cuts = find_cuts(numbers, found, clip.thumbnails)
    gaps = find_gaps(numbers, len(clip.thumbnails))
    landmarks = np.full((len(clip.thumbnails), LANDMARKS, 2), np.nan)
    landmarks[numbers] = found
    takes = pairwise([0, *cuts, len(landmarks)])
    smoothed = np.concatenate([smooth_landmarks(interpolate_gaps(landmarks[first:after])) for first, after in takes])
    return Track(smoothed.astype(np.float32), tuple(gaps), tuple(cuts), tuple(bystanders))


def require_loopable(track: Track) -> None:
    """Raises BadWeights for a clip that has cuts or is too short to be played in a loop."""
    if track.cuts:
        times = ", ".join(f"{cut / FRAME_RATE:.1f} s" for cut in track.cuts)
        longest = max(track.takes, key=lambda take: take.last - take.first)
        raise BadWeights(f"footage: a cut at {times}; footage must be one take: keep {longest}, the longest")
    if len(track.landmarks) < MIN_LOOP_FRAMES:
        raise BadWeights(
            f"footage: {len(track.landmarks) / FRAME_RATE:.1f} s long; it is played in a loop: "
            f"{MIN_LOOP_FRAMES // FRAME_RATE} s at least, 10 or more look better"
        )


def find_gaps(numbers: list[int], frames: int) -> list[Span]:
    """Spans between the frames `numbers`; raises BadWeights for one of more than MAX_GAP."""
    gaps = [Span(before + 1, after - 1) for before, after in pairwise([-1, *numbers, frames]) if after - before > 1]
    if too_long := [gap for gap in gaps if gap.last - gap.first + 1 > MAX_GAP]:
        raise BadWeights(f"footage: no face at {', '.join(map(str, too_long))}; cut that out, or use a clip that shows it")
    return gaps


def interpolate_gaps(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Interpolate landmarks (T, 68, 2) linearly where they are NaN; at both ends the nearest frame is repeated."""
    seen = np.flatnonzero(~np.isnan(landmarks[:, 0, 0]))
    flat = landmarks.reshape(len(landmarks), -1)
    time = np.arange(len(landmarks))
    bridged = np.stack([np.interp(time, seen, column[seen]) for column in flat.T], axis=1)
    return bridged.reshape(landmarks.shape)


def smooth_landmarks(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth without delay (Savitzky & Golay, 1964); a clip shorter than the filter is returned unchanged."""
    if len(landmarks) < SMOOTHING_FRAMES:
        return landmarks
    smoothed: NDArray[np.float64] = savgol_filter(landmarks, SMOOTHING_FRAMES, SMOOTHING_DEGREE, axis=0, mode="interp")
    return smoothed
