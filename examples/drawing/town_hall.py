"""Dusk over the city, the town hall lit."""

import numpy as np

from drawing.figures import person, tree
from drawing.paint import HEIGHT, WIDTH, Canvas, Pen, curve, down, mixed

NIGHT, PLUM, ROSE, AMBER, CREAM = (24, 28, 74), (92, 56, 122), (226, 110, 112), (255, 178, 104), (255, 226, 168)
STONE, STONE_DARK, LAMP = (232, 184, 142), (134, 88, 104), (255, 214, 128)


def town_hall() -> Canvas:
    canvas = Canvas(down([(0, NIGHT), (300, (62, 46, 110)), (520, PLUM), (690, ROSE), (800, AMBER), (900, CREAM)]))
    generator = np.random.default_rng(4)
    stars = [(generator.uniform(0, WIDTH), generator.uniform(0, 330), generator.uniform(0.6, 1.9)) for _ in range(110)]
    canvas.light((255, 240, 220), lambda pen: [pen.oval(x, y, size) for x, y, size in stars], strength=0.75)
    canvas.glow((255, 190, 110), 1330, 800, 620, 0.75, flat=1.5)
    canvas.glow((255, 240, 200), 1330, 800, 150, 0.8)
    clouds(canvas)
    for number in range(3):
        skyline(canvas, number, generator)
        canvas.glow((255, 150, 110), 1200, 860, 900, 0.16, flat=3)
    hall(canvas)
    square(canvas)
    canvas.vignette(0.4)
    return canvas


def clouds(canvas: Canvas) -> None:
    for y, left, right, thick, shade in (
        (250, 80, 800, 16, 0.30),
        (330, 1180, 1900, 20, 0.34),
        (430, 300, 1000, 15, 0.30),
        (520, 1240, 1800, 13, 0.4),
    ):
        shape = curve(
            [
                (left, y),
                (left + 160, y - thick),
                ((left + right) / 2, y - thick * 1.7),
                (right - 130, y - thick * 0.6),
                (right, y),
            ]
        )
        canvas.fill((255, 150, 130), lambda pen, shape=shape: pen.polygon(shape), opacity=shade, blur=7)


def skyline(canvas: Canvas, depth: int, generator: np.random.Generator) -> None:
    """A row of houses; the nearer, the darker and larger, with more windows lit."""
    ground, high = (850, 880, 930)[depth], (150, 210, 250)[depth]
    shade = (mixed(PLUM, ROSE, 0.45), (92, 52, 104), (46, 32, 80))[depth]
    houses, windows, x = [], [], -30.0
    while x < WIDTH:
        wide = generator.uniform(60, 130) * (0.8 + 0.25 * depth)
        top = ground - generator.uniform(0.3, 1.0) * high * (1.0 if abs(x + wide / 2 - 960) > 330 else 0.55)
        houses.append((x, top, x + wide, generator.random()))
        for row in np.arange(top + 24, ground - 12, 30):
            windows += [
                (column, row) for column in np.arange(x + 14, x + wide - 18, 26) if generator.random() < (0.0, 0.22, 0.42)[depth]
            ]
        x += wide + generator.uniform(-4, 8)

    def draw(pen: Pen) -> None:
        for left, top, right, kind in houses:
            pen.box(left, top, right, HEIGHT)
            if kind < 0.45:
                pen.polygon([(left - 5, top + 1), ((left + right) / 2, top - 42), (right + 5, top + 1)])
            elif kind < 0.65:
                pen.box(left + 14, top - 26, left + 32, top + 2)

    canvas.fill(shade, draw)
    canvas.light((255, 196, 110), lambda pen: [pen.box(a, b, a + 10, b + 15) for a, b in windows], strength=0.9)
    canvas.light((255, 170, 90), lambda pen: [pen.box(a - 5, b - 5, a + 15, b + 20) for a, b in windows], strength=0.35, blur=7)


def hall(canvas: Canvas) -> None:
    """Wings, portico and clock tower, lit from below and from the evening sky at the right."""
    canvas.glow((255, 190, 110), 960, 760, 520, 0.38)
    stone = down([(150, (150, 104, 120)), (420, (206, 150, 126)), (760, STONE), (960, (255, 214, 160))])
    dark = down([(150, (84, 56, 96)), (960, STONE_DARK)])
    roof = down([(100, (52, 48, 98)), (700, (74, 58, 110))])
    canvas.fill(stone, lambda pen: (pen.box(560, 668, 1360, 960), pen.box(760, 610, 1160, 960)))
    canvas.fill(
        roof,
        lambda pen: (
            pen.polygon([(540, 670), (590, 606), (770, 606), (770, 670)]),
            pen.polygon([(1380, 670), (1330, 606), (1150, 606), (1150, 670)]),
        ),
    )
    canvas.fill(dark, lambda pen: (pen.box(548, 664, 1372, 680), pen.box(746, 596, 1174, 616)))
    canvas.fill(stone, lambda pen: pen.polygon([(740, 598), (960, 512), (1180, 598)]))
    canvas.fill(dark, lambda pen: pen.polygon([(790, 590), (960, 524), (1130, 590)]), opacity=0.55)
    tower(canvas, stone, dark, roof)
    glass = down([(640, (255, 226, 150)), (930, (255, 190, 96))])
    places = list(range(592, 740, 50)) + list(range(1190, 1340, 50))
    canvas.fill(
        dark, lambda pen: [pen.arch(x - 4, 706, x + 32, 806) for x in places] + [pen.box(x - 4, 836, x + 32, 916) for x in places]
    )
    canvas.fill(
        glass, lambda pen: [pen.arch(x, 712, x + 28, 804) for x in places] + [pen.box(x, 842, x + 28, 914) for x in places]
    )
    canvas.fill(dark, lambda pen: pen.box(776, 632, 1144, 930))
    canvas.fill(
        glass, lambda pen: [pen.arch(x, 660, x + 44, 924) for x in (802, 868, 1008, 1074)] + [pen.arch(940, 700, 980, 930)]
    )
    canvas.fill(stone, lambda pen: [pen.box(x, 628, x + 24, 932) for x in (772, 852, 912, 984, 1044, 1124)])
    canvas.fill(dark, lambda pen: [pen.box(x + 15, 628, x + 24, 932) for x in (772, 852, 912, 984, 1044, 1124)], opacity=0.4)
    canvas.fill(stone, lambda pen: [pen.box(720 - 14 * n, 926 + 12 * n, 1200 + 14 * n, 940 + 12 * n) for n in range(4)])
    canvas.fill(
        dark, lambda pen: [pen.box(720 - 14 * n, 936 + 12 * n, 1200 + 14 * n, 940 + 12 * n) for n in range(4)], opacity=0.5
    )
    canvas.light((255, 190, 110), lambda pen: pen.box(560, 700, 1360, 940), strength=0.22, blur=40)


