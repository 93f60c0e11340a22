"""Eyes, brows, nose and mouth, each from the landmarks that name it."""

from dataclasses import replace

import numpy as np

from tools.presenter.drawing import palette
from tools.presenter.drawing.canvas import Canvas, by, curve, loop, mix
from tools.presenter.drawing.face import JAW_TRAVEL, Points
from tools.presenter.drawing.head import Head

EYEBALL = (0.335, -0.018, -0.18)
IRIS_RADIUS = 0.100


def disc(centre: Points, radius: float, flatten: float = 1.0) -> Points:
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    return centre + radius * np.stack([np.cos(turn), flatten * np.sin(turn)], 1)


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
    """Eyes look into the camera: the iris is where the eyeball's nearest point is."""
    u = head.unit
    x, y, z = EYEBALL
    centre = head.at((side * x, y, z))[0]
    eye.fill(disc(centre, 0.4 * u), palette.SCLERA)
    eye.fill(disc(centre, IRIS_RADIUS * u), palette.IRIS_DARK)
    eye.fill(disc(centre + by(0, 0.004 * u), (IRIS_RADIUS - 0.013) * u), palette.IRIS)
    eye.fill(disc(centre + by(0, 0.030 * u), 0.050 * u), palette.IRIS_LIGHT)
    eye.fill(disc(centre + by(0, 0.008 * u), 0.056 * u), mix(palette.IRIS, palette.IRIS_LIGHT, 0.35))
    eye.fill(disc(centre, 0.040 * u), palette.PUPIL)
    shadow = np.vstack([upper, upper[::-1] + by(0, 0.028 * u)])
    with eye.inside(shadow) as lid:
        lid.image[:] = (lid.image * 0.74).astype(np.uint8)
    eye.fill(disc(centre + by(-0.030 * u, -0.034 * u), 0.024 * u), palette.WHITE)
    eye.fill(disc(centre + by(0.032 * u, 0.036 * u), 0.011 * u), (226, 240, 236))


def draw_lashes(canvas: Canvas, u: float, side: int, upper: Points) -> None:
    wing = upper[0] + by(side * 0.062 * u, -0.030 * u)
    line = np.vstack([wing, upper])
    line[1:] -= [0, 0.008 * u]
    widths = 0.042 * u * np.interp(np.linspace(0, 1, len(line)), [0, 0.12, 0.45, 0.8, 1], [0.05, 0.85, 1, 0.65, 0.25])
    canvas.stroke(line, widths, palette.LASH)
    for place, length, lean in ((2, 0.075, 0.95), (5, 0.072, 0.70), (9, 0.06, 0.45)):
        root = upper[place]
        tip = root + by(side * lean * length * u, -length * 0.8 * u)
        canvas.fill(np.array([root + by(side * 0.014 * u, 0), tip, root - by(side * 0.014 * u, 0.004 * u)]), palette.LASH)


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
        gleam = np.array([middle + by(-0.10 * u, 0.0), middle + by(-0.02 * u, -0.014 * u), middle + by(0.06 * u, -0.004 * u),
                          middle + by(-0.02 * u, 0.014 * u)])  # fmt: skip
        lip.fill(loop(gleam), palette.LIP_GLEAM)
    canvas.fill(upper, palette.LIP_UPPER)
    seam = np.vstack([marks[48], inner_top, marks[54]])
    canvas.stroke(seam, 0.017 * u * np.sin(np.pi * np.linspace(0.06, 0.94, len(seam))), palette.LIP_DARK)


def draw_inside_of_mouth(mouth: Canvas, head: Head) -> None:
    """Upper teeth hang from the skull, lower teeth and tongue ride on the jaw."""
    drop = JAW_TRAVEL * head.pose.mouth.jaw_open
    mouth.image[:] = palette.MOUTH
    tongue = head.at((-0.22, 1.0 + drop, 0.0), (-0.15, 0.83 + drop, 0.03), (0, 0.795 + drop, 0.06), (0.15, 0.83 + drop, 0.03),
                     (0.22, 1.0 + drop, 0.0), (0, 1.05 + drop, 0.0))  # fmt: skip
    mouth.fill(loop(tongue), palette.TONGUE)
    lower = head.at((-0.19, 0.840 + drop, 0.02), (-0.10, 0.837 + drop, 0.10), (0, 0.836 + drop, 0.12), (0.10, 0.837 + drop, 0.10),
                    (0.19, 0.840 + drop, 0.02))  # fmt: skip
    mouth.fill(np.vstack([curve(lower), curve(lower)[::-1] + by(0, 0.10 * head.unit)]), palette.TEETH_SHADE)
    upper = head.at((-0.26, 0.810, -0.08), (-0.17, 0.843, 0.06), (-0.06, 0.858, 0.13), (0.06, 0.858, 0.13), (0.17, 0.843, 0.06),
                    (0.26, 0.810, -0.08))  # fmt: skip
    mouth.fill(np.vstack([curve(upper), curve(upper)[::-1] - by(0, 0.16 * head.unit)]), palette.TEETH)
