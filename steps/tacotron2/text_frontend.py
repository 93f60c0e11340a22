"""Text front end of tacotron2: tokens of a script -> words with punctuation -> parts of at most about 9 s -> symbol ids."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from newsreel.artifacts import Token
from newsreel.errors import BadInput

PHONES = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
ARPABET = [phone + stress for phone in PHONES.split() for stress in ("", "0", "1", "2") if not stress or phone[0] in "AEIOU"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SYMBOLS = (*"_-!'(),.:;? ", *LETTERS, *(f"@{phone}" for phone in ARPABET))
"""The 148 symbols of the published weights, in their order: padding, punctuation, letters, ARPAbet.

`@` distinguishes the phone `B` from the letter. `_` is padding and never spoken."""
SYMBOL_IDS = {symbol: index for index, symbol in enumerate(SYMBOLS)}
PHONES_OR_CHARACTER = re.compile(r"\{([^{}]*)\}|(.)", re.DOTALL)

CLOSING = "\"')]\u2019\u201d"
PUNCTUATION = re.compile(rf"([,;:.!?\u2026]+|[-\u2013\u2014]+)[{re.escape(CLOSING)}]*$")
NAMES = "ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue ar ess tee you vee double-you ex why zee"
LETTER_NAMES = dict(zip(ascii_lowercase, NAMES.split(), strict=True))
"""The weights were trained on whole words in lower case: they cannot read "n h s", and "a" is an article."""

FRAMES_PER_CHARACTER = 5.7
"""LJ Speech, the published weights' training data: 1.31 million characters in 23.9 hours, 86.1 frames a second."""
FRAMES_PER_PHONE = 7.5
"""The same hours by the words' phones and the blanks between them."""
FIRST_PHONE = SYMBOL_IDS["@AA"]
MAX_PART_FRAMES = 780
"""Expected frames: a slow reading still ends before 1,000. About 135 characters, which also fit the decoder's buffers."""
SPLIT_PRIORITY = {".": 4, "?": 4, "!": 4, ";": 3, ":": 3, "-": 2, ",": 2, "": 1}
"""Where to split first, by the punctuation mark before the split."""


@dataclass(frozen=True)
class Word:
    """Text spoken without a break and the punctuation mark after it.

    `spoken` is a word such as `thousand` or ARPAbet in braces such as `{HH AE1 R W IH0 K}`; `mark` is one of `, . ? ! ; : -`, or
    empty.
    """

    spoken: str
    mark: str = ""

    @property
    def text(self) -> str:
        """A dash is written as two, as in the published weights' training data."""
        return self.spoken + (" --" if self.mark == "-" else self.mark)


@dataclass(frozen=True)
class Part:
    """Text synthesized in one run of the net. `mark` is the narration's punctuation after it, empty between words."""

    text: str
    mark: str

    @property
    def symbol_ids(self) -> list[int]:
        return text_to_sequence(self.text)


def text_to_sequence(text: str) -> list[int]:
    """Convert text, with ARPAbet in braces, to symbol ids. Raises BadInput that names unknown symbols; nothing is dropped.

    >>> [SYMBOLS[index] for index in text_to_sequence("go {HH OW1 M}.")]
    ['g', 'o', ' ', '@HH', '@OW1', '@M', '.']
    """
    symbols: list[str] = []
    for match in PHONES_OR_CHARACTER.finditer(text):
        phones, character = match.groups()
        symbols += [character] if phones is None else [f"@{phone}" for phone in phones.split()]
    unknown = sorted({symbol for symbol in symbols if symbol not in SYMBOL_IDS or symbol == "_"})
    if unknown:
        named = ", ".join(ascii(symbol.removeprefix("@") if len(symbol) > 1 else symbol) for symbol in unknown[:10])
        raise BadInput(f"tacotron2 has no symbol for {named} in {text[:60]!a}; write it another way")
    return [SYMBOL_IDS[symbol] for symbol in symbols]


