"""The generator's input: landmarks drawn as face edges (3 channels), or semantic labels (36 channels, as published).

Face edges are 3 channels as in the published `label_nc 0, no_instance`. Each part of the face has its own colour, and eyes and
mouth are filled, so that a mouth open by half a pixel differs from a closed one. Lines are anti-aliased at a sixteenth of a
pixel:
a landmark that moves slowly moves its line slowly, and the picture does not flicker. Besides the 68 landmarks the picture shows
the presenter's static lines (shoulders, neckline) and an arc for the top of the head.

Order of the landmarks: Sagonas et al., "300 Faces in-the-Wild Challenge", 2013. Labels: NVIDIA/pix2pixHD,
models/pix2pixHD_model.py, `encode_input` and `get_edges`.
"""

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Size: TypeAlias = int | tuple[int, int]
"""Size of a frame in pixels: the side of a square, or (width, height)."""

Polylines: TypeAlias = Sequence[Sequence[tuple[float, float]]]
"""Static lines of a presenter, in pixels of its frame."""
Colour: TypeAlias = tuple[int, int, int]

FRACTION_BITS = 4
"""Fractional bits of the fixed-point coordinates that OpenCV draws with."""

BODY, SKULL, JAW = (0, 0, 160), (0, 110, 0), (0, 190, 60)
BROW, NOSE = (200, 120, 0), (120, 120, 120)
EYE, EYE_INSIDE, PUPIL = (0, 220, 220), (0, 90, 255), (255, 255, 0)
LIPS, LIPS_INSIDE, MOUTH, MOUTH_INSIDE = (255, 60, 160), (110, 0, 60), (255, 255, 255), (255, 200, 0)

SKULL_HEIGHT = 1.3
"""Height of the arc, relative to half the width of the head."""

LINES: tuple[tuple[range, Colour], ...] = (
    (range(0, 17), JAW),
    (range(17, 22), BROW),
    (range(22, 27), BROW),
    (range(27, 31), NOSE),
    (range(31, 36), NOSE),
)
EYES = (slice(36, 42), slice(42, 48))
PUPIL_RADIUS = 0.13
"""Relative to the width of the eye; smaller where the lids are closer."""
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
        draw_polyline(picture, np.asarray(line), BODY)
    draw_polyline(picture, skull_arc(landmarks), SKULL)
    for part, colour in LINES:
        draw_polyline(picture, landmarks[part.start : part.stop], colour)
    for part, inside, outline in OPENINGS:
        shape = to_fixed_point(landmarks[part.start : part.stop])
        cv2.fillPoly(picture, [shape], inside, cv2.LINE_AA, FRACTION_BITS)
        cv2.polylines(picture, [shape], True, outline, 1, cv2.LINE_AA, FRACTION_BITS)
    for eye in EYES:
        draw_pupil(picture, clip_coordinates(landmarks[eye]))
    return picture


def draw_pupil(picture: NDArray[np.uint8], eye: NDArray[np.floating]) -> None:
    """A disc in the middle of an eye (6, 2): presenters look into the camera, and a generator places the pupil only roughly."""
    across = float(np.hypot(*(eye[3] - eye[0])))
    between_lids = float(np.hypot(*(eye[4:6].mean(0) - eye[1:3].mean(0))))
    radius = round(min(PUPIL_RADIUS * across, between_lids / 2) * (1 << FRACTION_BITS))
    x, y = to_fixed_point(eye.mean(0))
    cv2.circle(picture, (int(x), int(y)), radius, PUPIL, cv2.FILLED, cv2.LINE_AA, FRACTION_BITS)


def skull_arc(landmarks: NDArray[np.floating]) -> NDArray[np.floating]:
    """Half an ellipse over the ends of the jaw line, (17, 2).

    There are no landmarks above the brows; the arc follows tilt and turn of the head but not the open mouth. vid2vid's face edges
    (NVIDIA/vid2vid, data/face_dataset.py) complete the head in a similar way.
    """
    left, right = clip_coordinates(landmarks[0]), clip_coordinates(landmarks[16])
    middle, along = (left + right) / 2, (right - left) / 2
    upward = np.array([along[1], -along[0]])
    turn = np.linspace(np.pi, 0, 17)[:, None]
    outline: NDArray[np.floating] = middle + np.cos(turn) * along + SKULL_HEIGHT * np.sin(turn) * upward
    return outline


def draw_polyline(picture: NDArray[np.uint8], points: NDArray[np.floating], colour: Colour) -> None:
    cv2.polylines(picture, [to_fixed_point(points)], False, colour, 1, cv2.LINE_AA, FRACTION_BITS)


def to_fixed_point(points: NDArray[np.floating]) -> NDArray[np.int32]:
    positions: NDArray[np.int32] = np.rint(clip_coordinates(points) * (1 << FRACTION_BITS)).astype(np.int32)
    return positions


def clip_coordinates(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Clip far-off and non-finite points to the range of OpenCV's fixed-point arithmetic."""
    clipped: NDArray[np.floating] = np.clip(np.nan_to_num(points, nan=0.0), -4096, 8192)
    return clipped


LABELS = 35
"""Number of labels of Cityscapes, 0 (unlabelled) to 34."""


def encode_labels(labels: Tensor, instances: Tensor, count: int = LABELS) -> Tensor:
    """Label and instance numbers (N, H, W), integers, to the generator's input (N, count + 1, H, W) float32.

    Raises ValueError for a label outside 0 ... count - 1.
    """
    if labels.numel() and not 0 <= int(labels.min()) <= int(labels.max()) < count:
        raise ValueError(f"labels must lie in 0 ... {count - 1}, not {int(labels.min())} ... {int(labels.max())}")
    one_hot = torch.zeros(labels.shape[0], count, *labels.shape[1:])
    one_hot.scatter_(1, labels.long().unsqueeze(1), 1.0)
    return torch.cat([one_hot, instance_edges(instances).unsqueeze(1)], dim=1)


def instance_edges(instances: Tensor) -> Tensor:
    """1 where a pixel's neighbour to the left, right, above or below belongs to another instance: (N, H, W) float32."""
    edges = torch.zeros(instances.shape, dtype=torch.bool)
    across = instances[:, :, 1:] != instances[:, :, :-1]
    down = instances[:, 1:, :] != instances[:, :-1, :]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:, :] |= down
    edges[:, :-1, :] |= down
    return edges.float()
