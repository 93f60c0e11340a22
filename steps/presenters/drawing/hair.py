"""Hair: a shoulder-length bob, parted at one side; strands run between the hairline and the silhouette."""

import numpy as np

from steps.presenters.drawing import palette
from steps.presenters.drawing.canvas import Canvas, Light, curve, mix
from steps.presenters.drawing.face import Points
from steps.presenters.drawing.head import Head

__all__ = ["draw_hair_behind", "draw_hair_in_front"]

# Each point: x, y, z and how much of the head's turn it follows.
Path = tuple[tuple[float, float, float, float], ...]

SILHOUETTE_LEFT: Path = (
    (-0.20, -1.17, -0.35, 1.0), (-0.52, -1.08, -0.45, 1.0), (-0.80, -0.80, -0.55, 1.0), (-0.95, -0.36, -0.60, 1.0),
    (-0.99, 0.12, -0.62, 0.95), (-1.00, 0.58, -0.62, 0.8), (-0.99, 1.00, -0.60, 0.6), (-0.90, 1.34, -0.58, 0.5),
    (-0.66, 1.54, -0.55, 0.4),
)  # fmt: skip
SILHOUETTE_RIGHT: Path = (
    (-0.20, -1.17, -0.35, 1.0), (0.15, -1.20, -0.40, 1.0), (0.55, -1.07, -0.45, 1.0), (0.84, -0.76, -0.52, 1.0),
    (0.98, -0.32, -0.56, 1.0), (1.02, 0.14, -0.58, 0.95), (1.02, 0.60, -0.56, 0.85), (0.99, 1.00, -0.52, 0.65), (0.88, 1.33, -0.48, 0.5),
    (0.62, 1.54, -0.45, 0.4),
)  # fmt: skip
FRINGE_RIGHT: Path = (
    (-0.22, -0.80, 0.0, 1.0), (0.02, -0.70, 0.06, 1.0), (0.30, -0.60, 0.05, 1.0), (0.52, -0.42, -0.05, 1.0), (0.64, -0.16, -0.2, 1.0),
    (0.69, 0.14, -0.3, 1.0), (0.70, 0.46, -0.36, 0.95), (0.72, 0.78, -0.40, 0.8), (0.72, 1.10, -0.42, 0.6), (0.60, 1.46, -0.42, 0.4),
)  # fmt: skip
FRINGE_LEFT: Path = (
    (-0.22, -0.80, 0.0, 1.0), (-0.36, -0.66, -0.02, 1.0), (-0.50, -0.50, -0.12, 1.0), (-0.61, -0.28, -0.28, 1.0),
    (-0.68, -0.08, -0.45, 1.0), (-0.76, 0.06, -0.62, 1.0), (-0.85, 0.30, -0.66, 0.95), (-0.86, 0.70, -0.64, 0.8), (-0.80, 1.10, -0.6, 0.6),
)  # fmt: skip


def path(head: Head, points: Path) -> Points:
    table = np.array(points)
    return curve(head.hanging(table[:, :3], table[:, 3]), 6)


def draw_hair_behind(canvas: Canvas, head: Head) -> None:
    left, right = path(head, SILHOUETTE_LEFT), path(head, SILHOUETTE_RIGHT)
    outline = np.vstack([left[::-1], right])
    canvas.fill(outline, palette.HAIR_DARK)


def draw_hair_in_front(canvas: Canvas, head: Head) -> None:
    for fringe, silhouette in ((FRINGE_LEFT, SILHOUETTE_LEFT), (FRINGE_RIGHT, SILHOUETTE_RIGHT)):
        inner, outer = path(head, fringe), path(head, silhouette)
        draw_sweep(canvas, head, inner, resample(outer, len(inner)))


def resample(line: Points, count: int) -> Points:
    place = np.linspace(0, len(line) - 1, count)
    return np.stack([np.interp(place, range(len(line)), line[:, axis]) for axis in (0, 1)], 1)


def draw_sweep(canvas: Canvas, head: Head, inner: Points, outer: Points) -> None:
    """A mass of hair between two curves, both from the parting to the tips."""
    u = head.unit
    outline = np.vstack([inner, outer[::-1]])
    light = Light(head.size, palette.HAIR)
    count = len(inner)
    edge = slice(0, count)
    light.tint(np.vstack([inner[edge], (inner + 0.25 * (outer - inner))[::-1]]), palette.HAIR_DARK, 0.7, 0.06 * u)
    light.tint(np.vstack([outer, (outer + 0.12 * (inner - outer))[::-1]]), palette.HAIR_DARK, 0.6, 0.05 * u)
    low, high = int(0.17 * count), int(0.40 * count)
    band = np.vstack([inner[low:high] * 0.72 + outer[low:high] * 0.28, (inner[low:high] * 0.22 + outer[low:high] * 0.78)[::-1]])
    light.tint(band, palette.HAIR_LIGHT, 0.95, 0.07 * u)
    with canvas.inside(outline) as layer:
        layer.cover(light)
        for share, tone in zip(np.linspace(0.06, 0.94, 12), np.array([0, 3, 1, 4, 2, 0, 3, 1, 5, 2, 4, 0]), strict=True):
            strand = inner + (outer - inner) * (share + 0.03 * np.sin(np.linspace(0, 5, count) + 7 * share))[:, None]
            begin, end = int(tone * 0.04 * count), count - int((5 - tone) * 0.05 * count)
            widths = 0.022 * u * np.sin(np.pi * np.linspace(0.02, 0.98, end - begin))
            colour = mix(palette.HAIR_DARK, palette.HAIR_LIGHT, 0.15 if tone % 2 else 0.75)
            layer.stroke(strand[begin:end], widths, colour)
