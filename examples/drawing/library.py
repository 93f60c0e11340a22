"""A reading room: shelves to the ceiling, a tall window, a child reading in its light."""

import itertools

import numpy as np

from drawing.paint import HEIGHT, WIDTH, Canvas, Colour, Pen, Point, across, curve, down

WOOD, WOOD_DARK, WOOD_LIGHT = (112, 66, 52), (62, 36, 40), (176, 112, 74)
BOOKS: tuple[Colour, ...] = (
    (200, 74, 66),
    (232, 156, 78),
    (86, 134, 132),
    (58, 84, 118),
    (238, 212, 160),
    (146, 70, 88),
    (108, 140, 96),
    (214, 120, 92),
    (78, 60, 92),
)
WALL = (86, 54, 56)
FLOOR, VANISH = 880.0, (960.0, 560.0)
NEAR, FAR = 0.0, 0.62
"""Depth along a side wall, as the share of the way to the vanishing point."""


def library() -> Canvas:
    canvas = Canvas(across([(0, (52, 32, 42)), (960, (158, 102, 82)), (WIDTH, (52, 32, 42))]))
    floor(canvas)
    for side in (-1, 1):
        shelves(canvas, side)
    ceiling(canvas)
    window(canvas)
    reader(canvas)
    beams(canvas)
    canvas.vignette(0.5)
    return canvas


def wall_point(side: int, depth: float, height: float) -> Point:
    """A point of a side wall; depth 0 is at the picture's edge, height runs from 0, the floor, to 1, the ceiling."""
    edge_x = VANISH[0] + side * 1010
    low, high = HEIGHT + 40.0, -60.0
    y = low + (high - low) * height
    return edge_x + (VANISH[0] - edge_x) * depth, y + (VANISH[1] - y) * depth


def floor(canvas: Canvas) -> None:
    paint = down([(780, (206, 140, 96)), (940, (148, 88, 70)), (HEIGHT, (70, 40, 46))])
    canvas.fill(
        paint, lambda pen: pen.polygon([wall_point(-1, FAR, 0), wall_point(1, FAR, 0), wall_point(1, 0, 0), wall_point(-1, 0, 0)])
    )
    lines = [(wall_point(-1, FAR, 0)[0] + k * 64, (k - 6) * 168) for k in range(13)]
    canvas.fill(
        (70, 40, 44), lambda pen: [pen.line([(x, 800), (960 + spread * 1.15, HEIGHT)], 2) for x, spread in lines], opacity=0.25
    )


def shelves(canvas: Canvas, side: int) -> None:
    """One side wall of books: rows in perspective, darker towards us."""
    generator = np.random.default_rng(10 + side)
    corners = [wall_point(side, NEAR, 0), wall_point(side, FAR, 0), wall_point(side, FAR, 0.97), wall_point(side, NEAR, 0.97)]
    canvas.fill(WOOD_DARK, lambda pen: pen.polygon(corners))
    by_colour: dict[Colour, list[list[Point]]] = {colour: [] for colour in BOOKS}
    shadows: list[list[Point]] = []
    rows = np.linspace(0.05, 0.95, 9)
    for low, high in itertools.pairwise(rows):
        depth = 0.01
        while depth < FAR - 0.01:
            thick = generator.uniform(0.008, 0.017) * (1 - depth * 0.8)
            if generator.random() < 0.05:
                depth += 0.02
                continue
            top = low + (high - low) * generator.uniform(0.62, 0.86)
            book = [wall_point(side, depth, low + 0.008), wall_point(side, depth + thick, low + 0.008)]
            book += [wall_point(side, depth + thick, top), wall_point(side, depth, top)]
            by_colour[BOOKS[generator.integers(len(BOOKS))]].append(book)
            shadows.append(
                [
                    book[1],
                    book[2],
                    wall_point(side, depth + thick * 0.72, top),
                    wall_point(side, depth + thick * 0.72, low + 0.008),
                ]
            )
            depth += thick
    for colour, books in by_colour.items():
        canvas.fill(colour, lambda pen, books=books: [pen.polygon(book) for book in books])
    canvas.fill((30, 16, 26), lambda pen: [pen.polygon(shadow) for shadow in shadows], opacity=0.35)
    canvas.fill(
        WOOD_LIGHT,
        lambda pen: [
            pen.polygon(
                [
                    wall_point(side, 0, r),
                    wall_point(side, FAR, r),
                    wall_point(side, FAR, r - 0.012),
                    wall_point(side, 0, r - 0.012),
                ]
            )
            for r in rows
        ],
    )
    canvas.fill(
        WOOD,
        lambda pen: [
            pen.polygon(
                [
                    wall_point(side, d, 0),
                    wall_point(side, d + 0.014, 0),
                    wall_point(side, d + 0.014, 0.97),
                    wall_point(side, d, 0.97),
                ]
            )
            for d in (0.0, 0.2, 0.36, 0.5, 0.605)
        ],
    )
    fall = across([(0, (24, 12, 26)), (560, (60, 34, 40)), (960, (255, 190, 120)), (1360, (60, 34, 40)), (WIDTH, (24, 12, 26))])
    canvas.fill(fall, lambda pen: pen.polygon(corners), opacity=0.42)


