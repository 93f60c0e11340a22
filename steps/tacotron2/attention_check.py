"""Check from the attention alignment whether an utterance says its text.

A good alignment goes from the first symbol to the last, a few frames on each, forwards. Tacotron2 now and then skips words,
repeats them, holds one sound or never ends; another random draw of the prenet's dropout then often succeeds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_FOCUS = 0.5
"""Mean share of attention within FOCUS_RADIUS symbols of its peak; below it the net does not attend to the text at all."""
FOCUS_RADIUS = 2
MAX_SKIPPED = 8
"""Symbols in a row, a short word and its blanks, that the attention peak may pass over from one frame to the next."""
MAX_STEP_BACK = 8
"""Symbols that the attention peak may fall back behind the farthest it has been."""
MAX_FRAMES_PER_SYMBOL = 130
"""1.5 s: longer than any pause."""
MAX_UNREAD = 4
"""Symbols at either end, punctuation and silent letters, that need not be attended to."""


@dataclass(frozen=True)
class AttentionFault:
    """What went wrong with an utterance."""

    description: str
    """To follow "the voice ..." in a message."""
    untrained: bool = False
    """Whether every text would fail: the net's attention does not work at all."""


def check_attention(alignment: NDArray[np.float32], ended: bool) -> AttentionFault | None:
    """Return what is wrong with an utterance, None for a good one.

    Args:
        alignment: attention weights (frames, symbols); each frame sums to 1.
        ended: whether the gate ended the utterance, not the limit of frames.
    """
    frames, symbols = alignment.shape
    places = np.arange(symbols)
    peaks = alignment.argmax(1)
    focus = np.where(np.abs(places - peaks[:, None]) <= FOCUS_RADIUS, alignment, 0).sum(1).mean()
    if focus < MIN_FOCUS:
        return AttentionFault(f"did not read: its attention is scattered, {focus:.0%} in one place", untrained=True)
    if not ended:
        return AttentionFault(f"did not come to an end in {frames} frames")
    farthest = np.maximum.accumulate(peaks)
    if peaks[0] > MAX_UNREAD + MAX_SKIPPED or np.diff(farthest, prepend=0).max() > MAX_SKIPPED:
        return AttentionFault("left out words")
    if farthest[-1] < symbols - 1 - MAX_UNREAD:
        return AttentionFault(f"ended before the last {symbols - 1 - farthest[-1]} symbols")
    if (farthest - peaks).max() > MAX_STEP_BACK:
        return AttentionFault("said words twice")
    if longest_run(peaks) > MAX_FRAMES_PER_SYMBOL:
        return AttentionFault("kept to one sound")
    return None


def longest_run(peaks: NDArray[np.int64]) -> int:
    """Length of the longest run of frames with the same peak."""
    changes = np.flatnonzero(np.diff(peaks)) + 1
    return int(np.diff(np.concatenate([[0], changes, [len(peaks)]])).max())