def tower(canvas: Canvas, stone: np.ndarray, dark: np.ndarray, roof: np.ndarray) -> None:
    canvas.fill(stone, lambda pen: (pen.box(884, 330, 1036, 540), pen.box(868, 318, 1052, 340)))
    canvas.fill(dark, lambda pen: (pen.box(884, 340, 930, 536), pen.box(868, 334, 1052, 342)), opacity=0.35)
    canvas.fill(stone, lambda pen: pen.box(902, 236, 1018, 320))
    canvas.fill((255, 214, 130), lambda pen: [pen.arch(x, 252, x + 24, 318) for x in (914, 948, 982)])
    canvas.fill(dark, lambda pen: pen.box(892, 228, 1028, 242))
    canvas.fill(
        roof,
        lambda pen: pen.polygon(curve([(896, 230), (910, 184), (944, 152), (960, 84), (976, 152), (1010, 184), (1024, 230)])),
    )
    canvas.fill((255, 210, 120), lambda pen: (pen.line([(960, 92), (960, 52)], 4), pen.oval(960, 84, 7)))
    canvas.fill((214, 84, 92), lambda pen: pen.polygon([(962, 52), (1006, 62), (962, 76)]))
    canvas.glow((255, 226, 160), 960, 420, 130, 0.6)
    canvas.fill(dark, lambda pen: pen.oval(960, 420, 56))
    canvas.fill((255, 244, 214), lambda pen: pen.oval(960, 420, 49))
    ticks = [(960 + 41 * np.sin(a), 420 - 41 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)]
    canvas.fill((70, 50, 92), lambda pen: [pen.oval(x, y, 3) for x, y in ticks])
    canvas.fill(
        (70, 50, 92),
        lambda pen: (pen.line([(960, 420), (938, 434)], 6), pen.line([(960, 420), (988, 398)], 4), pen.oval(960, 420, 5)),
    )


def square(canvas: Canvas) -> None:
    """Wet paving that holds the lights, trees and lamps in front."""
    canvas.fill(
        down([(960, (120, 74, 104)), (1010, (74, 48, 92)), (HEIGHT, (24, 22, 58))]), lambda pen: pen.box(0, 964, WIDTH, HEIGHT)
    )
    canvas.light(
        (255, 190, 110), lambda pen: [pen.box(x, 972, x + 34, 1180) for x in range(600, 1340, 66)], strength=0.45, blur=16
    )
    canvas.light((255, 220, 160), lambda pen: pen.box(880, 972, 1040, 1150), strength=0.4, blur=26)
    canvas.fill((40, 30, 74), lambda pen: [pen.line([(0, y), (WIDTH, y)], 1.5) for y in (1000, 1030, 1075, 1135)], opacity=0.35)
    lamps = (180, 420, 1500, 1740)
    leaves = ((26, 20, 52), (38, 28, 72), (92, 52, 98))
    for number, (x, foot, high) in enumerate(((70, 1010, 330), (296, 1004, 250), (1632, 1004, 260), (1858, 1012, 340))):
        tree(canvas, x, foot, high, leaves, seed=number + 3, sun=1.0 if x < 960 else -1.0)
    canvas.fill(
        (22, 18, 48), lambda pen: [(pen.box(x - 3, 838, x + 3, 1016), pen.box(x - 11, 1008, x + 11, 1018)) for x in lamps]
    )
    canvas.fill((255, 236, 190), lambda pen: [pen.oval(x, 828, 12) for x in lamps])
    for x in lamps:
        canvas.glow((255, 204, 130), x, 828, 95, 0.75)
    people = ((668, 1034, 1), (742, 1040, 1), (1216, 1030, -1), (1300, 1046, -1), (968, 1026, -1))
    shadows = [[(x - 12, foot), (x + 12, foot), (x - 24, foot + 60), (x - 48, foot + 60)] for x, foot, _ in people]
    canvas.fill((20, 16, 44), lambda pen: [pen.polygon(shadow) for shadow in shadows], opacity=0.4, blur=5)
    canvas.fill((32, 22, 58), lambda pen: [person(pen, x, foot, 92, stride=0.8, turned=way) for x, foot, way in people])
