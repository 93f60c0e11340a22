"""Cues: spoken words with their times become captions of one or two lines, broken where a reader would breathe.

Widths and times follow the BBC Subtitle Guidelines (2022): short lines, one sentence a cue, breaks before small words rather than
after them, a cue on screen from its first word on and no longer than it is of use.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from newsreel.artifacts import SpokenWord

__all__ = ["LONGEST_LINE", "Cue", "Shown", "cues_of"]

LONGEST_LINE = 42
"""Characters."""

LEAD = 0.06
"""Seconds a cue appears before its first word."""
LINGER = 0.7
"""Seconds a cue stays after its last word, unless the next one comes."""


def words_in(text: str) -> frozenset[str]:
    return frozenset(text.split())


TRAILING = words_in(
    "a an the of to in on at by for from with and or but as is are was were be been has have had will would can could may its "
    "his her their our your my this that these those not no than more about into over per "
    "well just only even every each all some"
)
"""Words that lean on the next one: a line should not end with them."""
LEADING = words_in("and or but because which who that when while where if as so than for with from after before until to")
"""Words that begin a part of a sentence: a line may well begin with them."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A word as a caption shows it; times in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, kw_only=True)
class Cue:
    """What is shown at one time: one or two lines of words, in seconds."""

    lines: tuple[tuple[Shown, ...], ...]
    start: float
    end: float

    def shifted(self, seconds: float) -> "Cue":
        return Cue(lines=self.lines, start=self.start + seconds, end=self.end + seconds)


def cues_of(words: Sequence[SpokenWord], duration: float) -> tuple[Cue, ...]:
    """The cues of one scene that lasts `duration` seconds, in order and never overlapping."""
    blocks = [block for sentence in sentences(words) for block in blocks_of(sentence)]
    starts = [max(0.0, block[0][0].start - LEAD) for block in blocks]
    cues = []
    for block, start, following in zip(blocks, starts, [*starts[1:], duration], strict=False):
        end = min(block[-1][-1].end + LINGER, following, duration)
        cues.append(Cue(lines=block, start=min(start, end), end=end))
    return tuple(cue for cue in cues if cue.end > cue.start)


def sentences(words: Sequence[SpokenWord]) -> Iterator[tuple[Shown, ...]]:
    gathered: list[Shown] = []
    for number, word in enumerate(words):
        gathered.extend(pieces(word))
        if number + 1 == len(words) or words[number + 1].sentence != word.sentence:
            yield tuple(gathered)
            gathered = []


def pieces(word: SpokenWord) -> Iterator[Shown]:
    """The word, cut where it alone is longer than a line, its time shared out by length."""
    parts = [word.shown[at : at + LONGEST_LINE] for at in range(0, len(word.shown), LONGEST_LINE)]
    time_each = (word.end - word.start) / max(1, len(word.shown))
    spoken = 0
    for part in parts:
        start = word.start + spoken * time_each
        spoken += len(part)
        yield Shown(text=part, start=start, end=word.start + spoken * time_each)


Line = tuple[Shown, ...]


def blocks_of(sentence: Line) -> tuple[tuple[Line, ...], ...]:
    """Break a sentence into blocks of at most two lines at the least total harm (dynamic programming over its words)."""

    @cache
    def best_from(first: int) -> tuple[float, tuple[tuple[Line, ...], ...]]:
        if first == len(sentence):
            return 0.0, ()
        choices = []
        for last in range(first + 1, len(sentence) + 1):
            block = best_lines(sentence[first:last])
            if block is None:
                break
            harm, lines = block
            rest, blocks = best_from(last)
            choices.append((harm + (harm_of_break(sentence, last) if last < len(sentence) else 0.0) + rest, (lines, *blocks)))
        return min(choices, key=lambda choice: choice[0])

    for first in reversed(range(len(sentence))):
        best_from(first)  # from the end, so that a long sentence does not nest calls
    return best_from(0)[1]


def best_lines(words: Line) -> tuple[float, tuple[Line, ...]] | None:
    """The least harmful way to show these words at once, and its harm; None where two lines do not hold them."""
    whole = length(words)
    hurry = 5.0 if whole < 20 else 0.0  # a flash of a word or two
    choices: list[tuple[float, tuple[Line, ...]]] = []
    if whole <= LONGEST_LINE:
        choices.append((4.0 + hurry + (0.0 if whole <= 34 else 1.0), (words,)))
    for at in range(1, len(words)):
        above, below = words[:at], words[at:]
        if max(length(above), length(below)) <= LONGEST_LINE:
            uneven = abs(length(above) - length(below)) / 8
            choices.append((4.5 + hurry + uneven + harm_of_break(words, at), (above, below)))
    return min(choices, key=lambda choice: choice[0]) if choices else None


def length(words: Line) -> int:
    return sum(len(word.text) for word in words) + len(words) - 1


def harm_of_break(words: Line, at: int) -> float:
    """How much a break before `words[at]` hurts the reader."""
    before, after = words[at - 1].text, words[at].text
    if before.endswith((".", "!", "?", ":", ";", ",", "\u2014", "\u2013")):
        return 0.0
    if before.lower().strip("'\"(") in TRAILING:
        return 8.0
    if after.lower().strip("'\"(") in LEADING:
        return 1.0
    if before[:1].isdigit() or (before[:1].isupper() and after[:1].isupper()):
        return 5.0  # a figure and its unit, a name
    return 3.0
