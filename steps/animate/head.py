"""The presenter's own head movement, blinks and brows, from footage at rest, looped to any length.

A face in the picture is an array of complex numbers x + iy, so that a similarity (scale, rotation, translation) is `a z + b`.
The mouth of the footage is closed, since speech is added to it: lips that are apart in it would never meet.
"""

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights
from steps.animate.visemes import Visemes

Points = NDArray[np.complex128]

RIGID_POINTS = np.array([27, 28, 36, 39, 42, 45])
"""Root of the nose and corners of the eyes, which neither speech nor expression moves and which have about the same depth."""
LID_POINTS = np.array([[37, 41], [38, 40], [43, 47], [44, 46]])
"""Pairs of points on the upper and the lower lid."""
EYES = slice(36, 48)
MIN_FOOTAGE_SECONDS = 2
"""Least length of footage that can be looped."""
CROSSFADE_SECONDS = 0.5
"""The end of the footage is blended into its beginning over this time."""
POSE_SIGMA = 2.0
"""Frames. Detected landmarks jitter: they are smoothed with a Gaussian of this width, about as fast as heads and brows move."""
EYE_SIGMA = 0.6
"""The same for the eyes: a blink lasts 4 frames and must be preserved."""
EASE_SECONDS = 0.5
"""Every scene starts and ends in the home pose, so that any cut fits; the head moves from and to it in this time."""


@dataclass(frozen=True)
class Footage:
    """Output of the step `dlib`: landmarks (frames, 68, 2) in pixels of a `size` x `size` picture."""

    landmarks: NDArray[np.float64]
    size: int


@dataclass(frozen=True)
class HeadLoop:
    """A loop of the footage: pose `a z + b` and shape in the head's coordinates, frame by frame, and the home pose."""

    scale: Points
    """(loop,) `a`: scale in pixels a unit, and rotation of the head."""
    shift: Points
    """(loop,) `b`: position of the head's origin, pixels."""
    shape: Points
    """(loop, 68) the face in the head's coordinates."""
    home: tuple[complex, complex, Points]
    """Scale, shift and shape (68,) at the start and end of every scene, eyes open."""

    @property
    def frames(self) -> int:
        return len(self.scale)


@dataclass(frozen=True)
class HeadMotion:
    """Pose and shape in every frame of a scene, before speech is added; fields as in HeadLoop."""

    scale: Points
    shift: Points
    shape: Points


def load_footage(path: Path) -> Footage:
    """Read `footage/landmarks.npz`; raises BadWeights if the footage cannot be looped."""
    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks = np.asarray(file["landmarks"], dtype=np.float64)
            size, frame_rate = int(file["size"]), int(file["frame_rate"])
    except (KeyError, ValueError, zipfile.BadZipFile) as fault:
        raise BadWeights(f"{path}: not the landmarks of footage ({fault})") from fault
    if landmarks.ndim != 3 or landmarks.shape[1:] != (68, 2) or not np.isfinite(landmarks).all():
        raise BadWeights(f"{path}: {landmarks.shape} is not a face of 68 finite points a frame")
    if len(landmarks) < MIN_FOOTAGE_SECONDS * FRAME_RATE:
        raise BadWeights(
            f"{path}: the presenter's footage has {len(landmarks)} frames; {MIN_FOOTAGE_SECONDS} s at least are needed"
        )
    if frame_rate != FRAME_RATE:
        raise BadWeights(f"{path}: the presenter's footage has {frame_rate} frames a second, not {FRAME_RATE}")
    return Footage(landmarks, size)


def complex_points(points: NDArray[np.floating]) -> Points:
    """(..., 2) to (...)."""
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def real_points(points: Points) -> NDArray[np.float64]:
    """(...) to (..., 2)."""
    return np.stack([points.real, points.imag], axis=-1)


def in_head_frame(faces: Points) -> Points:
    """Faces (frames, 68) made upright, with the midpoint of the outer eye corners as origin and their distance as unit."""
    left, right = faces[:, 36, None], faces[:, 45, None]
    return np.asarray((faces - (left + right) / 2) / (right - left))


def fit_pose(rest: Points, faces: Points) -> tuple[Points, Points]:
    """Least-squares similarities `a z + b` that map the rigid points of `rest` (68,) to those of `faces` (frames, 68)."""
    model, seen = rest[RIGID_POINTS], faces[:, RIGID_POINTS]
    centred = model - model.mean()
    scale = (seen * centred.conj()).sum(axis=1) / (np.abs(centred) ** 2).sum()
    return scale, seen.mean(axis=1) - scale * model.mean()


