"""Landmarks drawn as a face-edge picture: what the generator is given, 3 channels as in the published `label_nc 0, no_instance`.

Parts have colours of their own, and what opens is filled, so that a mouth open by half a pixel differs from a closed one. Lines
are anti-aliased at a sixteenth of a pixel: a landmark that moves slowly moves its line slowly, and the picture does not flicker.
Beside the 68 points stand the presenter's own still lines (shoulders, neckline) and the vault of the head above the jaw.

Order of the points: Sagonas et al., "300 Faces in-the-Wild Challenge", 2013.
"""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Polylines", "Size", "draw_edges"]

Size: TypeAlias = int | tuple[int, int]
"""Of a frame, in pixels: the side of a square, or width and height."""

Polylines: TypeAlias = Sequence[Sequence[tuple[float, float]]]
"""Lines of a presenter that keep still, in pixels of its frame."""
Colour: TypeAlias = tuple[int, int, int]

FRACTION_BITS = 4
"""OpenCV draws at fixed-point positions."""

BODY, VAULT, JAW = (0, 0, 160), (0, 110, 0), (0, 190, 60)
BROW, NOSE = (200, 120, 0), (120, 120, 120)
EYE, EYE_INSIDE, PUPIL = (0, 220, 220), (0, 90, 255), (255, 255, 0)
LIPS, LIPS_INSIDE, MOUTH, MOUTH_INSIDE = (255, 60, 160), (110, 0, 60), (255, 255, 255), (255, 200, 0)

VAULT_HEIGHT = 1.3
"""Of half the head's width."""

LINES: tuple[tuple[range, Colour], ...] = (
    (range(0, 17), JAW),
    (range(17, 22), BROW),
    (range(22, 27), BROW),
    (range(27, 31), NOSE),
    (range(31, 36), NOSE),
)
EYES = (slice(36, 42), slice(42, 48))
PUPIL_RADIUS = 0.13
"""Of the eye's width; less where the lids are closer."""
OPENINGS: tuple[tuple[range, Colour, Colour], ...] = (
    (range(36, 42), EYE_INSIDE, EYE),
    (range(42, 48), EYE_INSIDE, EYE),
    (range(48, 60), LIPS_INSIDE, LIPS),
    (range(60, 68), MOUTH_INSIDE, MOUTH),
)


def draw_edges(landmarks: NDArray[np.floating], size: Size, body: Polylines = ()) -> NDArray[np.uint8]:
    """Draw landmarks (68, 2), pixels of a frame of `size`, as (height, width, 3) uint8 RGB."""
    width, height = (size, size) if isinstance(size, int) else size
    picture = np.zeros((height, width, 3), np.uint8)
    for line in body:
        polyline(picture, np.asarray(line), BODY)
    polyline(picture, vault(landmarks), VAULT)
    for part, colour in LINES:
        polyline(picture, landmarks[part.start : part.stop], colour)
    for part, inside, outline in OPENINGS:
        shape = fixed(landmarks[part.start : part.stop])
        cv2.fillPoly(picture, [shape], inside, cv2.LINE_AA, FRACTION_BITS)
        cv2.polylines(picture, [shape], True, outline, 1, cv2.LINE_AA, FRACTION_BITS)
    for eye in EYES:
        draw_pupil(picture, near_frame(landmarks[eye]))
    return picture


def draw_pupil(picture: NDArray[np.uint8], eye: NDArray[np.floating]) -> None:
    """A disc in the middle of an eye (6, 2): presenters look into the camera, and a generator guesses the place only roughly."""
    across = float(np.hypot(*(eye[3] - eye[0])))
    between_lids = float(np.hypot(*(eye[4:6].mean(0) - eye[1:3].mean(0))))
    radius = round(min(PUPIL_RADIUS * across, between_lids / 2) * (1 << FRACTION_BITS))
    x, y = fixed(eye.mean(0))
    cv2.circle(picture, (int(x), int(y)), radius, PUPIL, cv2.FILLED, cv2.LINE_AA, FRACTION_BITS)


def vault(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """Half an ellipse over the ends of the jaw's contour, (17, 2).

    Nothing is known above the brows; this says where the head is as it tilts and turns, and does not heed the open mouth.
    vid2vid's face edges (NVIDIA/vid2vid, data/face_dataset.py) complete the head in the same spirit.
    """
    left, right = near_frame(landmarks[0]), near_frame(landmarks[16])
    middle, along = (left + right) / 2, (right - left) / 2
    upward = np.array([along[1], -along[0]])
    turn = np.linspace(np.pi, 0, 17)[:, None]
    outline: NDArray[np.floating] = middle + np.cos(turn) * along + VAULT_HEIGHT * np.sin(turn) * upward
    return outline


def polyline(picture: NDArray[np.uint8], points: NDArray[np.floating], colour: Colour) -> None:
    cv2.polylines(picture, [fixed(points)], False, colour, 1, cv2.LINE_AA, FRACTION_BITS)


def fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    positions: NDArray[np.int32] = np.rint(near_frame(points) * (1 << FRACTION_BITS)).astype(np.int32)
    return positions


def near_frame(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Far-off and non-finite points, brought to where OpenCV's fixed-point arithmetic holds."""
    near: NDArray[np.floating] = np.clip(np.nan_to_num(points, nan=0.0), -4096, 8192)
    return near
