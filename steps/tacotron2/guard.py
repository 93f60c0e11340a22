"""Whether an utterance says its text, told from how attention went through the symbols.

A good reading goes from the first symbol to the last, a few frames on each, forwards. Tacotron2 now and then leaves out words,
says them twice, keeps to one sound or never ends; another drawing of its dropout then often succeeds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fault", "fault_of"]

FOCUS = 0.5
"""Share of attention that must lie within NEAR symbols of its peak, on average: below it nothing was read at all."""
NEAR = 2
LEFT_OUT = 8
"""Symbols in a row, a short word and its blanks, that attention may pass over from one frame to the next."""
BACK = 8
"""Symbols that attention may fall back behind what it has read."""
HELD = 130
"""Frames, 1.5 s, that attention may stay on one symbol: longer than any pause."""
UNREAD = 4
"""Symbols at either end, marks and silent letters, that need not be read."""


@dataclass(frozen=True)
class Fault:
    """What went wrong with an utterance, in words to follow "the voice"."""

    told: str
    of_weights: bool = False
    """Whether no text would have gone better: the net does not read at all."""


def fault_of(alignment: NDArray[np.float32], ended: bool) -> Fault | None:
    """What is wrong with an utterance's alignment (frames, symbols); None for a good one."""
    frames, symbols = alignment.shape
    places = np.arange(symbols)
    peaks = alignment.argmax(1)
    focus = np.where(np.abs(places - peaks[:, None]) <= NEAR, alignment, 0).sum(1).mean()
    if focus < FOCUS:
        return Fault(f"did not read: its attention is scattered, {focus:.0%} in one place", of_weights=True)
    if not ended:
        return Fault(f"did not come to an end in {frames} frames")
    farthest = np.maximum.accumulate(peaks)
    if peaks[0] > UNREAD + LEFT_OUT or np.diff(farthest, prepend=0).max() > LEFT_OUT:
        return Fault("left out words")
    if farthest[-1] < symbols - 1 - UNREAD:
        return Fault(f"ended before the last {symbols - 1 - farthest[-1]} symbols")
    if (farthest - peaks).max() > BACK:
        return Fault("said words twice")
    if longest_stay(peaks) > HELD:
        return Fault("kept to one sound")
    return None


def longest_stay(peaks: NDArray[np.int64]) -> int:
    """Frames in a row with the same peak."""
    changes = np.flatnonzero(np.diff(peaks)) + 1
    return int(np.diff(np.concatenate([[0], changes, [len(peaks)]])).max())
