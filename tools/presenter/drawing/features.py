"""Neck, ear and face with eyes, brows, nose and mouth; light and shade of the skin follow the head."""

from dataclasses import replace

import numpy as np

from tools.presenter.drawing import palette
from tools.presenter.drawing.canvas import Canvas, Light, curve, loop, mix, offset
from tools.presenter.drawing.face import JAW_TRAVEL, Head, Points

EYEBALL = (0.335, -0.018, -0.18)
IRIS_RADIUS = 0.100


def disc(centre: Points, radius: float, corners: int = 32) -> Points:
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return centre + radius * np.stack([np.cos(turn), np.sin(turn)], 1)


def draw_eyes(canvas: Canvas, head: Head) -> None:
    open_lids = Head(replace(head.pose, blink=0.0), head.size).landmarks
    for side, upper, lower in ((-1, [36, 37, 38, 39], [39, 40, 41, 36]), (1, [45, 44, 43, 42], [42, 47, 46, 45])):
        draw_eye(canvas, head, side, curve(head.landmarks[upper]), curve(head.landmarks[lower]), curve(open_lids[upper]))


def draw_eye(canvas: Canvas, head: Head, side: int, upper: Points, lower: Points, open_upper: Points) -> None:
    """`upper` and `open_upper` run from the outer to the inner corner, `lower` back."""
    u = head.unit
    t = np.linspace(0, 1, len(upper))
    crease = open_upper + np.stack([0.012 * side * u * (1 - t), -(0.045 + 0.028 * np.sin(np.pi * t)) * u], 1)
    canvas.stroke(crease[2:-3], 0.017 * u * np.sin(np.pi * np.linspace(0.08, 0.95, len(crease) - 5)), palette.SKIN_DEEP)
    if head.pose.blink < 0.95:
        with canvas.inside(np.vstack([upper, lower])) as eye:
            draw_eyeball(eye, head, side, upper)
    canvas.stroke(lower[6:], 0.014 * u * np.linspace(0.3, 1, len(lower) - 6), mix(palette.LASH, palette.SKIN_DEEP, 0.45))
    draw_lashes(canvas, u, side, upper)


def draw_eyeball(eye: Canvas, head: Head, side: int, upper: Points) -> None:
    """The eyes look into the camera: the iris is at the eyeball's nearest point."""
    u = head.unit
    x, y, z = EYEBALL
    centre = head.at((side * x, y, z))[0]
    eye.fill(disc(centre, 0.4 * u), palette.SCLERA)
    eye.fill(disc(centre, IRIS_RADIUS * u), palette.IRIS_DARK)
    eye.fill(disc(centre + offset(0, 0.004 * u), (IRIS_RADIUS - 0.013) * u), palette.IRIS)
    eye.fill(disc(centre + offset(0, 0.030 * u), 0.050 * u), palette.IRIS_LIGHT)
    eye.fill(disc(centre + offset(0, 0.008 * u), 0.056 * u), mix(palette.IRIS, palette.IRIS_LIGHT, 0.35))
    eye.fill(disc(centre, 0.040 * u), palette.PUPIL)
    shadow = np.vstack([upper, upper[::-1] + offset(0, 0.028 * u)])
    with eye.inside(shadow) as lid:
        lid.image[:] = (lid.image * 0.74).astype(np.uint8)
    eye.fill(disc(centre + offset(-0.030 * u, -0.034 * u), 0.024 * u), palette.WHITE)
    eye.fill(disc(centre + offset(0.032 * u, 0.036 * u), 0.011 * u), (226, 240, 236))


def draw_lashes(canvas: Canvas, u: float, side: int, upper: Points) -> None:
    wing = upper[0] + offset(side * 0.062 * u, -0.030 * u)
    line = np.vstack([wing, upper])
    line[1:] -= [0, 0.008 * u]
    widths = 0.042 * u * np.interp(np.linspace(0, 1, len(line)), [0, 0.12, 0.45, 0.8, 1], [0.05, 0.85, 1, 0.65, 0.25])
    canvas.stroke(line, widths, palette.LASH)
    for place, length, lean in ((2, 0.075, 0.95), (5, 0.072, 0.70), (9, 0.06, 0.45)):
        root = upper[place]
        tip = root + offset(side * lean * length * u, -length * 0.8 * u)
        canvas.fill(np.array([root + offset(side * 0.014 * u, 0), tip, root - offset(side * 0.014 * u, 0.004 * u)]), palette.LASH)


def draw_brows(canvas: Canvas, head: Head) -> None:
    widths = np.array([0.034, 0.060, 0.056, 0.042, 0.010]) * head.unit
    for points in (head.landmarks[[21, 20, 19, 18, 17]], head.landmarks[22:27]):
        path = curve(points)
        canvas.stroke(path, np.interp(np.linspace(0, 4, len(path)), range(5), widths), palette.BROW)


