"""A sentence of a script as tacotron2 reads it: spoken words in lower case, with the marks that make their melody."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase

from newsreel.artifacts import Token

__all__ = ["Word", "words_of"]

CLOSING = "\"')]\u2019\u201d"
MARK = re.compile(rf"([,;:.!?\u2026]+|[-\u2013\u2014]+)[{re.escape(CLOSING)}]*$")
NAMES = "ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue ar ess tee you vee double-you ex why zee"
LETTER_NAMES = dict(zip(ascii_lowercase, NAMES.split(), strict=True))
"""The weights have read whole words in lower case: "n h s" would be a riddle to them, and "a" is an article."""


@dataclass(frozen=True)
class Word:
    """What is said without a break, `thousand` or `{HH AE1 R W IH0 K}`, and the mark after it: one of `, . ? ! ; : -`, or none.
    A dash is written as two, as in the published weights' training data."""

    said: str
    mark: str = ""

    @property
    def text(self) -> str:
        return self.said + (" --" if self.mark == "-" else self.mark)


def words_of(tokens: tuple[Token, ...]) -> list[Word]:
    """The words of a sentence, which ends with a mark.

    >>> " ".join(word.text for word in words_of((Token(shown="U.S.", spoken=("u", "s")), Token(shown="aid:", spoken=("aid",)))))
    'you ess aid.'
    """
    words: list[Word] = []
    for token in tokens:
        words += map(Word, said_of(token))
        mark = mark_after(token)
        if words and mark:
            words[-1] = Word(words[-1].said, mark)
    if words and words[-1].mark not in ("?", "!"):
        words[-1] = Word(words[-1].said, ".")
    return words


def said_of(token: Token) -> Iterator[str]:
    """The newsroom's own pronunciation where it gave one; initials by their letters' names; the words as they are."""
    if token.phones:
        yield "{" + " ".join(token.phones) + "}"
        return
    spoken = token.spoken
    for place, word in enumerate(spoken):
        letter, ending = word[:1], word[1:]
        beside = [other for other in (*spoken[max(place - 1, 0) : place], *spoken[place + 1 : place + 2]) if len(other) == 1]
        is_letter = ending in ("", "'s") and letter in LETTER_NAMES and (bool(beside) or letter not in "aio")
        yield LETTER_NAMES[letter] + ending if is_letter else word


def mark_after(token: Token) -> str:
    """The mark within a sentence: a full stop there is an abbreviation's, dots are a hesitation, all dashes are one; the hyphen
    of `mid-` is none."""
    found = MARK.search(token.shown)
    if not found or found[1] == "." or (found[1] == "-" and token.spoken):
        return ""
    first = found[1][0]
    return {".": ",", "\u2026": ",", "\u2013": "-", "\u2014": "-"}.get(first, first)
