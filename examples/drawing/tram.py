"""Morning at the harbour: a red tram on a bridge, cranes and boats behind."""

import numpy as np

from drawing.figures import bird, cloud
from drawing.paint import HEIGHT, WIDTH, Canvas, Pen, curve, down, mixed

SKY_TOP, SKY, PEACH, SUN = (72, 150, 190), (146, 206, 214), (255, 214, 170), (255, 244, 208)
SEA_FAR, SEA_NEAR = (190, 218, 206), (24, 92, 122)
RED, RED_DARK, CREAM = (222, 62, 66), (150, 34, 52), (255, 240, 214)
SHORE = 600


def tram() -> Canvas:
    canvas = Canvas(
        down(
            [
                (0, SKY_TOP),
                (300, SKY),
                (520, PEACH),
                (SHORE, (255, 230, 190)),
                (SHORE + 1, SEA_FAR),
                (820, (88, 160, 170)),
                (HEIGHT, SEA_NEAR),
            ]
        )
    )
    canvas.glow((255, 236, 180), 470, 470, 560, 0.75)
    canvas.fill(SUN, lambda pen: pen.oval(470, 440, 74))
    canvas.glow((255, 246, 214), 470, 440, 190, 0.7)
    for number, (x, y, wide) in enumerate(((1210, 190, 420), (1660, 290, 330), (190, 220, 300), (900, 330, 250))):
        cloud(canvas, x, y, wide, (255, 248, 234), 0.8, seed=number)
    hills(canvas)
    canvas.fill(down([(628, (150, 164, 166)), (668, (84, 112, 128))]), lambda pen: pen.box(1000, 630, WIDTH, 664))
    for x, size, shade in ((1040, 0.72, 0.52), (1290, 0.86, 0.36), (1640, 1.08, 0.2)):
        crane(canvas, x, size, shade)
    boats(canvas)
    glitter(canvas)
    canvas.fill(
        (60, 84, 108),
        lambda pen: [bird(pen, at, wide) for at, wide in (((700, 280), 26), ((770, 250), 20), ((640, 236), 17))],
        opacity=0.8,
    )
    bridge(canvas)
    wagon(canvas)
    canvas.vignette(0.25)
    return canvas


def hills(canvas: Canvas) -> None:
    far = curve(
        [(-20, SHORE), (120, 560), (330, 530), (560, 556), (800, 520), (1010, 560), (1260, 548), (1560, 572), (1940, SHORE)]
    )
    canvas.fill((170, 196, 196), lambda pen: pen.polygon(far), opacity=0.8)
    roofs = np.random.default_rng(2)
    blocks = [(x, SHORE - roofs.uniform(20, 74), x + roofs.uniform(28, 58)) for x in range(-10, 900, 44)]
    canvas.fill((128, 160, 172), lambda pen: [pen.box(left, top, right, SHORE + 2) for left, top, right in blocks], opacity=0.85)
    canvas.fill((128, 160, 172), lambda pen: (pen.box(640, 488, 664, SHORE), pen.polygon([(634, 490), (652, 446), (670, 490)])))


