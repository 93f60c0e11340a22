"""Sentences in parts that tacotron2 can speak in one go: it was trained on clips of up to 10 s and is cut off at 11.6 s."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsreel.errors import BadInput
from steps.tacotron2.reading import Word
from steps.tacotron2.symbols import NUMBER, numbers_of

__all__ = ["LONGEST", "Part", "frames_expected", "parts_of"]

FRAMES_A_CHARACTER = 5.7
"""LJ Speech, the published weights' training data: 1.31 million characters in 23.9 hours, 86.1 frames a second."""
FRAMES_A_PHONE = 7.5
"""The same hours by the words' phones and the blanks between them."""
FIRST_PHONE = NUMBER["@AA"]
LONGEST = 780
"""Frames a part is expected to take at most: what a slow reading adds still ends before 1,000. About 135 characters, which also
fit into the decoder's buffers."""
STRENGTH = {".": 4, "?": 4, "!": 4, ";": 3, ":": 3, "-": 2, ",": 2, "": 1}
"""Of the marks to split at."""


@dataclass(frozen=True)
class Part:
    """What is spoken in one go. `mark` is the narration's own after it, none where it was split between two words."""

    text: str
    mark: str

    @property
    def numbers(self) -> list[int]:
        return numbers_of(self.text)


def frames_expected(text: str) -> float:
    return sum(FRAMES_A_PHONE if number >= FIRST_PHONE else FRAMES_A_CHARACTER for number in numbers_of(text))


def parts_of(words: Sequence[Word], longest: float = LONGEST) -> list[Part]:
    """A sentence in parts of at most `longest` frames each: split at its clauses, or between words where these are too long.

    All words are in the parts, in order. Raises BadInput where there is no word, or one without a symbol or too long for a part.
    """
    if not words:
        raise BadInput("a sentence has no words to speak; write at least one")
    costs = [frames_expected(word.text + " ") + FRAMES_A_CHARACTER for word in words]
    for word, cost in zip(words, costs, strict=True):
        if cost > longest:
            raise BadInput(f"{word.said[:60]!a} is too long a word to be spoken; write it in several")
    return [spoken_alone(part) for part in divided(words, costs, longest)]


def divided(words: Sequence[Word], costs: Sequence[float], longest: float) -> list[Sequence[Word]]:
    """Halves, and halves of these, each time at the strongest mark; of equal ones, at that nearest to the middle."""
    if sum(costs) <= longest:
        return [words]
    middle = sum(costs) / 2

    def worth(place: int) -> tuple[bool, int, float]:
        off = abs(sum(costs[:place]) - middle)
        return off < 0.7 * middle, STRENGTH[words[place - 1].mark], -off

    place = max(range(1, len(words)), key=worth)
    return [
        *divided(words[:place], costs[:place], longest),
        *divided(words[place:], costs[place:], longest),
    ]


def spoken_alone(words: Sequence[Word]) -> Part:
    """A part needs a mark at its end to end on; where the narration has none, or a dash, it is a comma's."""
    *before, last = words
    mark = last.mark if last.mark not in ("", "-") else ","
    return Part(" ".join([*(word.text for word in before), last.said + mark]), last.mark)
