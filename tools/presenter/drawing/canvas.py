"""Painting: smooth curves, anti-aliased shapes, tapered strokes, clipping, and soft light.

All coordinates are in pixels of the finished frame, with fractions; the canvas itself is supersampled and scaled down at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.presenter.drawing.face import Points

Colour: TypeAlias = tuple[float, float, float]
"""Red, green, blue; 0 to 255."""

SUPERSAMPLING = 2
FRACTION_BITS = 5
"""Of OpenCV's fixed-point polygon corners."""
LIGHT_CELL = 2
"""Frame pixels between the samples of a `Light`: soft gradients need no finer grid."""


def offset(x: float, y: float) -> Points:
    """A translation: `point + offset(2, 0)` lies two pixels to the right."""
    return np.array([x, y])


@lru_cache(maxsize=64)
def spline_weights(count: int, samples: int, closed: bool) -> Points:
    """Weights of a uniform Catmull-Rom spline, which is linear in its points: curve = weights @ points."""
    t = np.linspace(0, 1, samples, endpoint=False)[:, None]
    basis = 0.5 * np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3])
    spans = count if closed else count - 1
    weights = np.zeros((spans, samples, count))
    for span in range(spans):
        for column, neighbour in enumerate(range(span - 1, span + 3)):
            if closed or 0 <= neighbour < count:
                weights[span, :, neighbour % count] += basis[:, column]
            else:  # linear extrapolation at the ends: p[-1] = 2 p[0] - p[1]
                end, inner = (0, 1) if neighbour < 0 else (count - 1, count - 2)
                weights[span, :, end] += 2 * basis[:, column]
                weights[span, :, inner] -= basis[:, column]
    flat = weights.reshape(-1, count)
    if closed:
        return flat
    last = np.zeros((1, count))
    last[0, -1] = 1
    return np.vstack([flat, last])


def curve(points: Points, samples: int = 8) -> Points:
    """A smooth open curve through points (N, 2), ends included."""
    return spline_weights(len(points), samples, False) @ points


def loop(points: Points, samples: int = 8) -> Points:
    """A smooth closed curve through points (N, 2)."""
    return spline_weights(len(points), samples, True) @ points


def ribbon(path: Points, widths: Points) -> Points:
    """The outline of a stroke along a path (N, 2) of varying width: `widths` (N,) in pixels."""
    along = np.gradient(path, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / length[:, None] * widths[:, None] / 2
    return np.vstack([path + across, (path - across)[::-1]])


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` 0 is the first colour, 1 the other."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


class Light:
    """A colour that varies smoothly over the frame: a base colour, and tints blended onto it one by one."""

    def __init__(self, size: int, base: Colour) -> None:
        self.cells = size // LIGHT_CELL
        self.field = np.empty((self.cells, self.cells, 3), np.float32)
        self.field[:] = base

    def tint(self, outline: Points, colour: Colour, strength: float, blur: float) -> None:
        """Blend a colour over the shape `outline` (N, 2), its edge blurred by `blur` pixels (standard deviation)."""
        if strength <= 0.003:
            return
        margin = 3 * blur + LIGHT_CELL
        left, top = np.maximum((outline.min(0) - margin) // LIGHT_CELL, 0).astype(int)
        right, bottom = np.minimum((outline.max(0) + margin) // LIGHT_CELL + 1, self.cells).astype(int)
        if right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), np.float32)
        corners = to_fixed_point((outline - LIGHT_CELL * np.array([left, top])) / LIGHT_CELL)
        cv2.fillPoly(mask, [corners], (float(strength),), cv2.LINE_8, FRACTION_BITS)
        cv2.GaussianBlur(mask, (0, 0), blur / LIGHT_CELL, dst=mask)
        part = self.field[top:bottom, left:right]
        part += (np.array(colour, np.float32) - part) * mask[:, :, None]

    def spot(self, centre: Points, radii: tuple[float, float], colour: Colour, strength: float, angle: float = 0.0) -> None:
        """A soft round spot; `radii` in pixels, `angle` in radians."""
        turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        circle = np.stack([radii[0] * np.cos(turn), radii[1] * np.sin(turn)], 1)
        cosine, sine = np.cos(angle), np.sin(angle)
        self.tint(circle @ np.array([[cosine, sine], [-sine, cosine]]) + centre, colour, strength, min(radii) * 0.55)


def to_fixed_point(points: Points) -> NDArray[np.int32]:
    scaled: NDArray[np.int32] = np.rint((points - 0.5) * (1 << FRACTION_BITS)).astype(np.int32)
    return scaled


@dataclass(frozen=True)
class Canvas:
    """A picture being painted, or a part of one. `image` is (H, W, 3) uint8, SUPERSAMPLING times as large as the frame."""

    image: NDArray[np.uint8]
    left: int = 0
    top: int = 0

    @classmethod
    def blank(cls, size: int, colour: Colour) -> "Canvas":
        return cls(np.full((size * SUPERSAMPLING, size * SUPERSAMPLING, 3), colour, np.uint8))

    def corners(self, outline: Points) -> NDArray[np.int32]:
        return to_fixed_point(outline * SUPERSAMPLING - [self.left, self.top])

    def fill(self, outline: Points, colour: Colour) -> None:
        """Fill the shape `outline` (N, 2)."""
        cv2.fillPoly(self.image, [self.corners(outline)], colour, cv2.LINE_AA, FRACTION_BITS)

    def stroke(self, path: Points, widths: Points, colour: Colour) -> None:
        """A tapered line: `widths` (N,) in pixels along the path (N, 2)."""
        self.fill(ribbon(path, widths), colour)

    def cover(self, light: Light) -> None:
        """Paint everything in the light's colour."""
        side = light.cells * LIGHT_CELL * SUPERSAMPLING
        full = cv2.resize(light.field.astype(np.uint8), (side, side), interpolation=cv2.INTER_LINEAR)
        height, width = self.image.shape[:2]
        self.image[:] = full[self.top : self.top + height, self.left : self.left + width]

    @contextmanager
    def inside(self, outline: Points) -> Iterator["Canvas"]:
        """A canvas that shows only inside the shape `outline` (N, 2) once the block has ended."""
        height, width = self.image.shape[:2]
        corners = outline * SUPERSAMPLING - [self.left, self.top]
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, (width, height))
        if x1 <= x0 or y1 <= y0:
            yield Canvas(np.empty((1, 1, 3), np.uint8))
            return
        below = self.image[y0:y1, x0:x1]
        layer = Canvas(below.copy(), int(self.left + x0), int(self.top + y0))
        yield layer
        mask = np.zeros(below.shape[:2], np.uint8)
        cv2.fillPoly(mask, [layer.corners(outline)], 255, cv2.LINE_AA, FRACTION_BITS)
        weight = mask.astype(np.float32) / 255
        below[:] = cv2.blendLinear(layer.image, below, weight, 1 - weight)

    def finished(self) -> NDArray[np.uint8]:
        """The frame, (size, size, 3) uint8."""
        height, width = self.image.shape[:2]
        half = (width // SUPERSAMPLING, height // SUPERSAMPLING)
        return cv2.resize(self.image, half, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
