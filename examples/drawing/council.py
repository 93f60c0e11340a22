"""The council at its long table, the night city behind tall windows."""

import numpy as np

from drawing.paint import HEIGHT, WIDTH, Canvas, Colour, Pen, curve, down

LAMP = (255, 206, 128)
TABLE = 862


def council() -> Canvas:
    canvas = Canvas(down([(0, (40, 30, 58)), (500, (84, 54, 80)), (820, (112, 66, 78)), (HEIGHT, (40, 24, 44))]))
    windows(canvas)
    for x in (480, 960, 1440):
        lamp(canvas, x)
    behind_the_table(canvas)
    table(canvas)
    in_front(canvas)
    canvas.vignette(0.45)
    return canvas


def windows(canvas: Canvas) -> None:
    """Three tall windows, the city's lights outside, curtains between."""
    generator = np.random.default_rng(5)
    for x in (150, 740, 1330):
        canvas.fill((54, 34, 52), lambda pen, x=x: pen.arch(x - 16, 74, x + 456, 780))
        canvas.fill(
            down([(80, (18, 26, 66)), (420, (54, 52, 118)), (640, (150, 90, 128)), (770, (236, 144, 112))]),
            lambda pen, x=x: pen.arch(x, 90, x + 440, 764),
        )
        stars = [(generator.uniform(x + 60, x + 380), generator.uniform(150, 400), generator.uniform(0.8, 2)) for _ in range(22)]
        canvas.light((255, 244, 226), lambda pen, stars=stars: [pen.oval(*star) for star in stars], strength=0.8)
        left, houses = float(x), []
        while left < x + 440:
            wide = min(generator.uniform(40, 84), x + 440 - left)
            houses.append((left, generator.uniform(520, 680), left + wide))
            left += wide
        lit = [
            (a + dx, b + dy)
            for a, b, c in houses
            for dx in range(10, int(c - a) - 10, 18)
            for dy in range(14, int(750 - b), 24)
            if generator.random() < 0.4
        ]
        canvas.fill((34, 28, 68), lambda pen, houses=houses: [pen.box(a, b, c, 764) for a, b, c in houses])
        canvas.light((255, 206, 120), lambda pen, lit=lit: [pen.box(a, b, a + 8, b + 12) for a, b in lit], strength=0.9)
        bars = [
            [(x + 147, 100), (x + 147, 764)],
            [(x + 293, 100), (x + 293, 764)],
            [(x, 300), (x + 440, 300)],
            [(x, 530), (x + 440, 530)],
        ]
        canvas.fill((64, 42, 58), lambda pen, bars=bars: [pen.line(bar, 9) for bar in bars])
        canvas.light(
            (160, 170, 255),
            lambda pen, x=x: pen.polygon([(x + 60, 764), (x + 250, 90), (x + 330, 90), (x + 140, 764)]),
            strength=0.07,
        )
    for x in (40, 665, 1255, 1880):
        folds = curve([(x - 86, 30), (x - 66, 400), (x - 78, 800), (x + 78, 800), (x + 66, 400), (x + 86, 30)])
        canvas.fill(down([(30, (120, 36, 58)), (800, (168, 52, 70))]), lambda pen, folds=folds: pen.polygon(folds))
        canvas.fill(
            (74, 20, 44),
            lambda pen, x=x: [
                pen.line(curve([(x + d, 30), (x + d * 0.8, 400), (x + d * 0.94, 800)]), 10) for d in (-50, -16, 18, 52)
            ],
            opacity=0.45,
            blur=3,
        )
    canvas.fill((64, 38, 52), lambda pen: pen.box(0, 0, WIDTH, 44))
    canvas.fill((196, 140, 84), lambda pen: pen.box(0, 40, WIDTH, 50))


def lamp(canvas: Canvas, x: float) -> None:
    canvas.light(
        LAMP,
        lambda pen: pen.polygon([(x - 50, 300), (x + 50, 300), (x + 330, TABLE + 40), (x - 330, TABLE + 40)]),
        strength=0.20,
        blur=26,
    )
    canvas.fill((30, 22, 40), lambda pen: pen.line([(x, 0), (x, 236)], 4))
    canvas.fill(
        down([(230, (60, 44, 58)), (300, (206, 140, 80))]),
        lambda pen: pen.polygon(
            curve([(x - 76, 300), (x - 60, 262), (x - 18, 236), (x + 18, 236), (x + 60, 262), (x + 76, 300)])
        ),
    )
    canvas.fill((255, 240, 204), lambda pen: pen.oval(x, 300, 70, 9))
    canvas.glow(LAMP, x, 306, 210, 0.75)


