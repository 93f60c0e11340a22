"""Late light on a river: hills, trees, an empty bench."""

import numpy as np

from drawing.figures import bird, cloud, tree
from drawing.paint import HEIGHT, WIDTH, Canvas, Pen, Point, curve, down, mixed

SKY_TOP, SKY, GLOW, GOLD = (70, 128, 170), (150, 196, 200), (255, 220, 160), (255, 190, 112)
HILLS = ((126, 164, 168), (98, 146, 136), (86, 138, 106), (98, 148, 84))


def park() -> Canvas:
    canvas = Canvas(down([(0, SKY_TOP), (260, SKY), (470, GLOW), (600, GOLD), (HEIGHT, GOLD)]))
    canvas.glow((255, 226, 150), 1380, 500, 640, 0.8)
    canvas.fill((255, 246, 214), lambda pen: pen.oval(1380, 468, 66))
    for number, (x, y, wide) in enumerate(((360, 210, 460), (900, 130, 340), (1660, 210, 380), (640, 340, 260))):
        cloud(canvas, x, y, wide, (255, 240, 220), 0.7, seed=number + 5)
    canvas.fill(
        (70, 84, 110),
        lambda pen: [bird(pen, at, wide) for at, wide in (((1090, 300), 22), ((1150, 276), 18), ((1046, 262), 15))],
        opacity=0.75,
    )
    hills(canvas)
    river(canvas)
    banks(canvas)
    bench(canvas)
    canvas.glow((255, 214, 140), 1380, 560, 1000, 0.20)
    canvas.vignette(0.32)
    return canvas


def hills(canvas: Canvas) -> None:
    ridges: tuple[list[Point], ...] = (
        [(-20, 560), (260, 470), (560, 540), (860, 450), (1200, 540), (1560, 470), (1940, 550)],
        [(-20, 600), (340, 548), (700, 606), (1120, 556), (1480, 600), (1940, 560)],
        [(-20, 640), (280, 628), (640, 596), (980, 648), (1380, 624), (1940, 640)],
    )
    for number, ridge in enumerate(ridges):
        outline = [*curve(ridge), (WIDTH + 20, HEIGHT), (-20, HEIGHT)]
        paint = down([(440 + number * 60, mixed(HILLS[number], GOLD, 0.28)), (720, HILLS[number])])
        canvas.fill(paint, lambda pen, outline=outline: pen.polygon(outline))
        canvas.glow((255, 214, 150), 1380, 560, 520, 0.18, flat=2)
    generator = np.random.default_rng(8)
    for _ in range(46):
        x = generator.uniform(0, WIDTH)
        if not 820 < x < 1160:
            tree(
                canvas,
                x,
                648 + generator.uniform(-6, 16),
                generator.uniform(46, 84),
                ((70, 70, 60), (62, 110, 92), (112, 148, 96)),
                int(x),
            )


def river(canvas: Canvas) -> None:
    """Water that winds from the hills towards us and holds the sky."""
    left = curve([(985, 640), (900, 668), (1010, 704), (1150, 750), (930, 832), (420, 930), (-40, 1010)])
    right = curve([(1010, 640), (960, 664), (1090, 694), (1340, 746), (1330, 850), (1010, 1010), (700, HEIGHT + 20)])
    body = [*left, (-40, HEIGHT + 20), *reversed(right)]
    paint = down([(640, (255, 222, 160)), (760, (226, 204, 172)), (900, (120, 176, 186)), (HEIGHT, (40, 104, 140))])
    land = down([(640, (128, 160, 88)), (800, (96, 140, 74)), (HEIGHT, (44, 86, 62))])
    canvas.fill(
        land,
        lambda pen: pen.polygon(
            [*curve([(-20, 664), (480, 652), (960, 644), (1500, 656), (1940, 662)]), (1940, HEIGHT), (-20, HEIGHT)]
        ),
    )
    canvas.fill((60, 96, 66), lambda pen: pen.polygon([(x, y - 7) for x, y in body]), opacity=0.6)
    canvas.fill(paint, lambda pen: pen.polygon(body))
    generator = np.random.default_rng(3)
    strokes = []
    for _ in range(420):
        y = 660 + 520 * generator.random() ** 1.5
        wide = generator.uniform(10, 44) * (0.35 + (y - 640) / 380)
        strokes.append((generator.uniform(200, 1400), y, wide))
    water = canvas.mask(lambda pen: pen.polygon(body))
    before = canvas.pixels.copy()
    canvas.light((255, 240, 206), lambda pen: [pen.box(x, y, x + wide, y + 2.6, 1) for x, y, wide in strokes], strength=0.5)
    canvas.pixels = before + (canvas.pixels - before) * water