def head_loop(faces: Points, rest: Points) -> HeadLoop:
    """A seamless loop of detected landmarks (frames, 68)."""
    faces = crossfade_ends(faces)
    scale, shift = fit_pose(rest, faces)
    shape = (faces - shift[:, None]) / scale[:, None]
    scale, shift = smooth(scale, POSE_SIGMA), smooth(shift, POSE_SIGMA)
    eyes = smooth(shape[:, EYES], EYE_SIGMA)
    shape = smooth(shape, POSE_SIGMA)
    shape[:, EYES] = eyes
    median_shape = np.median(shape.real, axis=0) + 1j * np.median(shape.imag, axis=0)
    return HeadLoop(scale, shift, shape, (complex(scale.mean()), complex(shift.mean()), median_shape))


def crossfade_ends(faces: Points) -> Points:
    """Blend the end into the beginning; the loop is shorter by the crossfade."""
    fade = round(CROSSFADE_SECONDS * FRAME_RATE)
    rise = smoothstep(np.arange(1, fade + 1) / (fade + 1))[:, None]
    joined = (1 - rise) * faces[-fade:] + rise * faces[:fade]
    return np.concatenate([joined, faces[fade:-fade]])


def smooth(track: Points, sigma: float) -> Points:
    """Circular Gaussian filter of `sigma` frames along the first axis, by its transfer function."""
    frequency = np.fft.fftfreq(len(track))
    response = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    return np.asarray(np.fft.ifft(np.fft.fft(track, axis=0).T * response).T)


def smoothstep(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1 with zero slope at both ends (cubic Hermite)."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def play_loop(head: HeadLoop, frames: int, random: np.random.Generator) -> HeadMotion:
    """Play the loop for a scene from a random start, in the home pose in the first and the last frame."""
    played = (choose_start(head, frames, random) + np.arange(frames)) % head.frames
    weight = ease_in_and_out(frames)
    scale, shift, shape = head.home
    return HeadMotion(
        scale + weight * (head.scale[played] - scale),
        shift + weight * (head.shift[played] - shift),
        shape + weight[:, None] * (head.shape[played] - shape),
    )


def ease_in_and_out(frames: int) -> NDArray[np.float64]:
    """(frames,): 0 in the first and the last frame, 1 between."""
    from_edge = np.minimum(np.arange(frames), np.arange(frames)[::-1])
    return smoothstep(from_edge / (EASE_SECONDS * FRAME_RATE))


def choose_start(head: HeadLoop, frames: int, random: np.random.Generator) -> int:
    """A random start of the loop among those with the fewest blinks at the ends of the scene, where they would be cut short."""
    opening = np.abs(head.shape[:, LID_POINTS[:, 0]] - head.shape[:, LID_POINTS[:, 1]]).mean(axis=1)
    blinks = opening < 0.8 * np.median(opening)
    ends = np.flatnonzero(ease_in_and_out(frames) < 1)
    cut_blinks = blinks[(np.arange(head.frames)[:, None] + ends) % head.frames].sum(axis=1)
    return int(random.choice(np.flatnonzero(cut_blinks == cut_blinks.min())))


UPPER_LIP, LOWER_LIP = [61, 62, 63], [67, 66, 65]
"""Points of the inner edges, in pairs above each other."""
OPEN_VISEME = "AA"
MIN_OPENING = 0.05
"""Least opening of OPEN_VISEME in eye distances, whatever the bundle says."""


def lip_opening(shape: Points) -> NDArray[np.float64]:
    """Distance (...) between the inner lips of a face (..., 68) in the head's coordinates."""
    return np.asarray((shape[..., LOWER_LIP] - shape[..., UPPER_LIP]).imag.mean(axis=-1))


def close_mouth(head: HeadLoop, visemes: Visemes) -> HeadLoop:
    """Close lips and jaw, by the reverse of this mouth's open vowel, where the presenter breathes, talks or smiles.

    Lips that are as close as in `visemes.rest` stay unchanged.
    """
    rest, opening_offsets = complex_points(visemes.rest), complex_points(visemes.of(OPEN_VISEME))
    opens = max(float(lip_opening(opening_offsets)), MIN_OPENING)

    def closed(shape: Points) -> Points:
        share = np.maximum(lip_opening(shape) - lip_opening(rest), 0) / opens
        return np.asarray(shape - share[..., None] * opening_offsets)

    scale, shift, median_shape = head.home
    return replace(head, shape=closed(head.shape), home=(scale, shift, closed(median_shape)))
