"""A chart of coins: how much council tax rose, year by year, and how much it might have."""

import itertools
from pathlib import Path

import numpy as np
from PIL import ImageFont

from drawing.paint import HEIGHT, Canvas, Colour, Pen, across, curve, down

FONTS = Path(__file__).parents[2] / "steps" / "compose" / "fonts"
RISES = (("2022", 1.9), ("2023", 2.9), ("2024", 2.4), ("2025", 3.1), ("2026", 3.5))
PROPOSED = 5.0
FLOOR, A_PERCENT, COIN = 830, 112, 28
BRASS: tuple[Colour, Colour, Colour] = ((255, 222, 132), (240, 178, 74), (176, 108, 46))
SILVER: tuple[Colour, Colour, Colour] = ((214, 232, 244), (142, 178, 208), (80, 112, 152))


def council_tax() -> Canvas:
    canvas = Canvas(
        down(
            [
                (0, (18, 52, 86)),
                (520, (32, 100, 128)),
                (FLOOR, (66, 150, 160)),
                (FLOOR + 1, (30, 84, 110)),
                (HEIGHT, (12, 36, 64)),
            ]
        )
    )
    canvas.glow((150, 230, 220), 1180, 430, 820, 0.42)
    canvas.light(
        (160, 226, 226),
        lambda pen: [pen.polygon([(x, 0), (x + 190, 0), (x - 330, HEIGHT), (x - 620, HEIGHT)]) for x in (980, 1420, 1800)],
        strength=0.08,
        blur=14,
    )
    big, small = (ImageFont.truetype(FONTS / f"Roboto-{weight}.ttf", size) for weight, size in (("Black", 58), ("Bold", 32)))
    for percent in range(1, 6):
        y = FLOOR - percent * A_PERCENT
        canvas.fill((210, 240, 240), lambda pen, y=y: [pen.box(x, y, x + 15, y + 2) for x in range(240, 1720, 30)], opacity=0.35)
        canvas.write(f"{percent}%", small, 196, y, (206, 236, 236))
    canvas.write("Council tax rise a year", small, 168, 176, (232, 248, 246), "lm")
    for number, (year, rise) in enumerate(RISES):
        x, last = 390 + number * 285, number == len(RISES) - 1
        if last:
            might_have_been(canvas, x)
        stack(canvas, x, rise, BRASS if last else SILVER, seed=number)
        canvas.write(year, small, x, FLOOR + 76, (236, 248, 248))
        if last:
            canvas.write(f"{rise}%", big, x, FLOOR - rise * A_PERCENT - 68, (255, 238, 186))
        else:
            canvas.write(f"{rise}%", small, x, FLOOR - rise * A_PERCENT - 50, (224, 242, 244))
    canvas.glow((255, 214, 120), 390 + 4 * 285, FLOOR - 200, 300, 0.22)
    canvas.vignette(0.35)
    return canvas


def stack(canvas: Canvas, x: float, rise: float, metal: tuple[Colour, Colour, Colour], seed: int) -> None:
    """A pile of coins as high as the rise, each a little out of line, its shadow to the right."""
    light, middle, dark = metal
    top, wide, deep = FLOOR - rise * A_PERCENT, 88, 22
    canvas.fill(
        (6, 30, 54),
        lambda pen: pen.polygon([(x - 60, FLOOR + 16), (x + wide, FLOOR - 4), (x + 300, FLOOR + 66), (x + 140, FLOOR + 84)]),
        opacity=0.45,
        blur=12,
    )
    generator = np.random.default_rng(seed)
    edge = across([(x - wide, dark), (x - wide * 0.45, light), (x + wide * 0.1, middle), (x + wide, dark)])
    level = FLOOR + 8.0
    count = round((level - top) / COIN)
    thick = (level - top) / count  # so that the pile is exactly as high as its figure
    for _ in range(count):
        at = x + generator.uniform(-6, 6)

        def rim(pen: Pen, at: float = at, level: float = level) -> None:
            pen.oval(at, level, wide, deep)
            pen.box(at - wide, level - thick, at + wide, level)
            pen.oval(at, level - thick, wide, deep)

        canvas.fill(edge, rim)
        canvas.fill(
            dark,
            lambda pen, at=at, level=level: pen.line(
                curve(
                    [
                        (at - wide, level),
                        (at - wide * 0.7, level + deep * 0.7),
                        (at, level + deep),
                        (at + wide * 0.7, level + deep * 0.7),
                        (at + wide, level),
                    ]
                ),
                2.4,
            ),
            opacity=0.8,
        )
        level -= thick
    canvas.fill(light, lambda pen: pen.oval(at, top, wide, deep))
    canvas.fill(middle, lambda pen: pen.oval(at, top + 1, wide * 0.82, deep * 0.78))
    canvas.fill(light, lambda pen: pen.oval(at, top + 3, wide * 0.76, deep * 0.70), opacity=0.6)


def might_have_been(canvas: Canvas, x: float) -> None:
    """A dashed outline as high as the rise first proposed."""
    top, wide = FLOOR - PROPOSED * A_PERCENT, 100
    path = [(x - wide, FLOOR - 6), (x - wide, top), (x + wide, top), (x + wide, FLOOR - 6)]

    def dashes(pen: Pen) -> None:
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            length = np.hypot(x1 - x0, y1 - y0)
            for start in np.arange(0, length, 30):
                end = min(start + 17, length)
                pen.line([(x0 + (x1 - x0) * s / length, y0 + (y1 - y0) * s / length) for s in (start, end)], 5)

    canvas.fill((255, 236, 190), dashes, opacity=0.9)
    label = ImageFont.truetype(FONTS / "Roboto-Bold.ttf", 32)
    canvas.write("5% proposed", label, x, top - 34, (255, 238, 200))
