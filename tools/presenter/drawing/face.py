"""The example presenter's posed head: pose of one frame, face in 3D with 68 landmarks in iBUG order, projection to pixels.

Coordinates: origin midway between the outer corners of the eyes, unit = the distance between them, x right and y down in the
picture, z toward the camera. The drawing takes its shapes from these points, so the landmarks of a drawn frame are exact.

Order of the points: Sagonas et al., "300 Faces in-the-Wild Challenge", 2013. Symmetric points are given for one half only.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Mouth:
    """A mouth's shape as the extent of each of its movements, 0 to 1 unless stated otherwise; all 0 is at rest, closed.

    The movements are the speech-relevant action units of the Facial Action Coding System (Ekman & Friesen, 1978).
    """

    jaw_open: float = 0.0
    """Jaw drop (AU 26, 27): 1 is a shout."""
    width: float = 0.0
    """Corners apart (AU 20); -1 to 1."""
    round: float = 0.0
    """Pucker and funnel (AU 18, 22): corners in, lips forward."""
    upper_raise: float = 0.0
    """Upper lip up (AU 10), showing upper teeth."""
    lower_drop: float = 0.0
    """Lower lip down (AU 16), showing lower teeth."""
    press: float = 0.0
    """Lips pressed and rolled in (AU 24, 28)."""
    tuck: float = 0.0
    """Lower lip drawn in under the upper teeth (AU 32), as for F."""
    smile: float = 0.0
    """Corners up and out (AU 12), beyond the presenter's friendly rest."""

    def toward(self, other: "Mouth", share: float) -> "Mouth":
        """The mouth on the way to another: `share` 0 is this one, 1 is the other."""
        return Mouth(**{f.name: (1 - share) * getattr(self, f.name) + share * getattr(other, f.name) for f in fields(Mouth)})


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Head and face in one frame; angles in radians, lengths in distances between the outer corners of the eyes."""

    yaw: float = 0.0
    """Positive turns the face to the picture's right."""
    pitch: float = 0.0
    """Positive bows the head."""
    roll: float = 0.0
    """Positive tilts the head clockwise in the picture."""
    x: float = 0.0
    """Shift of the head to the picture's right."""
    y: float = 0.0
    """Shift of the head down."""
    scale: float = 1.0
    """Size of the head, 1 at rest."""
    brows: float = 0.0
    """Raised brows, -0.5 (lowered) to 1."""
    blink: float = 0.0
    """0 is open, 1 closed."""
    mouth: Mouth = Mouth()


Points: TypeAlias = NDArray[np.float64]

EYE_DISTANCE = 75.0
"""Pixels between the outer corners of the eyes at rest, in a frame of 320."""
ORIGIN = (160.0, 127.0)
"""Pixels of the origin at rest, in a frame of 320."""
PIVOT = np.array([0.0, 0.75, -0.55])
"""Centre of the head's rotation: the top of the neck."""
JAW_TRAVEL = 0.30
"""How far the middle of the lower lip sinks when the jaw is fully open."""

# The half at the picture's right; the other is its mirror image.
JAW = [(0, 1.195, 0.16), (0.15, 1.172, 0.13), (0.305, 1.09, 0.04), (0.45, 0.955, -0.1), (0.57, 0.775, -0.25),
       (0.65, 0.575, -0.39), (0.695, 0.37, -0.49), (0.715, 0.16, -0.55), (0.715, -0.05, -0.58)]  # fmt: skip
BROW = [(0.128, -0.236, 0.10), (0.220, -0.274, 0.12), (0.330, -0.300, 0.10), (0.445, -0.292, 0.04), (0.545, -0.222, -0.06)]
NOSE_BRIDGE = [(0, 0.0, 0.10), (0, 0.145, 0.18), (0, 0.285, 0.28), (0, 0.415, 0.36)]
NOSE_BASE = [(0, 0.545, 0.24), (0.062, 0.534, 0.21), (0.118, 0.508, 0.13)]
EYE = [(0.172, 0.028, 0.0), (0.252, -0.094, 0.05), (0.385, -0.118, 0.03), (0.50, -0.025, -0.08),
       (0.395, 0.062, 0.02), (0.265, 0.074, 0.04)]  # fmt: skip
