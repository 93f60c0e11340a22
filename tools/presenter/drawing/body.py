"""Shoulders, blazer and blouse: static, so they are drawn only once."""

from functools import lru_cache

import numpy as np

from tools.presenter.drawing import palette
from tools.presenter.drawing.canvas import Canvas, Colour, Light, curve, mix, offset
from tools.presenter.drawing.face import Points

SHOULDER = ((206, 243), (230, 256), (268, 267), (304, 280), (330, 300))
LAPEL = ((198, 238), (195, 256), (186, 284), (164, 330))
NECKLINE = ((190, 258), (178, 272), (160, 278))

BODY_LINES: tuple[tuple[tuple[float, float], ...], ...] = (
    tuple((320.0 - x, float(y)) for x, y in SHOULDER),
    tuple((float(x), float(y)) for x, y in SHOULDER),
    tuple((320.0 - x, float(y)) for x, y in LAPEL),
    tuple((float(x), float(y)) for x, y in LAPEL),
    tuple((320.0 - x, float(y)) for x, y in NECKLINE) + tuple((float(x), float(y)) for x, y in NECKLINE[-2::-1]),
)
"""Static lines, as polylines in pixels of a frame of 320: shoulders, lapels, neckline."""


def mirrored_lines(points: tuple[tuple[float, float], ...], scale: float) -> list[Points]:
    """A line and its mirror image, left first."""
    right = curve(np.array(points, float))
    return [np.stack([320 - right[:, 0], right[:, 1]], 1) * scale, right * scale]


def draw_body(canvas: Canvas, size: int) -> None:
    """Draw blazer and blouse over the neck."""
    for outline, colours in body_layers(size):
        with canvas.inside(outline) as layer:
            height, width = layer.image.shape[:2]
            layer.image[:] = colours[layer.top : layer.top + height, layer.left : layer.left + width]


@lru_cache(maxsize=2)
def body_layers(size: int) -> tuple[tuple[Points, np.ndarray], ...]:
    scale = size / 320
    shoulders, lapels, necklines = mirrored_lines(SHOULDER, scale), mirrored_lines(LAPEL, scale), mirrored_lines(NECKLINE, scale)
    floor = 340 * scale
    blouse = np.vstack(
        [lapels[0][10:14], necklines[0], necklines[1][::-1], lapels[1][10:14][::-1], [(230 * scale, floor), (90 * scale, floor)]]
    )
    light = Light(size, palette.BLOUSE)
    for lapel in lapels:
        light.tint(
            np.vstack([lapel, lapel[::-1] + offset((160 * scale - lapel[0, 0]) * 0.25, 0)]), palette.BLOUSE_SHADE, 0.9, 5 * scale
        )
    canvas = Canvas.blank(size, palette.BLOUSE)
    canvas.cover(light)
    layers = [(blouse, canvas.image)]
    for side, shoulder, lapel in ((-1, shoulders[0], lapels[0]), (1, shoulders[1], lapels[1])):
        outline = np.vstack([lapel[:1], shoulder, [(160 * scale + side * 200 * scale, floor)], lapel[::-1]])
        light = Light(size, palette.BLAZER)
        light.tint(
            np.vstack([shoulder, shoulder[::-1] + offset(0, 12 * scale)]),
            palette.BLAZER_LIGHT,
            0.85 if side < 0 else 0.45,
            6 * scale,
        )
        neck = np.array([(160 + side * 46, 246), (160 + side * 75, 262), (160 + side * 60, 290), (160 + side * 40, 262)]) * scale
        light.tint(neck, palette.BLAZER_DARK, 0.5, 7 * scale)
        canvas = Canvas.blank(size, palette.BLAZER)
        canvas.cover(light)
        draw_lapel(canvas, side, scale)
        layers.append((outline, canvas.image))
    return tuple(layers)


def draw_lapel(canvas: Canvas, side: int, scale: float) -> None:
    def at(*points: tuple[float, float]) -> Points:
        return np.array([(160 + side * x, y) for x, y in points]) * scale

    collar = at((38, 236), (46, 243), (63, 271), (46, 277), (35, 258))
    lapel = at((35, 258), (46, 277), (67, 280), (44, 310), (20, 345), (-4, 345), (20, 297))
    for outline, colour in ((lapel, mix(palette.BLAZER, palette.BLAZER_LIGHT, 0.45)), (collar, palette.BLAZER_LIGHT)):
        canvas.fill(outline + offset(1.6 * scale, 2.4 * scale), palette.BLAZER_DARK)
        canvas.fill(outline, shade_side(colour, side))


def shade_side(colour: Colour, side: int) -> Colour:
    """The side away from the light is darker."""
    red, green, blue = (part * (1.0 if side < 0 else 0.9) for part in colour)
    return red, green, blue