def draw_nose(canvas: Canvas, head: Head) -> None:
    u = head.unit
    for side, wing in ((-1, 31), (1, 35)):
        hole = head.at(
            (side * 0.040, 0.537, 0.23), (side * 0.068, 0.522, 0.22), (side * 0.096, 0.526, 0.17), (side * 0.072, 0.544, 0.19)
        )
        canvas.fill(loop(hole), mix(palette.SKIN_DEEP, palette.LIP_DARK, 0.45))
        x, y = head.landmarks[wing]
        arc = curve(np.array([(x + side * 0.006 * u, y - 0.075 * u), (x + side * 0.022 * u, y - 0.03 * u),
                              (x + side * 0.004 * u, y + 0.012 * u)]))  # fmt: skip
        canvas.stroke(
            arc, 0.016 * u * np.sin(np.pi * np.linspace(0.05, 0.95, len(arc))), mix(palette.SKIN_DEEP, palette.SKIN_SHADE, 0.4)
        )


def draw_mouth(canvas: Canvas, head: Head) -> None:
    marks, u = head.landmarks, head.unit
    inner_top, inner_bottom = curve(marks[60:65]), curve(marks[[64, 65, 66, 67, 60]])
    inner = np.vstack([inner_top, inner_bottom])
    outer_top, outer_bottom = curve(marks[48:55]), curve(marks[[54, 55, 56, 57, 58, 59, 48]])
    with canvas.inside(inner) as mouth:
        draw_inside_of_mouth(mouth, head)
    upper = np.vstack([outer_top, inner_top[::-1]])
    lower = np.vstack([inner_bottom[::-1], outer_bottom])
    with canvas.inside(lower) as lip:
        lip.fill(lower, palette.LIP_LOWER)
        middle = (marks[57] + marks[66]) / 2
        gleam = middle + u * np.array([(-0.10, 0.0), (-0.02, -0.014), (0.06, -0.004), (-0.02, 0.014)])
        lip.fill(loop(gleam), palette.LIP_GLEAM)
    canvas.fill(upper, palette.LIP_UPPER)
    seam = np.vstack([marks[48], inner_top, marks[54]])
    canvas.stroke(seam, 0.017 * u * np.sin(np.pi * np.linspace(0.06, 0.94, len(seam))), palette.LIP_DARK)


def draw_inside_of_mouth(mouth: Canvas, head: Head) -> None:
    """The upper teeth move with the skull, the lower teeth and the tongue with the jaw."""
    drop = JAW_TRAVEL * head.pose.mouth.jaw_open
    mouth.image[:] = palette.MOUTH
    tongue = head.at((-0.22, 1.0 + drop, 0.0), (-0.15, 0.83 + drop, 0.03), (0, 0.795 + drop, 0.06), (0.15, 0.83 + drop, 0.03),
                     (0.22, 1.0 + drop, 0.0), (0, 1.05 + drop, 0.0))  # fmt: skip
    mouth.fill(loop(tongue), palette.TONGUE)
    lower = head.at((-0.19, 0.840 + drop, 0.02), (-0.10, 0.837 + drop, 0.10), (0, 0.836 + drop, 0.12), (0.10, 0.837 + drop, 0.10),
                    (0.19, 0.840 + drop, 0.02))  # fmt: skip
    mouth.fill(np.vstack([curve(lower), curve(lower)[::-1] + offset(0, 0.10 * head.unit)]), palette.TEETH_SHADE)
    upper = head.at((-0.26, 0.810, -0.08), (-0.17, 0.843, 0.06), (-0.06, 0.858, 0.13), (0.06, 0.858, 0.13), (0.17, 0.843, 0.06),
                    (0.26, 0.810, -0.08))  # fmt: skip
    mouth.fill(np.vstack([curve(upper), curve(upper)[::-1] - offset(0, 0.16 * head.unit)]), palette.TEETH)


FOREHEAD = ((0.70, -0.30, -0.50), (0.60, -0.56, -0.40), (0.36, -0.78, -0.28), (0.0, -0.86, -0.2))
EAR = ((-0.66, 0.40, -0.62), (-0.735, 0.42, -0.66), (-0.79, 0.30, -0.70), (-0.83, 0.10, -0.74), (-0.835, -0.06, -0.76),
       (-0.79, -0.15, -0.72), (-0.71, -0.10, -0.66), (-0.66, 0.10, -0.60))  # fmt: skip