def words_to_read(tokens: tuple[Token, ...]) -> list[Word]:
    """Convert the tokens of a sentence to words in lower case with punctuation; the last word always has a final mark.

    >>> tokens = (Token(shown="U.S.", spoken=("u", "s")), Token(shown="aid:", spoken=("aid",)))
    >>> " ".join(word.text for word in words_to_read(tokens))
    'you ess aid.'
    """
    words: list[Word] = []
    for token in tokens:
        words += map(Word, spoken_forms(token))
        mark = punctuation_of(token)
        if words and mark:
            words[-1] = Word(words[-1].spoken, mark)
    if words and words[-1].mark not in ("?", "!"):
        words[-1] = Word(words[-1].spoken, ".")
    return words


def spoken_forms(token: Token) -> Iterator[str]:
    """Yield the given pronunciation in braces if there is one; else the words, initials by the names of their letters."""
    if token.phones:
        yield "{" + " ".join(token.phones) + "}"
        return
    spoken = token.spoken
    for place, word in enumerate(spoken):
        letter, ending = word[:1], word[1:]
        neighbours = (*spoken[max(place - 1, 0) : place], *spoken[place + 1 : place + 2])
        beside_a_letter = any(len(other) == 1 for other in neighbours)
        is_letter = ending in ("", "'s") and letter in LETTER_NAMES and (beside_a_letter or letter not in "aio")
        yield LETTER_NAMES[letter] + ending if is_letter else word


def punctuation_of(token: Token) -> str:
    """The punctuation mark after a token within a sentence, normalised.

    A full stop there belongs to an abbreviation and is ignored, dots become a comma, all dashes are one; the hyphen of `mid-` is
    ignored.
    """
    found = PUNCTUATION.search(token.shown)
    if not found or found[1] == "." or (found[1] == "-" and token.spoken):
        return ""
    first = found[1][0]
    return {".": ",", "\u2026": ",", "\u2013": "-", "\u2014": "-"}.get(first, first)


def estimate_frames(text: str) -> float:
    """Expected length in mel frames (11.6 ms)."""
    return sum(FRAMES_PER_PHONE if index >= FIRST_PHONE else FRAMES_PER_CHARACTER for index in text_to_sequence(text))


def split_sentence(words: Sequence[Word], max_frames: float = MAX_PART_FRAMES) -> list[Part]:
    """Split a sentence into parts of at most `max_frames` expected frames: at its clauses, or between words where needed.

    tacotron2 was trained on clips of up to 10 s and is cut off at 11.6 s. All words are in the parts, in order. Raises BadInput
    for no words, and for a word with an unknown symbol or too long for a part.
    """
    if not words:
        raise BadInput("a sentence has no words to speak; write at least one")
    costs = [estimate_frames(word.text + " ") + FRAMES_PER_CHARACTER for word in words]
    for word, cost in zip(words, costs, strict=True):
        if cost > max_frames:
            raise BadInput(f"{word.spoken[:60]!a} is too long a word to be spoken; write it in several")
    return [make_part(part) for part in split_in_halves(words, costs, max_frames)]


def split_in_halves(words: Sequence[Word], costs: Sequence[float], max_frames: float) -> list[Sequence[Word]]:
    """Split recursively, each time at the mark of the highest priority; of equal ones, at that nearest to the middle."""
    if sum(costs) <= max_frames:
        return [words]
    middle = sum(costs) / 2

    def priority(place: int) -> tuple[bool, int, float]:
        distance = abs(sum(costs[:place]) - middle)
        return distance < 0.7 * middle, SPLIT_PRIORITY[words[place - 1].mark], -distance

    place = max(range(1, len(words)), key=priority)
    return [
        *split_in_halves(words[:place], costs[:place], max_frames),
        *split_in_halves(words[place:], costs[place:], max_frames),
    ]


def make_part(words: Sequence[Word]) -> Part:
    """A part must end with a mark: a comma where the narration has none, or a dash."""
    *before, last = words
    mark = last.mark if last.mark not in ("", "-") else ","
    return Part(" ".join([*(word.text for word in before), last.spoken + mark]), last.mark)
