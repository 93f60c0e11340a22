"""Parts and sentences to one mel: what is quiet at their edges is cut to what the mark between deserves, nothing is added."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["joined", "quiet_edges"]

Mel = NDArray[np.float32]

PAUSE = {"": 2, ",": 13, "-": 20, ";": 24, ":": 24, ".": 30, "?": 30, "!": 30}
"""Frames of 11.6 ms that may be quiet between two parts of a sentence, by the mark between them."""
EDGE = 4
"""Quiet frames kept at a sentence's beginning and end; the pause between two sentences is made where sound is."""
QUIET = 4.6
"""Below the loudest frame, in natural logarithm of amplitude: 40 dB, where breath and room begin."""


def joined(parts: Sequence[Mel], marks: Sequence[str]) -> Mel:
    """The mel of a sentence from those of its parts (frames, channels), each with the mark after it."""
    edges = [quiet_edges(part) for part in parts]
    allowed = [PAUSE[mark] for mark in marks[:-1]]
    pieces = []
    lead = EDGE
    for part, (before, after), pause in zip(parts, edges, [*allowed, EDGE], strict=True):
        tail = min(after, pause)
        pieces.append(part[max(before - lead, 0) : len(part) - after + tail])
        lead = pause - tail
    return np.concatenate(pieces)


def quiet_edges(mel: Mel) -> tuple[int, int]:
    """How many frames are quiet at the beginning and at the end of a mel (frames, channels)."""
    loudness = np.logaddexp.reduce(mel, axis=1)
    heard = np.flatnonzero(loudness > loudness.max() - QUIET)
    return int(heard[0]), len(mel) - 1 - int(heard[-1])