def crane(canvas: Canvas, x: float, size: float, pale: float) -> None:
    """A harbour crane; the further, the paler."""
    colour = mixed((34, 76, 106), (186, 206, 204), pale)
    foot = 632.0

    def frame(pen: Pen) -> None:
        wide, high = 74 * size, 330 * size
        top = foot - high
        for side in (-1, 1):
            pen.line([(x + side * wide * 0.55, foot), (x + side * wide * 0.34, top + 70 * size)], 11 * size)
        for level in (0.2, 0.5, 0.78):
            reach = wide * (0.55 - 0.21 * level)
            pen.line([(x - reach, foot - high * level * 0.8), (x + reach, foot - high * level * 0.8)], 7 * size)
        pen.box(x - wide * 0.5, top + 40 * size, x + wide * 0.5, top + 84 * size, 6)
        pen.line([(x, top + 60 * size), (x, top - 26 * size)], 9 * size)
        pen.line([(x - 130 * size, top + 46 * size), (x + 300 * size, top + 6 * size)], 11 * size)
        pen.line([(x, top - 26 * size), (x + 290 * size, top + 4 * size)], 3.4 * size)
        pen.line([(x, top - 26 * size), (x - 126 * size, top + 44 * size)], 3.4 * size)
        pen.box(x - 150 * size, top + 40 * size, x - 96 * size, top + 78 * size, 4)
        pen.line([(x + 236 * size, top + 12 * size), (x + 236 * size, top + 130 * size)], 3 * size)
        pen.box(x + 200 * size, top + 130 * size, x + 272 * size, top + 168 * size, 2)

    canvas.fill(colour, frame)


def boats(canvas: Canvas) -> None:
    colours = ((70, 132, 150), (240, 186, 96), (196, 220, 214), (222, 98, 84), (92, 122, 160))
    for number in range(12):
        x, row = 1440 + (number % 6) * 62, number // 6
        if row == 0 or number % 2 == 0:
            canvas.fill(colours[(number * 3) % 5], lambda pen, x=x, row=row: pen.box(x, 598 - row * 34, x + 58, 630 - row * 34))
    for x, size in ((210, 1.0), (345, 0.7)):
        canvas.fill(
            (252, 244, 228),
            lambda pen, x=x, size=size: (
                pen.polygon([(x, 690), (x, 690 - 150 * size), (x + 86 * size, 690)]),
                pen.polygon([(x - 8, 690), (x - 8, 690 - 120 * size), (x - 58 * size, 690)]),
            ),
        )
        canvas.fill(
            (48, 78, 106),
            lambda pen, x=x, size=size: pen.polygon(
                [(x - 66 * size, 696), (x + 92 * size, 696), (x + 66 * size, 720), (x - 48 * size, 720)]
            ),
        )


def glitter(canvas: Canvas) -> None:
    generator = np.random.default_rng(6)
    strokes = []
    for _ in range(260):
        y = SHORE + 6 + 260 * generator.random() ** 1.4
        spread = 60 + (y - SHORE) * 0.9
        x, wide = 470 + generator.normal(0, spread), generator.uniform(8, 30) * (0.5 + (y - SHORE) / 200)
        strokes.append((x, y, wide))
    canvas.light((255, 240, 200), lambda pen: [pen.box(x, y, x + wide, y + 3, 1) for x, y, wide in strokes], strength=0.7)
    waves = [(generator.uniform(-50, WIDTH), generator.uniform(SHORE + 20, 880), generator.uniform(40, 120)) for _ in range(70)]
    canvas.light((220, 244, 240), lambda pen: [pen.box(x, y, x + wide, y + 2, 1) for x, y, wide in waves], strength=0.28)


def bridge(canvas: Canvas) -> None:
    """Arches of stone across the foreground, rails and wires above."""
    stone, shade = down([(860, (128, 122, 132)), (HEIGHT, (54, 62, 88))]), (40, 50, 78)
    canvas.fill(stone, lambda pen: pen.box(0, 868, WIDTH, HEIGHT))
    water = down([(930, (46, 118, 140)), (HEIGHT, (18, 66, 98))])
    canvas.fill(shade, lambda pen: [pen.arch(x, 944, x + 372, HEIGHT + 20) for x in range(-140, WIDTH, 440)])
    canvas.fill(water, lambda pen: [pen.arch(x, 952, x + 344, HEIGHT + 20) for x in range(-140, WIDTH, 440)])
    canvas.fill((156, 148, 152), lambda pen: pen.box(0, 858, WIDTH, 884))
    canvas.fill(shade, lambda pen: pen.box(0, 884, WIDTH, 892), opacity=0.6)
    poles = (250, 1010, 1770)
    canvas.fill(
        (44, 58, 84),
        lambda pen: [
            (pen.box(x - 5, 420, x + 5, 860), pen.box(x - 5, 436, x + 96, 442), pen.line([(x, 480), (x + 66, 440)], 4))
            for x in poles
        ],
    )
    wire = [(-40, 452), *((x + 90, 442) for x in poles), (1990, 454)]
    canvas.fill((44, 58, 84), lambda pen: pen.line(wire, 3))


