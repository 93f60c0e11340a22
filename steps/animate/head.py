"""The presenter's own head movement, blinks and brows, from footage at rest to any length.

A face in the picture is written as complex numbers x + iy, so that a similarity (scale, turn, shift) is `a z + b`.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights

__all__ = [
    "Footage",
    "Head",
    "Performance",
    "Points",
    "complex_points",
    "ease_in_and_out",
    "fit_pose",
    "head_of",
    "in_head_frame",
    "load_footage",
    "perform",
    "real_points",
]

Points = NDArray[np.complex128]

STABLE = np.array([27, 28, 36, 39, 42, 45])
"""Root of the nose and corners of the eyes: what neither speech nor expression moves, and what is about equally deep."""
LIDS = np.array([[37, 41], [38, 40], [43, 47], [44, 46]])
"""Pairs of points on upper and lower lid."""
EYES = slice(36, 48)
SHORTEST = 2
"""Seconds of footage from which a head can be played."""
SEAM = 0.5
"""The end of the footage fades into its beginning over this long, seconds."""
STEADY = 2.0
"""Found landmarks tremble: they are smoothed with a Gaussian of this many frames, about as fast as heads and brows move."""
LIVELY = 0.6
"""The same for the eyes: a blink lasts 4 frames and must survive."""
EASE = 0.5
"""Every scene starts and ends with the head at home, so that any cut fits; it comes and goes within this, seconds."""


@dataclass(frozen=True)
class Footage:
    """What the dlib step found: landmarks (frames, 68, 2) in pixels of a `size` x `size` picture."""

    landmarks: NDArray[np.float64]
    size: int


@dataclass(frozen=True)
class Head:
    """A loop of the footage: pose `a z + b` and shape in the head's frame, frame by frame, and both at home."""

    scale: Points
    """(loop,) `a`: pixels a unit, and the turn of the head."""
    shift: Points
    """(loop,) `b`: where the head's origin lies, pixels."""
    shape: Points
    """(loop, 68) the face in the head's frame."""
    home: tuple[complex, complex, Points]
    """The pose and the shape (68,) between movements, eyes open."""

    @property
    def frames(self) -> int:
        return len(self.scale)


@dataclass(frozen=True)
class Performance:
    """A scene's pose and shape, frame by frame, before speech is added; fields as in Head."""

    scale: Points
    shift: Points
    shape: Points


def load_footage(path: Path) -> Footage:
    """Read `footage/landmarks.npz`; raises BadWeights where the footage cannot be played as it is."""
    try:
        with np.load(path, allow_pickle=False) as file:
            landmarks = np.asarray(file["landmarks"], dtype=np.float64)
            size, frame_rate = int(file["size"]), int(file["frame_rate"])
    except (KeyError, ValueError, zipfile.BadZipFile) as fault:
        raise BadWeights(f"{path}: not the landmarks of footage ({fault})") from fault
    if landmarks.ndim != 3 or landmarks.shape[1:] != (68, 2) or not np.isfinite(landmarks).all():
        raise BadWeights(f"{path}: {landmarks.shape} is not a face of 68 finite points a frame")
    if len(landmarks) < SHORTEST * FRAME_RATE:
        raise BadWeights(f"{path}: the presenter's footage has {len(landmarks)} frames; {SHORTEST} s at least are needed")
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
    """Faces (frames, 68) with the midpoint of the outer eye corners as origin, their distance as unit, upright."""
    left, right = faces[:, 36, None], faces[:, 45, None]
    return np.asarray((faces - (left + right) / 2) / (right - left))


def fit_pose(rest: Points, faces: Points) -> tuple[Points, Points]:
    """The similarities that carry the stable points of `rest` (68,) best onto `faces` (frames, 68), least squares."""
    model, seen = rest[STABLE], faces[:, STABLE]
    centred = model - model.mean()
    scale = (seen * centred.conj()).sum(axis=1) / (np.abs(centred) ** 2).sum()
    return scale, seen.mean(axis=1) - scale * model.mean()


def head_of(faces: Points, rest: Points) -> Head:
    """Make a seamless loop of found landmarks (frames, 68)."""
    faces = without_seam(faces)
    scale, shift = fit_pose(rest, faces)
    shape = (faces - shift[:, None]) / scale[:, None]
    scale, shift = smooth(scale, STEADY), smooth(shift, STEADY)
    eyes = smooth(shape[:, EYES], LIVELY)
    shape = smooth(shape, STEADY)
    shape[:, EYES] = eyes
    usual = np.median(shape.real, axis=0) + 1j * np.median(shape.imag, axis=0)
    return Head(scale, shift, shape, (complex(scale.mean()), complex(shift.mean()), usual))


def without_seam(faces: Points) -> Points:
    """Let the end fade into the beginning; the loop is shorter by the fade."""
    fade = round(SEAM * FRAME_RATE)
    rise = ramp(np.arange(1, fade + 1) / (fade + 1))[:, None]
    joined = (1 - rise) * faces[-fade:] + rise * faces[:fade]
    return np.concatenate([joined, faces[fade:-fade]])


def smooth(track: Points, sigma: float) -> Points:
    """A Gaussian of `sigma` frames along a loop's first axis, by its transfer function."""
    frequency = np.fft.fftfreq(len(track))
    response = np.exp(-2 * (np.pi * sigma * frequency) ** 2)
    return np.asarray(np.fft.ifft(np.fft.fft(track, axis=0).T * response).T)


def ramp(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 to 1 with a soft start and a soft end."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def perform(head: Head, frames: int, random: np.random.Generator) -> Performance:
    """Play the loop for a scene from a place drawn by `random`, at home in the first and the last frame."""
    played = (starting_place(head, frames, random) + np.arange(frames)) % head.frames
    away = ease_in_and_out(frames)
    scale, shift, shape = head.home
    return Performance(
        scale + away * (head.scale[played] - scale),
        shift + away * (head.shift[played] - shift),
        shape + away[:, None] * (head.shape[played] - shape),
    )


def ease_in_and_out(frames: int) -> NDArray[np.float64]:
    """0 in the first and the last frame, 1 between, (frames,)."""
    from_edge = np.minimum(np.arange(frames), np.arange(frames)[::-1])
    return ramp(from_edge / (EASE * FRAME_RATE))


def starting_place(head: Head, frames: int, random: np.random.Generator) -> int:
    """A frame of the loop from which as few blinks as possible fall into the scene's ends, where they would be cut short."""
    opening = np.abs(head.shape[:, LIDS[:, 0]] - head.shape[:, LIDS[:, 1]]).mean(axis=1)
    blinks = opening < 0.8 * np.median(opening)
    ends = np.flatnonzero(ease_in_and_out(frames) < 1)
    spoilt = blinks[(np.arange(head.frames)[:, None] + ends) % head.frames].sum(axis=1)
    return int(random.choice(np.flatnonzero(spoilt == spoilt.min())))