def draw_neck(canvas: Canvas, head: Head) -> None:
    """The neck is fixed to the static body and follows the head at its top; the chin casts a shadow on it."""
    k = head.size / 320
    sides = np.array([(-0.46, 0.62, -0.62), (0.46, 0.62, -0.62)])
    top = head.hanging(sides, np.array([0.75, 0.75]))
    throat = head.hanging(np.array([(-0.40, 1.35, -0.45), (0.40, 1.35, -0.45)]), np.array([0.4, 0.4]))
    left = curve(np.array([top[0], throat[0], (124 * k, 252 * k), (92 * k, 272 * k)]))
    right = curve(np.array([top[1], throat[1], (196 * k, 252 * k), (228 * k, 272 * k)]))
    outline = np.vstack([left, [(160 * k, 330 * k)], right[::-1]])
    light = Light(head.size, palette.SKIN)
    light.tint(np.vstack([right, right[::-1] - offset(26 * k, 0)]), palette.SKIN_SHADE, 0.75, 9 * k)
    jaw = head.landmarks[2:15]
    shadow = np.vstack([jaw, (jaw + offset(3 * k, 17 * k))[::-1]])
    light.tint(shadow, palette.SKIN_DEEP, 0.55, 5.5 * k)
    light.tint(np.vstack([jaw, (jaw + offset(6 * k, 40 * k))[::-1]]), palette.SKIN_SHADE, 0.6, 9 * k)
    for side in (-1, 1):
        bone = np.array([(160 + side * 8, 283), (160 + side * 22, 276), (160 + side * 44, 273)]) * k
        light.tint(np.vstack([curve(bone), curve(bone)[::-1] + offset(0, 3 * k)]), palette.SKIN_SHADE, 0.55, 2.2 * k)
    with canvas.inside(outline) as layer:
        layer.cover(light)


def draw_ear(canvas: Canvas, head: Head) -> None:
    points = head.at(*EAR)
    light = Light(head.size, palette.SKIN)
    hollow = head.at((-0.72, 0.26, -0.66), (-0.775, 0.20, -0.7), (-0.80, 0.0, -0.72), (-0.76, -0.06, -0.7), (-0.71, 0.05, -0.66))
    light.tint(loop(hollow), palette.SKIN_SHADE, 0.85, 2.0 * head.unit / 75)
    with canvas.inside(loop(points)) as layer:
        layer.cover(light)
    stud = head.at((-0.725, 0.385, -0.62))[0]
    canvas.fill(disc(stud, 0.034 * head.unit, 24), palette.GOLD)
    canvas.fill(disc(stud - 0.008 * head.unit, 0.016 * head.unit, 24), palette.GOLD_LIGHT)


def draw_face(canvas: Canvas, head: Head) -> None:
    """The face without its features: contour, planes, blush."""
    jaw = head.landmarks[0:17]
    crown = head.at(*FOREHEAD, *((-x, y, z) for x, y, z in FOREHEAD[-2::-1]))
    outline = loop(np.vstack([jaw, crown]), 6)
    light = Light(head.size, palette.SKIN)
    shade_planes(light, head, jaw)
    shade_eyes(light, head)
    shade_nose(light, head)
    shade_mouth(light, head)
    with canvas.inside(outline) as layer:
        layer.cover(light)


def shade_planes(light: Light, head: Head, jaw: Points) -> None:
    u = head.unit
    forehead, cheek = head.at((-0.16, -0.42, 0.05))[0], head.at((-0.40, 0.34, 0.1))[0]
    light.spot(forehead, (0.36 * u, 0.24 * u), palette.SKIN_LIGHT, 0.75 * head.lit((-0.2, -0.4, 1)))
    light.spot(cheek, (0.22 * u, 0.20 * u), palette.SKIN_LIGHT, 0.55 * head.lit((-0.4, 0, 1)))

    far = head.at((0.50, -0.35, -0.1), (0.56, 0.0, -0.1), (0.50, 0.40, -0.05), (0.40, 0.78, 0.0), (0.22, 1.08, 0.08))
    outside = head.at((0.30, 1.6, 0), (1.1, 1.0, -0.4), (1.1, -0.4, -0.4), (0.6, -0.7, -0.3))
    away = 1 - head.lit((1, 0.1, 0.55))
    light.tint(np.vstack([curve(far), outside]), palette.SKIN_SHADE, 0.20 + 0.50 * away, 0.11 * u)
    near = np.vstack([jaw[2:9], jaw[2:9][::-1] + offset(0.10 * u, -0.05 * u)])
    light.tint(near, palette.SKIN_SHADE, 0.10 + 0.35 * (1 - head.lit((-1, 0.3, 0.4))), 0.06 * u)
    fringe = head.at((-0.75, -0.9, -0.3), (-0.62, -0.40, -0.2), (-0.42, -0.55, -0.1), (-0.1, -0.60, 0), (0.25, -0.50, 0),
                     (0.48, -0.32, -0.1), (0.60, -0.02, -0.2), (0.62, 0.42, -0.3), (0.9, 0.4, -0.4),
                     (0.8, -0.8, -0.4))  # fmt: skip
    light.tint(fringe, palette.SKIN_SHADE, 0.55, 0.055 * u)

    for side in (-1.0, 1.0):
        light.spot(head.at((side * 0.43, 0.38, 0.0))[0], (0.20 * u, 0.14 * u), palette.BLUSH, 0.36, -side * 0.35)
    chin = jaw[8] + offset(-0.02 * u, -0.12 * u)
    light.spot(chin, (0.13 * u, 0.085 * u), palette.SKIN_LIGHT, 0.55)


