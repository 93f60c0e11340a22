"""Is this still the face that was there, is this still the place? Cheap answers that save dlib's detector most of its work."""

import numpy as np
from numpy.typing import NDArray

from steps.dlib.predictor import Grey

__all__ = ["SAME_FACE", "Look", "look_of", "thumbnail"]

Look = NDArray[np.float64]
"""A face's look: grey values on a grid that goes with the face, mean 0 and norm 1; all 0 where there is nothing to see."""

SAME_FACE = 0.8
"""Correlation of two looks from which on they are the same face: 0.9 while it moves and speaks, 0.5 in a blink, 0.3 on a wall."""

EYES = slice(36, 42), slice(42, 48)
ACROSS, DOWN = np.meshgrid(np.linspace(-0.9, 0.9, 20), np.linspace(-0.5, 1.6, 20))
GRID = (ACROSS + 1j * DOWN).ravel()
"""Brows to chin, ear to ear, in distances between the middles of the eyes."""
FLAT = 3.0
"""Grey levels: a patch that varies less shows nothing."""
THUMBNAIL = 20


def look_of(frame: Grey, landmarks: NDArray[np.float64]) -> Look:
    """The look of the face whose landmarks (68, 2) are given, in a frame (H, W); turns and sizes of the head fall out."""
    left, right = (landmarks[eye].mean(axis=0) @ [1, 1j] for eye in EYES)
    points = (left + right) / 2 + (right - left) * GRID
    rows = np.clip(np.rint(points.imag), 0, frame.shape[0] - 1).astype(np.intp)
    columns = np.clip(np.rint(points.real), 0, frame.shape[1] - 1).astype(np.intp)
    values = frame[rows, columns].astype(np.float64)
    values -= values.mean()
    norm = float(np.linalg.norm(values))
    return values / norm if norm > FLAT * np.sqrt(values.size) else np.zeros_like(values)


def thumbnail(frame: Grey) -> NDArray[np.float32]:
    """The place in the smallest: means of THUMBNAIL x THUMBNAIL blocks of a frame (H, W), without its brightness."""
    height, width = (side // THUMBNAIL * THUMBNAIL for side in frame.shape)
    blocks = frame[:height, :width].reshape(THUMBNAIL, height // THUMBNAIL, THUMBNAIL, width // THUMBNAIL)
    means = blocks.mean(axis=(1, 3), dtype=np.float32)
    return np.asarray(means - means.mean(), np.float32)
