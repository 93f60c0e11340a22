"""Hair: a shoulder-length bob, parted at one side; strands run between the hairline and the silhouette."""

import numpy as np

from tools.presenter.drawing import palette
from tools.presenter.drawing.canvas import Canvas, Light, curve, mix
from tools.presenter.drawing.face import Head, Points

# Each point: x, y, z and how much of the head's turn it follows.
Path = tuple[tuple[float, float, float, float], ...]

SILHOUETTE_LEFT: Path = (
    (-0.20, -1.19, -0.35, 1.0), (-0.52, -1.11, -0.45, 1.0), (-0.80, -0.84, -0.55, 1.0), (-0.96, -0.40, -0.60, 1.0),
    (-1.00, 0.08, -0.62, 0.95), (-1.02, 0.52, -0.62, 0.8), (-1.05, 0.92, -0.60, 0.65), (-1.02, 1.22, -0.58, 0.55),
    (-0.88, 1.42, -0.55, 0.5), (-0.66, 1.48, -0.52, 0.45),
)  # fmt: skip
SILHOUETTE_RIGHT: Path = (
    (-0.20, -1.19, -0.35, 1.0), (0.15, -1.23, -0.40, 1.0), (0.55, -1.11, -0.45, 1.0), (0.85, -0.80, -0.52, 1.0),
    (1.00, -0.36, -0.56, 1.0), (1.04, 0.10, -0.58, 0.95), (1.05, 0.54, -0.56, 0.85), (1.07, 0.92, -0.52, 0.7),
    (1.02, 1.22, -0.48, 0.6), (0.86, 1.42, -0.45, 0.5), (0.62, 1.47, -0.42, 0.45),
)  # fmt: skip
FRINGE_RIGHT: Path = (
    (-0.24, -0.83, 0.0, 1.0), (0.0, -0.74, 0.06, 1.0), (0.28, -0.62, 0.05, 1.0), (0.50, -0.43, -0.05, 1.0),
    (0.63, -0.17, -0.2, 1.0), (0.68, 0.14, -0.3, 1.0), (0.67, 0.46, -0.36, 0.95), (0.66, 0.78, -0.40, 0.85),
    (0.70, 1.08, -0.42, 0.7), (0.70, 1.30, -0.42, 0.55), (0.58, 1.44, -0.42, 0.45),
)  # fmt: skip
FRINGE_LEFT: Path = (
    (-0.24, -0.83, 0.0, 1.0), (-0.40, -0.71, -0.02, 1.0), (-0.53, -0.53, -0.12, 1.0), (-0.62, -0.30, -0.28, 1.0),
    (-0.68, -0.09, -0.45, 1.0), (-0.75, 0.06, -0.60, 1.0), (-0.83, 0.28, -0.66, 0.95), (-0.84, 0.62, -0.64, 0.85),
    (-0.84, 0.96, -0.6, 0.65), (-0.80, 1.24, -0.58, 0.55), (-0.66, 1.46, -0.52, 0.45),
)  # fmt: skip
NAPE: Path = (
    (-0.66, 1.47, -0.52, 0.45), (-0.50, 1.40, -0.55, 0.45), (0.0, 1.30, -0.6, 0.45), (0.48, 1.39, -0.5, 0.45),
    (0.62, 1.46, -0.42, 0.45),
)  # fmt: skip


def hair_line(head: Head, points: Path) -> Points:
    table = np.array(points)
    return curve(head.hanging(table[:, :3], table[:, 3]), 6)


def draw_hair_behind(canvas: Canvas, head: Head) -> None:
    """The hair behind face and neck: in shadow, a little lighter toward the outside."""
    left, right, nape = (hair_line(head, points) for points in (SILHOUETTE_LEFT, SILHOUETTE_RIGHT, NAPE))
    outline = np.vstack([left[::-1], right, nape[::-1]])
    light = Light(head.size, palette.HAIR_DARK)
    for edge in (left, right):
        inward = edge + 0.28 * (outline.mean(0) - edge)
        light.tint(np.vstack([edge, inward[::-1]]), palette.HAIR, 0.8, 0.08 * head.unit)
    with canvas.inside(outline) as layer:
        layer.cover(light)


def draw_hair_in_front(canvas: Canvas, head: Head) -> None:
    for fringe, silhouette in ((FRINGE_LEFT, SILHOUETTE_LEFT), (FRINGE_RIGHT, SILHOUETTE_RIGHT)):
        inner, outer = hair_line(head, fringe), hair_line(head, silhouette)
        draw_lock(canvas, head, inner, resample(outer, len(inner)))


def resample(line: Points, count: int) -> Points:
    place = np.linspace(0, len(line) - 1, count)
    return np.stack([np.interp(place, range(len(line)), line[:, axis]) for axis in (0, 1)], 1)


def draw_lock(canvas: Canvas, head: Head, inner: Points, outer: Points) -> None:
    """A lock of hair between two curves from the parting to the tips."""
    u, count = head.unit, len(inner)

    def between(share: float, part: slice = slice(None)) -> Points:
        line: Points = inner[part] + share * (outer[part] - inner[part])
        return line

    light = Light(head.size, palette.HAIR)
    light.tint(np.vstack([inner, between(0.25)[::-1]]), palette.HAIR_DARK, 0.7, 0.06 * u)
    light.tint(np.vstack([outer, between(0.88)[::-1]]), palette.HAIR_DARK, 0.55, 0.05 * u)
    gleam = slice(int(0.16 * count), int(0.36 * count))
    light.tint(np.vstack([between(0.22, gleam), between(0.85, gleam)[::-1]]), palette.HAIR_LIGHT, 1.0, 0.07 * u)
    length = slice(int(0.45 * count), int(0.85 * count))
    light.tint(np.vstack([between(0.45, length), between(0.75, length)[::-1]]), palette.HAIR_LIGHT, 0.45, 0.06 * u)
    with canvas.inside(np.vstack([inner, outer[::-1]])) as layer:
        layer.cover(light)
        for share, tone in zip(np.linspace(0.06, 0.94, 12), (0, 3, 1, 4, 2, 0, 3, 1, 5, 2, 4, 0), strict=True):
            strand = inner + (outer - inner) * strand_position(share, count)
            begin, end = int(tone * 0.04 * count), count - int((5 - tone) * 0.05 * count)
            widths = 0.022 * u * np.sin(np.pi * np.linspace(0.02, 0.98, end - begin))
            colour = mix(palette.HAIR_DARK, palette.HAIR_LIGHT, 0.15 if tone % 2 else 0.75)
            layer.stroke(strand[begin:end], widths, colour)


def strand_position(share: float, count: int) -> Points:
    """Position of a strand between the two curves, (count, 1); no two are parallel."""
    line: Points = (share + 0.03 * np.sin(np.linspace(0, 5, count) + 7 * share))[:, None]
    return line