def bust(pen: Pen, x: float, base: float, size: float, *, lean: float = 0.0, hair: str = "short") -> None:
    """Head and shoulders."""
    s = size
    pen.polygon(
        curve(
            [
                (x - s, base),
                (x - s * 0.92, base - s * 0.62),
                (x - s * 0.4, base - s * 0.94),
                (x, base - s * 1.0),
                (x + s * 0.4, base - s * 0.94),
                (x + s * 0.92, base - s * 0.62),
                (x + s, base),
            ]
        )
    )
    pen.box(x - s * 0.2 + lean * 0.5, base - s * 1.22, x + s * 0.2 + lean * 0.5, base - s * 0.8, s * 0.1)
    pen.oval(x + lean, base - s * 1.52, s * 0.37, s * 0.45)
    if hair == "bun":
        pen.oval(x + lean, base - s * 2.02, s * 0.18)
    elif hair == "long":
        pen.polygon(
            curve(
                [
                    (x + lean - s * 0.4, base - s * 1.6),
                    (x + lean, base - s * 2.04),
                    (x + lean + s * 0.4, base - s * 1.6),
                    (x + lean + s * 0.48, base - s * 0.98),
                    (x + lean - s * 0.48, base - s * 0.98),
                ]
            )
        )


def behind_the_table(canvas: Canvas) -> None:
    """Seven members facing us; the mayor in the middle stands."""
    coats: tuple[Colour, ...] = (
        (58, 74, 112),
        (122, 58, 84),
        (50, 92, 104),
        (176, 56, 66),
        (84, 72, 118),
        (62, 84, 96),
        (128, 78, 70),
    )
    skins: tuple[Colour, ...] = (
        (224, 168, 138),
        (146, 94, 78),
        (236, 186, 152),
        (196, 138, 108),
        (120, 76, 66),
        (230, 174, 142),
        (176, 120, 94),
    )
    hairs: tuple[Colour, ...] = (
        (60, 40, 44),
        (32, 24, 34),
        (186, 120, 70),
        (40, 30, 40),
        (30, 22, 32),
        (168, 160, 166),
        (74, 46, 44),
    )
    styles = ("short", "bun", "short", "long", "short", "short", "long")
    for number, x in enumerate((210, 460, 705, 960, 1215, 1460, 1710)):
        size = 96 if number == 3 else 88
        base = TABLE + 20 - (84 if number == 3 else 0)
        member(
            canvas,
            x,
            base,
            size,
            (coats[number], skins[number], hairs[number]),
            styles[number],
            lean=(-6, 6, 8, 0, -8, -5, 7)[number],
        )