def ceiling(canvas: Canvas) -> None:
    paint = down([(0, (48, 30, 42)), (180, (98, 62, 60)), (330, (150, 98, 78))])
    canvas.fill(
        paint,
        lambda pen: pen.polygon(
            [wall_point(-1, 0, 0.97), wall_point(-1, FAR, 0.97), wall_point(1, FAR, 0.97), wall_point(1, 0, 0.97)]
        ),
    )
    for depth in (0.14, 0.3, 0.43, 0.54):
        beam = [
            wall_point(-1, depth, 0.97),
            wall_point(1, depth, 0.97),
            wall_point(1, depth + 0.025, 0.97),
            wall_point(-1, depth + 0.025, 0.97),
        ]
        canvas.fill(WOOD_DARK, lambda pen, beam=beam: pen.polygon(beam), opacity=0.8)


def window(canvas: Canvas) -> None:
    """The far wall with one great arched window and the morning behind it."""
    left, right = wall_point(-1, FAR, 0)[0], wall_point(1, FAR, 0)[0]
    canvas.fill(
        down([(300, (140, 92, 76)), (800, (190, 128, 92))]),
        lambda pen: pen.box(left, wall_point(1, FAR, 0.97)[1], right, wall_point(1, FAR, 0)[1]),
    )
    canvas.fill(WOOD_DARK, lambda pen: pen.arch(744, 340, 1176, 780))
    sky = down([(340, (190, 226, 232)), (560, (255, 240, 204)), (760, (255, 216, 150))])
    canvas.fill(sky, lambda pen: pen.arch(758, 354, 1162, 766))
    bushes = ((800, 742, 60), (880, 760, 70), (985, 752, 64), (1070, 744, 58), (1130, 760, 50))
    canvas.fill(
        (150, 176, 140),
        lambda pen: (
            [pen.oval(*bush) for bush in bushes],
            pen.box(0, 700, 758, 900, value=0),
            pen.box(1162, 700, WIDTH, 900, value=0),
        ),
        opacity=0.6,
    )
    canvas.fill(down([(330, (140, 92, 76)), (800, (190, 128, 92))]), lambda pen: pen.box(740, 766, 1180, 800))
    frame = [
        [(960, 350), (960, 770)],
        [(858, 380), (858, 770)],
        [(1062, 380), (1062, 770)],
        [(758, 560), (1162, 560)],
        [(758, 664), (1162, 664)],
    ]
    canvas.fill(WOOD_DARK, lambda pen: [pen.line(bar, 8) for bar in frame])
    canvas.fill(WOOD_LIGHT, lambda pen: pen.box(730, 764, 1190, 784, 4))
    canvas.glow((255, 226, 160), 960, 540, 430, 0.55)