LIPS_UPPER = [(0, 0.731, 0.235), (0.070, 0.715, 0.225), (0.18, 0.741, 0.165), (0.302, 0.752, 0.07)]
LIPS_LOWER = [(0.195, 0.867, 0.15), (0.09, 0.919, 0.20), (0, 0.929, 0.21)]
SEAM = [(0, 0.808, 0.215), (0.115, 0.800, 0.195), (0.280, 0.758, 0.085)]

UPPER_LID, LOWER_LID = [37, 38, 43, 44], [41, 40, 47, 46]
LIP_OUTER_TOP, LIP_OUTER_BOTTOM = [49, 50, 51, 52, 53], [59, 58, 57, 56, 55]
LIP_INNER_TOP, LIP_INNER_BOTTOM = [61, 62, 63], [67, 66, 65]
LIP_CORNERS = [48, 54, 60, 64]
JAW_FOLLOWS = np.array([0, 0, 0.04, 0.14, 0.32, 0.56, 0.80, 0.94, 1.0])
"""Fraction of the jaw's travel along the contour, from the ear to the chin."""


def mirrored(points: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    return [(-x, y, z) for x, y, z in points]


def rest_points() -> Points:
    """The face at rest: (68, 3)."""
    left_eye = mirrored(EYE)
    upper = [*mirrored(LIPS_UPPER[:0:-1]), *LIPS_UPPER]
    lower = [*LIPS_LOWER, *mirrored(LIPS_LOWER[-2::-1])]
    seam = [*mirrored(SEAM[:0:-1]), *SEAM]
    points: list[tuple[float, float, float]] = [
        *mirrored(JAW[:0:-1]), *JAW,
        *mirrored(BROW[::-1]), *BROW,
        *NOSE_BRIDGE, *mirrored(NOSE_BASE[:0:-1]), *NOSE_BASE,
        left_eye[3], left_eye[2], left_eye[1], left_eye[0], left_eye[5], left_eye[4], *EYE,
        *upper, *lower, *seam, *seam[-2:0:-1],
    ]  # fmt: skip
    rest = np.array(points, float)
    rest[:, 1] -= (rest[36, 1] + rest[45, 1]) / 2
    return rest


REST = rest_points()


def face_points(pose: Pose) -> Points:
    """The face with mouth, brows and lids of a pose, before rotation: (68, 3)."""
    points = REST.copy()
    move_mouth(points, pose.mouth)
    points[17:27, 1] -= pose.brows * np.array([0.055, 0.075, 0.08, 0.075, 0.06, 0.06, 0.075, 0.08, 0.075, 0.055])
    close_lids(points, pose.blink, pose.mouth.smile)
    return points


def close_lids(points: Points, blink: float, smile: float) -> None:
    """The upper lid does nearly all the way of a blink; the lower one rises a little, and with a smile."""
    points[LOWER_LID, 1] -= 0.012 * blink + 0.014 * smile
    meeting = points[LOWER_LID] - [0, 0.004, 0]
    points[UPPER_LID] += blink * (meeting - points[UPPER_LID])


def move_mouth(points: Points, mouth: Mouth) -> None:
    lips = points[48:68]
    half_width = REST[54, 0]
    across = np.abs(REST[:, 0] / half_width)
    arch = np.clip(1 - across**2, 0, 1)
    drop = JAW_TRAVEL * mouth.jaw_open

    contour = np.concatenate([JAW_FOLLOWS, JAW_FOLLOWS[-2::-1]])
    points[0:17, 1] += drop * 0.85 * contour
    points[0:17, 0] *= 1 - 0.05 * mouth.jaw_open * contour * (1 - contour) * 4

    thin_lips(points, 0.5 * mouth.press)
    lips[:, 0] *= 1 + 0.17 * mouth.width + 0.10 * mouth.smile - 0.40 * mouth.round - 0.06 * mouth.jaw_open
    lips[:, 2] += 0.09 * mouth.round * (0.4 + 0.6 * arch[48:68]) - 0.05 * max(mouth.width, 0)

    full = np.sqrt(arch)
    bow = arch + (full - arch) * min(0.45 + 0.4 * mouth.jaw_open + 0.4 * mouth.round, 1)
    points[LIP_CORNERS, 1] += 0.36 * drop + 0.034 * mouth.round - 0.055 * mouth.smile - 0.008 * mouth.width
    top = LIP_OUTER_TOP + LIP_INNER_TOP
    points[top, 1] += 0.36 * drop * across[top] ** 2 - (0.045 * mouth.upper_raise + 0.03 * mouth.jaw_open) * bow[top]
    points[top, 1] -= 0.035 * mouth.smile * across[top] ** 2
    bottom = LIP_OUTER_BOTTOM + LIP_INNER_BOTTOM
    points[bottom, 1] += drop * (0.36 + 0.64 * bow[bottom]) + 0.065 * mouth.lower_drop * bow[bottom]
    points[bottom, 1] -= 0.045 * mouth.smile * across[bottom] ** 2
    points[LIP_INNER_TOP + LIP_INNER_BOTTOM, 1] += 0.024 * mouth.round
    points[LIP_OUTER_TOP, 1] += 0.02 * mouth.round * np.array([0.2, -0.3, 0.1, -0.3, 0.2])
    points[LIP_OUTER_BOTTOM, 1] += 0.02 * mouth.round * np.array([0.5, 0.8, 0.7, 0.8, 0.5])

    tuck_lower_lip(points, mouth.tuck)


def thin_lips(points: Points, share: float) -> None:
    """Roll the lips in: outer edges approach the seam between them."""
    for outer, inner in ((LIP_OUTER_TOP, [60, 61, 62, 63, 64]), (LIP_OUTER_BOTTOM, [60, 67, 66, 65, 64])):
        points[outer, 1] += share * (points[inner, 1] - points[outer, 1])


def tuck_lower_lip(points: Points, tuck: float) -> None:
    points[LIP_OUTER_BOTTOM, 1] -= tuck * np.array([0.01, 0.03, 0.035, 0.03, 0.01])
    points[LIP_OUTER_BOTTOM + LIP_INNER_BOTTOM, 2] -= 0.05 * tuck


def rotation(pose: Pose) -> Points:
    """Rotation matrix (3, 3) from the head's to the camera's axes: roll after pitch after yaw."""
    (cy, cp, cr), (sy, sp, sr) = np.cos([pose.yaw, pose.pitch, pose.roll]), np.sin([pose.yaw, pose.pitch, pose.roll])
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    product: Points = roll @ pitch @ yaw
    return product


def project(points: Points, pose: Pose, size: int) -> Points:
    """Weak perspective: head points (N, 3) to pixels (N, 2) of a frame of the given size."""
    turned = (points - PIVOT) @ rotation(pose).T + PIVOT
    flat = (turned[:, :2] - PIVOT[:2]) * pose.scale + PIVOT[:2] + [pose.x, pose.y]
    pixels: Points = (flat * EYE_DISTANCE + ORIGIN) * (size / 320)
    return pixels


TOWARD_LIGHT = np.array([-0.55, -0.5, 0.67])
"""The key light: from the upper left, in front."""


@dataclass(frozen=True)
class Head:
    """A posed head in a frame of `size` pixels."""

    pose: Pose
    size: int

    @cached_property
    def shape(self) -> Points:
        """The face before rotation, (68, 3)."""
        return face_points(self.pose)

    @cached_property
    def landmarks(self) -> Points:
        """(68, 2) pixels."""
        return project(self.shape, self.pose, self.size)

    @property
    def unit(self) -> float:
        """Pixels of one eye distance, before rotation."""
        return EYE_DISTANCE * self.pose.scale * self.size / 320

    def at(self, *points: tuple[float, float, float]) -> Points:
        """Project points of the head given at rest: (N, 2) pixels."""
        return project(np.array(points, float), self.pose, self.size)

    def hanging(self, points: Points, follow: Points) -> Points:
        """Points (N, 3) that follow the head's rotation by the fractions `follow` (N,), for hair and neck: (N, 2) pixels."""
        moved = project(points, self.pose, self.size)
        still = project(points, Pose(), self.size)
        hung: Points = still + (moved - still) * follow[:, None]
        return hung

    def lit(self, normal: tuple[float, float, float]) -> float:
        """Key light, 0 to 1, on a part of the head with normal vector `normal`."""
        direction = rotation(self.pose) @ (np.array(normal) / np.linalg.norm(normal))
        return float(np.clip(direction @ TOWARD_LIGHT, 0, 1))