def member(
    canvas: Canvas, x: float, base: float, size: float, colours: tuple[Colour, Colour, Colour], hair: str, lean: float
) -> None:
    coat, skin, hair_colour = colours
    s, hx = size, x + lean
    if hair == "long":
        canvas.fill(
            hair_colour,
            lambda pen: pen.polygon(
                curve(
                    [
                        (hx - s * 0.46, base - s * 0.98),
                        (hx - s * 0.46, base - s * 1.6),
                        (hx, base - s * 2.06),
                        (hx + s * 0.46, base - s * 1.6),
                        (hx + s * 0.46, base - s * 0.98),
                    ]
                )
            ),
        )
    if hair == "bun":
        canvas.fill(hair_colour, lambda pen: pen.oval(hx, base - s * 2.04, s * 0.2))
    canvas.fill(
        skin,
        lambda pen: (
            pen.box(x - s * 0.17 + lean * 0.5, base - s * 1.24, x + s * 0.17 + lean * 0.5, base - s * 0.84, s * 0.1),
            pen.oval(hx, base - s * 1.5, s * 0.35, s * 0.43),
        ),
    )
    shape = curve(
        [
            (x - s, base + 90),
            (x - s, base),
            (x - s * 0.9, base - s * 0.62),
            (x - s * 0.42, base - s * 0.92),
            (x, base - s * 0.84),
            (x + s * 0.42, base - s * 0.92),
            (x + s * 0.9, base - s * 0.62),
            (x + s, base),
            (x + s, base + 90),
        ]
    )
    canvas.fill(coat, lambda pen: pen.polygon(shape))
    canvas.fill(
        (246, 238, 226),
        lambda pen: pen.polygon([(x - s * 0.2, base - s * 0.9), (x + s * 0.2, base - s * 0.9), (x, base - s * 0.34)]),
    )
    canvas.fill(
        hair_colour,
        lambda pen: pen.polygon(
            curve(
                [
                    (hx - s * 0.38, base - s * 1.42),
                    (hx - s * 0.36, base - s * 1.82),
                    (hx, base - s * 2.0),
                    (hx + s * 0.36, base - s * 1.82),
                    (hx + s * 0.38, base - s * 1.42),
                    (hx + s * 0.26, base - s * 1.68),
                    (hx - s * 0.16, base - s * 1.72),
                    (hx - s * 0.38, base - s * 1.42),
                ]
            )
        ),
    )
    dark = (70, 36, 44)
    canvas.fill(
        dark,
        lambda pen: (
            pen.oval(hx - s * 0.13, base - s * 1.46, s * 0.032),
            pen.oval(hx + s * 0.13, base - s * 1.46, s * 0.032),
            pen.line(curve([(hx - s * 0.1, base - s * 1.28), (hx, base - s * 1.24), (hx + s * 0.1, base - s * 1.28)], 6), 4),
        ),
    )
    canvas.light(LAMP, lambda pen: pen.oval(hx, base - s * 1.78, s * 0.3, s * 0.16), strength=0.28, blur=6)


def table(canvas: Canvas) -> None:
    canvas.fill(
        down([(TABLE, (232, 166, 104)), (TABLE + 70, (176, 104, 70))]),
        lambda pen: pen.polygon([(60, TABLE), (1860, TABLE), (1990, TABLE + 74), (-70, TABLE + 74)]),
    )
    for x in (480, 960, 1440):
        canvas.light((255, 226, 160), lambda pen, x=x: pen.oval(x, TABLE + 34, 250, 26), strength=0.5, blur=14)
    canvas.fill(
        down([(TABLE + 74, (112, 58, 50)), (HEIGHT, (44, 24, 38))]), lambda pen: pen.box(-10, TABLE + 74, WIDTH + 10, HEIGHT)
    )
    canvas.fill(
        (70, 34, 42), lambda pen: [pen.box(x, TABLE + 100, x + 250, HEIGHT + 10, 6) for x in range(30, WIDTH, 310)], opacity=0.5
    )
    papers = ((250, -18), (520, 10), (676, -8), (900, 12), (1110, -14), (1270, 12), (1500, -10), (1690, 14))
    canvas.fill(
        (252, 244, 230),
        lambda pen: [
            pen.polygon([(x + tilt, TABLE + 16), (x + 76 + tilt, TABLE + 16), (x + 90, TABLE + 46), (x - 14, TABLE + 46)])
            for x, tilt in papers
        ],
    )
    canvas.fill(
        (54, 60, 84),
        lambda pen: [
            (pen.box(x - 3, TABLE - 40, x + 3, TABLE + 22), pen.oval(x, TABLE - 44, 9, 13), pen.oval(x, TABLE + 22, 22, 6))
            for x in (340, 590, 1090, 1345, 1590)
        ],
    )


def in_front(canvas: Canvas) -> None:
    """The public, dark against the light: only heads and shoulders."""
    people = (
        (120, 1240, 130, "short"),
        (430, 1270, 120, "long"),
        (700, 1255, 126, "bun"),
        (1240, 1262, 124, "short"),
        (1520, 1250, 130, "long"),
        (1810, 1260, 128, "short"),
    )
    canvas.fill((24, 16, 34), lambda pen: [bust(pen, x, base, size, hair=hair) for x, base, size, hair in people])
    canvas.light(
        LAMP,
        lambda pen: [pen.oval(x, base - size * 1.94, size * 0.22, size * 0.05) for x, base, size, _ in people],
        strength=0.30,
        blur=5,
    )