def reader(canvas: Canvas) -> None:
    """A child cross-legged on a cushion, a book on the knees, a pile of books beside."""
    canvas.fill((60, 30, 40), lambda pen: pen.oval(960, 1010, 330, 40), opacity=0.45, blur=12)
    canvas.fill((196, 74, 72), lambda pen: pen.oval(960, 984, 190, 44))
    canvas.fill((226, 108, 92), lambda pen: pen.oval(960, 974, 180, 34))
    coat, skin, hair = (56, 98, 124), (240, 184, 148), (74, 42, 40)
    canvas.fill(
        (44, 62, 92),
        lambda pen: (
            pen.line(curve([(900, 940), (820, 950), (850, 985), (990, 978)]), 50),
            pen.line(curve([(1020, 940), (1100, 950), (1070, 985), (930, 982)]), 50),
        ),
    )
    canvas.fill(
        coat,
        lambda pen: pen.polygon(curve([(906, 960), (896, 880), (912, 812), (960, 796), (1008, 812), (1024, 880), (1014, 960)])),
    )
    canvas.fill(skin, lambda pen: (pen.box(944, 770, 976, 812, 10), pen.oval(960, 738, 50, 54)))
    canvas.fill(
        hair,
        lambda pen: pen.polygon(
            curve(
                [
                    (906, 752),
                    (902, 700),
                    (936, 672),
                    (988, 672),
                    (1020, 704),
                    (1014, 752),
                    (1000, 716),
                    (960, 706),
                    (922, 716),
                    (906, 752),
                ]
            )
        ),
    )
    canvas.fill(hair, lambda pen: (pen.oval(1024, 700, 22), pen.oval(896, 700, 22)))
    canvas.fill(
        (110, 52, 52),
        lambda pen: (
            pen.line(curve([(930, 748), (939, 752), (948, 748)], 6), 4),
            pen.line(curve([(972, 748), (981, 752), (990, 748)], 6), 4),
            pen.line(curve([(948, 768), (960, 774), (972, 768)], 6), 4),
        ),
    )
    canvas.fill((232, 120, 104), lambda pen: (pen.oval(928, 762, 10, 6), pen.oval(992, 762, 10, 6)), opacity=0.5)
    canvas.fill(
        coat,
        lambda pen: (
            pen.line(curve([(916, 836), (884, 896), (920, 930)]), 36),
            pen.line(curve([(1004, 836), (1036, 896), (1000, 930)]), 36),
        ),
    )
    canvas.fill(
        (196, 74, 66),
        lambda pen: (
            pen.polygon([(858, 900), (960, 926), (960, 962), (850, 934)]),
            pen.polygon([(1062, 900), (960, 926), (960, 962), (1070, 934)]),
        ),
    )
    canvas.fill(
        (255, 248, 228),
        lambda pen: (
            pen.polygon(curve([(864, 892), (910, 888), (960, 916), (960, 948), (858, 924), (864, 892)])),
            pen.polygon(curve([(1056, 892), (1010, 888), (960, 916), (960, 948), (1062, 924), (1056, 892)])),
        ),
    )
    canvas.fill(skin, lambda pen: (pen.oval(872, 922, 15), pen.oval(1048, 922, 15)))
    pile = ((1190, 1000, 150), (1184, 970, 136), (1196, 942, 120), (660, 1000, 130), (668, 972, 140))
    for number, (x, y, wide) in enumerate(pile):
        canvas.fill(
            BOOKS[number * 2 % len(BOOKS)],
            lambda pen, x=x, y=y, wide=wide: pen.box(x - wide / 2, y - 14, x + wide / 2, y + 14, 5),
        )
        canvas.fill((255, 246, 224), lambda pen, x=x, y=y, wide=wide: pen.box(x - wide / 2 + 12, y - 7, x + wide / 2, y + 7))


def beams(canvas: Canvas) -> None:
    """Light that falls from the window into the room, with dust in it."""

    def rays(pen: Pen) -> None:
        for left, right, spread in ((770, 850, -560), (868, 950, -170), (972, 1052, 170), (1070, 1150, 560)):
            pen.polygon([(left, 420), (right, 420), (right + spread + 60, HEIGHT), (left + spread - 60, HEIGHT)])

    canvas.light((255, 222, 150), rays, strength=0.17, blur=12)
    generator = np.random.default_rng(1)
    dust = [(generator.normal(960, 300), generator.uniform(420, 1100), generator.uniform(1, 2.6)) for _ in range(110)]
    canvas.light((255, 240, 200), lambda pen: [pen.oval(*mote) for mote in dust], strength=0.5, blur=1)
    canvas.glow((255, 220, 150), 960, 920, 360, 0.22)
