"""The face through a clip: looked for now and then, followed in between, doubtful frames bridged, trembling taken out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from steps.dlib.measures import LANDMARKS
from steps.dlib.predictor import Box, FaceFinder, Grey
from steps.errors import BadWeights
from steps.handover import FRAME_RATE

__all__ = ["Track", "bridge", "follow", "smooth"]

SIGHTING_EVERY = 10
"""Frames from one look at the whole picture to the next while the face is in view; in between it is looked for where it was."""
LONGEST_GAP = FRAME_RATE
"""Frames. A face that is away for longer has not moved in a straight line meanwhile."""
SMOOTHING_FRAMES, SMOOTHING_DEGREE = 5, 2
"""A blink is seven frames: a wider or stiffer filter would flatten it."""

UNSEEN = np.full((LANDMARKS, 2), np.nan)


@dataclass(frozen=True)
class Track:
    landmarks: NDArray[np.float32]
    """(T, 68, 2) pixels of the frame."""
    bridged: int
    """Frames in which no face was seen."""


def follow(frames: Iterable[tuple[Grey, Grey]], finder: FaceFinder, advance: Callable[[int], None]) -> Track:
    """Find one face's landmarks in every frame. `frames` gives each frame and its enlargement, see `footage.decoded`.

    Raises BadWeights for a clip without a face, with two, or without one for longer than LONGEST_GAP.
    """
    seen: list[NDArray[np.float64]] = []
    box: Box | None = None
    for number, (frame, enlarged) in enumerate(frames):
        if box is None or number % SIGHTING_EVERY == 0 or not finder.sees_face_at(frame, box):
            box = sighting(finder.faces(frame), number)
        seen.append(UNSEEN if box is None else finder.landmarks(enlarged, box))
        if box is not None and number > 0 and seen[-2] is not UNSEEN:
            box = box.following(seen[-2], seen[-1])
        advance(1)
    return finished(seen)


def sighting(faces: list[Box], number: int) -> Box | None:
    if len(faces) > 1:
        raise BadWeights(
            f"footage: {len(faces)} faces at {number / FRAME_RATE:.1f} s; the presenter must be alone in the picture"
        )
    return faces[0] if faces else None


def finished(seen: list[NDArray[np.float64]]) -> Track:
    landmarks = np.array(seen).reshape(-1, LANDMARKS, 2)
    unseen = np.isnan(landmarks[:, 0, 0])
    if unseen.all():
        raise BadWeights(
            "footage: no face in any frame; dlib's detector wants one that looks toward the camera, 80 pixels or wider"
        )
    return Track(smooth(bridge(landmarks)).astype(np.float32), int(unseen.sum()))


def bridge(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put straight lines through the frames that are NaN; raises BadWeights for a gap that is too long for that."""
    seen = np.flatnonzero(~np.isnan(landmarks[:, 0, 0]))
    edges = np.concatenate([[-1], seen, [len(landmarks)]])
    gaps = np.diff(edges) - 1
    if gaps.max() > LONGEST_GAP:
        start = (edges[gaps.argmax()] + 1) / FRAME_RATE
        raise BadWeights(f"footage: no face for {gaps.max() / FRAME_RATE:.1f} s from {start:.1f} s on; cut that part out")
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
