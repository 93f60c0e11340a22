"""Trees and people that stand in several of the pictures."""

import numpy as np

from drawing.paint import Canvas, Colour, Pen, Point, curve


def tree(
    canvas: Canvas, x: float, foot: float, high: float, colours: tuple[Colour, Colour, Colour], seed: int, sun: float = 1.0
) -> None:
    """A leafy tree `high` pixels tall; colours are trunk, shade and light; `sun` is the side the light comes from (-1, 1)."""
    trunk, shade, light = colours
    generator = np.random.default_rng(seed)
    wide = high * 0.34
    top = foot - high * 0.62
    stem = [(x - high * 0.035, foot), (x - high * 0.018, top), (x + high * 0.018, top), (x + high * 0.035, foot)]
    canvas.fill(trunk, lambda pen: (pen.polygon(stem), pen.line([(x, foot - high * 0.34), (x + wide * 0.42, top)], high * 0.018)))
    angles = np.linspace(0, 2 * np.pi, 11, endpoint=False) + generator.uniform(0, 0.5)
    crown = [(x + np.cos(a) * wide * 0.62, top + np.sin(a) * high * 0.2, wide * generator.uniform(0.36, 0.48)) for a in angles]
    canvas.fill(shade, lambda pen: (pen.oval(x, top, wide * 0.8, high * 0.27), [pen.oval(*leaf) for leaf in crown]))
    lit = [
        (a + sun * wide * 0.03, b - high * 0.012, c * 0.80)
        for a, b, c in crown
        if (a - x) * sun > -wide * 0.35 and b < top + high * 0.12
    ]
    canvas.fill(light, lambda pen: [pen.oval(*leaf) for leaf in lit], opacity=0.75)


def person(pen: Pen, x: float, foot: float, high: float, *, stride: float = 0.5, turned: float = 1.0) -> None:
    """A walking figure in a coat; `turned` is the way it goes, -1 or 1."""
    h = high
    pen.oval(x + turned * h * 0.02, foot - h * 0.92, h * 0.072, h * 0.082)
    coat = [
        (x - h * 0.06, foot - h * 0.84),
        (x + h * 0.06, foot - h * 0.84),
        (x + h * 0.125, foot - h * 0.72),
        (x + h * 0.14, foot - h * 0.36),
    ]
    coat += [(x - h * 0.14, foot - h * 0.36), (x - h * 0.125, foot - h * 0.72)]
    pen.polygon(curve([*coat, coat[0]], 8))
    for side in (-1, 1):
        reach = side * stride * h * 0.17
        pen.line(
            [(x + side * h * 0.05, foot - h * 0.4), (x + reach * 0.8, foot - h * 0.2), (x + reach, foot - h * 0.01)], h * 0.075
        )
        pen.line([(x + reach, foot - h * 0.01), (x + reach + turned * h * 0.06, foot - h * 0.008)], h * 0.035)


def bird(pen: Pen, at: Point, wide: float) -> None:
    x, y = at
    pen.line(curve([(x - wide, y - wide * 0.32), (x - wide * 0.4, y - wide * 0.36), (x, y)], 10), wide * 0.10)
    pen.line(curve([(x, y), (x + wide * 0.4, y - wide * 0.36), (x + wide, y - wide * 0.32)], 10), wide * 0.10)


def cloud(canvas: Canvas, x: float, y: float, wide: float, colour: Colour, opacity: float, seed: int) -> None:
    """A heap cloud with a flat foot, `wide` from end to end."""
    generator = np.random.default_rng(seed)
    puffs = []
    for at in np.linspace(-0.42, 0.42, 9):
        high = wide * (0.05 + 0.12 * (1 - (at / 0.5) ** 2)) * generator.uniform(0.7, 1.15)
        puffs.append((x + at * wide, y - high * 0.55, high))

    def draw(pen: Pen) -> None:
        for a, b, size in puffs:
            pen.oval(a, b, size)
        pen.box(x - wide / 2, y - wide * 0.012, x + wide / 2, y + wide * 0.05, wide * 0.03)
        pen.box(x - wide, y + wide * 0.045, x + wide, y + wide, value=0)

    canvas.fill(colour, draw, opacity=opacity, blur=2)