def wagon(canvas: Canvas) -> None:
    """A low tram of three cars, the morning in its windows, going to the right."""
    body = down([(560, (240, 92, 86)), (700, RED), (850, RED_DARK)])
    canvas.fill((20, 30, 54), lambda pen: pen.box(300, 846, 1560, 866, 8), opacity=0.55, blur=4)
    nose = curve([(1380, 566), (1470, 572), (1530, 640), (1556, 740), (1556, 806), (1536, 838)])
    canvas.fill(
        body,
        lambda pen: (
            pen.box(330, 566, 730, 838, 26),
            pen.box(752, 566, 1110, 838, 8),
            pen.polygon([(1132, 566), *nose, (1132, 838)]),
        ),
    )
    canvas.fill((40, 46, 70), lambda pen: (pen.box(724, 590, 758, 832), pen.box(1104, 590, 1138, 832)))
    canvas.fill(CREAM, lambda pen: (pen.box(330, 752, 1546, 764), pen.box(352, 560, 1400, 572, 5)))
    glass = down([(596, (236, 248, 244)), (640, (150, 206, 214)), (730, (62, 118, 142))])
    windows = [(360, 480), (494, 610), (624, 712), (770, 880), (894, 968), (982, 1092), (1150, 1262), (1276, 1372)]
    canvas.fill((60, 30, 46), lambda pen: [pen.box(a - 4, 600, b + 4, 734, 12) for a, b in windows])
    canvas.fill(glass, lambda pen: [pen.box(a, 604, b, 730, 10) for a, b in windows])
    front = curve([(1392, 604), (1452, 608), (1500, 656), (1522, 730)])
    canvas.fill(glass, lambda pen: pen.polygon([(1392, 604), *front, (1392, 730)]))
    heads = ((400, 0), (446, 1), (548, 0), (660, 1), (812, 0), (930, 1), (1030, 0), (1060, 1), (1200, 0), (1316, 1), (1440, 0))
    canvas.fill(
        (46, 62, 88),
        lambda pen: [(pen.oval(x, 674 + 6 * k, 15, 17), pen.box(x - 24, 694 + 6 * k, x + 24, 730, 12)) for x, k in heads],
        opacity=0.85,
    )
    canvas.light(
        (255, 255, 255),
        lambda pen: [pen.polygon([(a + 12, 730), (a + 44, 604), (a + 70, 604), (a + 38, 730)]) for a, _ in windows],
        strength=0.22,
    )
    canvas.fill((46, 52, 74), lambda pen: [pen.box(x, 826, x + 190, 850, 10) for x in (400, 836, 1250)])
    canvas.fill((24, 28, 48), lambda pen: [pen.oval(x, 846, 19) for x in (440, 550, 880, 990, 1296, 1400)])
    canvas.fill((130, 140, 158), lambda pen: [pen.oval(x, 846, 8) for x in (440, 550, 880, 990, 1296, 1400)])
    canvas.fill(
        (44, 50, 72),
        lambda pen: (
            pen.line([(880, 560), (930, 500), (866, 452)], 6),
            pen.line([(838, 452), (896, 450)], 6),
            pen.box(850, 548, 960, 562, 4),
        ),
    )
    canvas.fill((255, 246, 206), lambda pen: (pen.oval(1532, 786, 15, 12), pen.box(1420, 580, 1474, 598, 6)))
    canvas.glow((255, 240, 190), 1560, 786, 110, 0.6)
