"""The footage's own mouth brought to rest: speech is added to it, so lips that stand apart in it would never meet."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from steps.animate.head import Head, Points, complex_points
from steps.animate.visemes import Visemes

__all__ = ["lips_apart", "with_mouth_at_rest"]

UPPER_LIP, LOWER_LIP = [61, 62, 63], [67, 66, 65]
"""The inner edges, point by point above one another."""
OPEN = "AA"
LEAST = 0.05
"""Eye distances that OPEN opens the lips at least, in whatever bundle."""


def lips_apart(shape: Points) -> NDArray[np.float64]:
    """How far the inner lips stand apart (...), in a face (..., 68) in the head's frame."""
    return np.asarray((shape[..., LOWER_LIP] - shape[..., UPPER_LIP]).imag.mean(axis=-1))


def with_mouth_at_rest(head: Head, visemes: Visemes) -> Head:
    """Where the presenter breathes, talks or smiles with open lips, close lips and jaw the way this mouth opens for a vowel.

    Lips as near to each other as in `visemes.rest` stay as they were filmed.
    """
    rest, way = complex_points(visemes.rest), complex_points(visemes.of(OPEN))
    opens = max(float(lips_apart(way)), LEAST)

    def closed(shape: Points) -> Points:
        share = np.maximum(lips_apart(shape) - lips_apart(rest), 0) / opens
        return np.asarray(shape - share[..., None] * way)

    scale, shift, usual = head.home
    return replace(head, shape=closed(head.shape), home=(scale, shift, closed(usual)))
