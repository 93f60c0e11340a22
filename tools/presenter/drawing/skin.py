"""Neck, ear and face: one smooth skin whose light and shade follow the head."""

import numpy as np

from tools.presenter.drawing import palette
from tools.presenter.drawing.canvas import Canvas, Light, by, curve, loop
from tools.presenter.drawing.face import Points
from tools.presenter.drawing.head import Head

FOREHEAD = ((0.70, -0.30, -0.50), (0.60, -0.56, -0.40), (0.36, -0.78, -0.28), (0.0, -0.86, -0.2))
EAR = ((-0.66, 0.40, -0.62), (-0.735, 0.42, -0.66), (-0.79, 0.30, -0.70), (-0.83, 0.10, -0.74), (-0.835, -0.06, -0.76),
       (-0.79, -0.15, -0.72), (-0.71, -0.10, -0.66), (-0.66, 0.10, -0.60))  # fmt: skip


def draw_neck(canvas: Canvas, head: Head) -> None:
    """The neck stands on the still body and follows the head at its top; the chin's shadow falls on it."""
    k = head.size / 320
    sides = np.array([(-0.46, 0.62, -0.62), (0.46, 0.62, -0.62)])
    top = head.hanging(sides, np.array([0.75, 0.75]))
    throat = head.hanging(np.array([(-0.40, 1.35, -0.45), (0.40, 1.35, -0.45)]), np.array([0.4, 0.4]))
    left = curve(np.array([top[0], throat[0], (124 * k, 252 * k), (92 * k, 272 * k)]))
    right = curve(np.array([top[1], throat[1], (196 * k, 252 * k), (228 * k, 272 * k)]))
    outline = np.vstack([left, [(160 * k, 330 * k)], right[::-1]])
    light = Light(head.size, palette.SKIN)
    light.tint(np.vstack([right, right[::-1] - by(26 * k, 0)]), palette.SKIN_SHADE, 0.75, 9 * k)
    jaw = head.landmarks[2:15]
    shadow = np.vstack([jaw, (jaw + by(3 * k, 17 * k))[::-1]])
    light.tint(shadow, palette.SKIN_DEEP, 0.55, 5.5 * k)
    light.tint(np.vstack([jaw, (jaw + by(6 * k, 40 * k))[::-1]]), palette.SKIN_SHADE, 0.6, 9 * k)
    for side in (-1, 1):
        bone = np.array([(160 + side * 8, 283), (160 + side * 22, 276), (160 + side * 44, 273)]) * k
        light.tint(np.vstack([curve(bone), curve(bone)[::-1] + by(0, 3 * k)]), palette.SKIN_SHADE, 0.55, 2.2 * k)
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
    disc(canvas, stud, 0.034 * head.unit, palette.GOLD)
    disc(canvas, stud - 0.008 * head.unit, 0.016 * head.unit, palette.GOLD_LIGHT)


def disc(canvas: Canvas, centre: Points, radius: float, colour: tuple[float, float, float]) -> None:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    canvas.fill(centre + radius * np.stack([np.cos(turn), np.sin(turn)], 1), colour)


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
    near = np.vstack([jaw[2:9], jaw[2:9][::-1] + by(0.10 * u, -0.05 * u)])
    light.tint(near, palette.SKIN_SHADE, 0.10 + 0.35 * (1 - head.lit((-1, 0.3, 0.4))), 0.06 * u)
    fringe = head.at((-0.75, -0.9, -0.3), (-0.62, -0.40, -0.2), (-0.42, -0.55, -0.1), (-0.1, -0.60, 0), (0.25, -0.50, 0),
                     (0.48, -0.32, -0.1), (0.60, -0.02, -0.2), (0.62, 0.42, -0.3), (0.9, 0.4, -0.4),
                     (0.8, -0.8, -0.4))  # fmt: skip
    light.tint(fringe, palette.SKIN_SHADE, 0.55, 0.055 * u)

    for side in (-1.0, 1.0):
        light.spot(head.at((side * 0.43, 0.38, 0.0))[0], (0.20 * u, 0.14 * u), palette.BLUSH, 0.36, -side * 0.35)
    chin = jaw[8] + by(-0.02 * u, -0.12 * u)
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
    ) - by(0, 0.04 * u)
    light.tint(loop(base), palette.SKIN_SHADE, 0.85, 0.02 * u)
    ridge = np.vstack([head.at((-0.035, 0.02, 0.1), (-0.03, 0.25, 0.25), (-0.035, 0.37, 0.33))])
    light.tint(np.vstack([ridge, ridge[::-1] + by(0.045 * u, 0)]), palette.SKIN_LIGHT, 0.6, 0.02 * u)
    light.spot(head.at((-0.03, 0.415, 0.37))[0], (0.05 * u, 0.045 * u), palette.WHITE, 0.6)
    light.spot(marks[31] + by(0.02 * u, -0.03 * u), (0.035 * u, 0.04 * u), palette.SKIN_LIGHT, 0.5)


def shade_mouth(light: Light, head: Head) -> None:
    u, marks = head.unit, head.landmarks
    under = marks[57] + by(0.01 * u, 0.055 * u)
    light.spot(under, (0.14 * u, 0.035 * u), palette.SKIN_SHADE, 0.85)
    groove = np.vstack([marks[33] + by(0.0, 0.02 * u), marks[51] + by(0.035 * u, 0), marks[51] - by(0.02 * u, 0)])
    light.tint(groove, palette.SKIN_SHADE, 0.35, 0.014 * u)
    for corner, wing, way in ((marks[48], marks[31], -1), (marks[54], marks[35], 1)):
        fold = curve(np.array([wing + by(way * 0.05 * u, -0.02 * u), (wing + corner) / 2 + by(way * 0.105 * u, -0.02 * u),
                               corner + by(way * 0.09 * u, -0.01 * u)]))  # fmt: skip
        light.tint(
            np.vstack([fold, fold[::-1] + by(way * 0.02 * u, 0)]),
            palette.SKIN_SHADE,
            0.18 + 0.3 * head.pose.mouth.smile,
            0.014 * u,
        )
        light.spot(corner + by(way * 0.03 * u, 0.012 * u), (0.035 * u, 0.03 * u), palette.SKIN_SHADE, 0.45)