def shade_eyes(light: Light, head: Head) -> None:
    u = head.unit
    for side in (-1.0, 1.0):
        socket = head.at((side * 0.17, -0.13, 0.02), (side * 0.28, -0.19, 0.05), (side * 0.42, -0.185, 0.03),
                         (side * 0.54, -0.06, -0.1), (side * 0.36, -0.04, 0.0), (side * 0.19, 0.0, 0.0))  # fmt: skip
        light.tint(loop(socket), palette.LID, 0.62, 0.03 * u)
        inner = head.at((side * 0.145, -0.06, 0.05))[0]
        light.spot(inner, (0.06 * u, 0.11 * u), palette.SKIN_SHADE, 0.5 if side < 0 else 0.75)
        below = head.at((side * 0.34, 0.165, 0.04))[0]
        light.spot(below, (0.15 * u, 0.035 * u), palette.SKIN_SHADE, 0.14, side * 0.1)
        bone = head.at((side * 0.42, -0.215, 0.06))[0]
        light.spot(bone, (0.11 * u, 0.03 * u), palette.SKIN_LIGHT, 0.6, side * 0.2)


def shade_nose(light: Light, head: Head) -> None:
    u, marks = head.unit, head.landmarks
    side = head.at((0.05, 0.05, 0.10), (0.035, 0.30, 0.26), (0.05, 0.42, 0.32), (0.10, 0.53, 0.2), (0.15, 0.52, 0.08),
                   (0.12, 0.40, 0.08), (0.10, 0.20, 0.05))  # fmt: skip
    light.tint(loop(side), palette.SKIN_SHADE, 0.20 + 0.45 * (1 - head.lit((1, 0, 0.5))), 0.028 * u)
    base = head.at(
        (-0.10, 0.545, 0.24), (0, 0.53, 0.33), (0.10, 0.545, 0.24), (0.12, 0.60, 0.16), (0.02, 0.66, 0.2), (-0.08, 0.61, 0.16)
    ) - offset(0, 0.04 * u)
    light.tint(loop(base), palette.SKIN_SHADE, 0.85, 0.02 * u)
    ridge = np.vstack([head.at((-0.035, 0.02, 0.1), (-0.03, 0.25, 0.25), (-0.035, 0.37, 0.33))])
    light.tint(np.vstack([ridge, ridge[::-1] + offset(0.045 * u, 0)]), palette.SKIN_LIGHT, 0.6, 0.02 * u)
    light.spot(head.at((-0.03, 0.415, 0.37))[0], (0.05 * u, 0.045 * u), palette.WHITE, 0.6)
    light.spot(marks[31] + offset(0.02 * u, -0.03 * u), (0.035 * u, 0.04 * u), palette.SKIN_LIGHT, 0.5)


def shade_mouth(light: Light, head: Head) -> None:
    u, marks = head.unit, head.landmarks
    under = marks[57] + offset(0.01 * u, 0.055 * u)
    light.spot(under, (0.14 * u, 0.035 * u), palette.SKIN_SHADE, 0.85)
    groove = np.vstack([marks[33] + offset(0.0, 0.02 * u), marks[51] + offset(0.035 * u, 0), marks[51] - offset(0.02 * u, 0)])
    light.tint(groove, palette.SKIN_SHADE, 0.35, 0.014 * u)
    for corner, wing, way in ((marks[48], marks[31], -1), (marks[54], marks[35], 1)):
        fold = curve(np.array([wing + offset(way * 0.05 * u, -0.02 * u), (wing + corner) / 2 + offset(way * 0.105 * u, -0.02 * u),
                               corner + offset(way * 0.09 * u, -0.01 * u)]))  # fmt: skip
        light.tint(
            np.vstack([fold, fold[::-1] + offset(way * 0.02 * u, 0)]),
            palette.SKIN_SHADE,
            0.18 + 0.3 * head.pose.mouth.smile,
            0.014 * u,
        )
        light.spot(corner + offset(way * 0.03 * u, 0.012 * u), (0.035 * u, 0.03 * u), palette.SKIN_SHADE, 0.45)