def banks(canvas: Canvas) -> None:
    """Trees on both banks, autumn in some of them, and a path."""
    path = [*curve([(1500, 700), (1620, 800), (1500, 930), (1560, 1080), (1760, HEIGHT + 10)])]
    back = [*curve([(1940, HEIGHT + 10), (1730, 1060), (1650, 930), (1720, 800), (1540, 700)])]
    canvas.fill(down([(690, (240, 214, 160)), (HEIGHT, (176, 142, 108))]), lambda pen: pen.polygon([*path, *back]))
    green = ((78, 56, 48), (54, 102, 72), (122, 154, 78))
    gold = ((86, 56, 44), (196, 122, 54), (246, 186, 88))
    rust = ((80, 50, 44), (170, 78, 56), (228, 126, 76))
    grown = (
        (700, 742, 150, green),
        (560, 770, 190, gold),
        (1430, 720, 130, green),
        (380, 800, 250, green),
        (1790, 780, 240, rust),
        (190, 850, 340, rust),
        (1900, 900, 420, gold),
        (40, 940, 470, green),
    )
    for number, (x, foot, high, leaves) in enumerate(grown):
        reach = high * 0.3
        canvas.fill(
            (30, 62, 52),
            lambda pen, x=x, foot=foot, reach=reach: pen.oval(x - reach * 0.7, foot + 4, reach * 1.3, reach * 0.16),
            opacity=0.4,
            blur=4,
        )
        tree(canvas, x, foot, high, leaves, seed=number + 20, sun=1.0 if x < 1380 else -1.0)
    generator = np.random.default_rng(12)
    blades = [
        (generator.uniform(-10, WIDTH), generator.uniform(1090, HEIGHT + 20), generator.uniform(20, 52)) for _ in range(520)
    ]
    canvas.fill(
        (30, 70, 56),
        lambda pen: [
            pen.polygon([(x - 4, y), (x + generator.normal(0, 9), y - high), (x + 4, y)])
            for x, y, high in blades
            if x < 560 or x > 1240
        ],
    )


def bench(canvas: Canvas) -> None:
    wood, iron, x, y = (150, 86, 54), (40, 48, 60), 1180, 920
    canvas.fill((30, 60, 50), lambda pen: pen.oval(x + 149, y + 124, 180, 16), opacity=0.45, blur=5)

    def frame(pen: Pen) -> None:
        for side in (24, 250):
            pen.line([(x + side, y + 38), (x + side - 10, y + 122)], 9)
            pen.line([(x + side + 26, y + 80), (x + side + 32, y + 122)], 9)
            pen.line([(x + side - 2, y + 74), (x + side + 36, y + 78)], 8)

    canvas.fill(iron, frame)
    canvas.fill(
        wood,
        lambda pen: [
            *(pen.box(x, y + k, x + 294, y + k + 15, 5) for k in (0, 24, 48)),
            pen.box(x - 4, y + 70, x + 304, y + 86, 5),
        ],
    )
    canvas.light((255, 206, 130), lambda pen: [pen.box(x, y + k, x + 294, y + k + 4, 2) for k in (0, 24, 48, 70)], strength=0.6)
