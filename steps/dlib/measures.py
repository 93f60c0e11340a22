"""What landmarks in iBUG order say about a face."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LANDMARKS", "eye_distance", "mouth_opening"]

LANDMARKS = 68
OUTER_EYE_CORNERS = (36, 45)
INNER_LIPS = (62, 66)
"""The middles of the upper and of the lower lip's inner edge."""


def eye_distance(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance between the outer corners of the eyes: (T, 68, 2) in any unit -> (T,) in the same."""
    left, right = (landmarks[:, corner].astype(np.float64) for corner in OUTER_EYE_CORNERS)
    distance: NDArray[np.float64] = np.linalg.norm(right - left, axis=1)
    return distance


def mouth_opening(landmarks: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far the mouth is open, in distances between the eyes: (T, 68, 2) -> (T,); 0 is closed, a shout about 0.3."""
    upper, lower = (landmarks[:, lip].astype(np.float64) for lip in INNER_LIPS)
    opening: NDArray[np.float64] = np.linalg.norm(lower - upper, axis=1) / eye_distance(landmarks)
    return opening
