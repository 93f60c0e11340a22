"""Everything of a frame that drawing needs to know about the head: its landmarks and any other point of it, in pixels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tools.presenter.drawing.face import EYE_DISTANCE, Points, face_points, project, rotation
from tools.presenter.drawing.pose import Pose

TOWARD_LIGHT = np.array([-0.55, -0.5, 0.67])
"""The key light: from the upper left, in front."""


@dataclass(frozen=True)
class Head:
    """A posed head in a frame of `size` pixels."""

    pose: Pose
    size: int

    @cached_property
    def shape(self) -> Points:
        """The face before it turns, (68, 3)."""
        return face_points(self.pose)

    @cached_property
    def landmarks(self) -> Points:
        """(68, 2) pixels."""
        return project(self.shape, self.pose, self.size)

    @property
    def unit(self) -> float:
        """Pixels of one distance between the eyes, unturned."""
        return EYE_DISTANCE * self.pose.scale * self.size / 320

    def at(self, *points: tuple[float, float, float]) -> Points:
        """Points of the head, given at rest: (N, 2) pixels."""
        return project(np.array(points, float), self.pose, self.size)

    def hanging(self, points: Points, follow: Points) -> Points:
        """Points (N, 3) of which each follows the head's turn only by its share (N,): hair and neck, (N, 2) pixels."""
        moved = project(points, self.pose, self.size)
        still = project(points, Pose(), self.size)
        hung: Points = still + (moved - still) * follow[:, None]
        return hung

    def lit(self, normal: tuple[float, float, float]) -> float:
        """How much of the key light falls on a part of the head that faces `normal`: 0 to 1."""
        direction = rotation(self.pose) @ (np.array(normal) / np.linalg.norm(normal))
        return float(np.clip(direction @ TOWARD_LIGHT, 0, 1))
