"""How far each of the 68 points lies before the eyes: what lets a face that is known in the picture plane only nod.

A mean adult face in the head's units (distance between the outer eye corners), z toward the camera, rounded: for turns of a few
degrees a presenter's own depth would shift no point by more than a fraction of a pixel.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEPTH", "NECK"]

NECK = -0.55
"""Depth of the joint that the head nods about, inside the neck."""


def both_sides(half: Sequence[float], middle: Sequence[float] = ()) -> list[float]:
    """A row of points from the left to the right, given from the left to the middle."""
    return [*half, *middle, *half[::-1]]


DEPTH: NDArray[np.float64] = np.array(
    [
        *both_sides([-0.58, -0.55, -0.49, -0.39, -0.25, -0.10, 0.04, 0.13], [0.16]),  # jaw, ear to chin to ear
        *both_sides([-0.06, 0.04, 0.10, 0.12, 0.10]),  # brows
        *[0.10, 0.19, 0.30, 0.39],  # bridge of the nose, downwards
        *both_sides([0.14, 0.22], [0.25]),  # base of the nose
        *[-0.08, 0.03, 0.05, 0.00, 0.04, 0.02],  # left eye: outer corner, upper lid, inner corner, lower lid
        *[0.00, 0.05, 0.03, -0.08, 0.02, 0.04],  # right eye: inner corner, upper lid, outer corner, lower lid
        *both_sides([0.07, 0.16, 0.22], [0.23]),  # outer edge of the upper lip, corner to corner
        *both_sides([0.15, 0.20], [0.21]),  # outer edge of the lower lip
        *both_sides([0.08, 0.19], [0.21]),  # inner edge of the upper lip, corner to corner
        *both_sides([0.19], [0.21]),  # inner edge of the lower lip
    ]
)
"""(68,)"""
