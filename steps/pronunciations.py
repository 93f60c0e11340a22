"""A newsroom's own pronunciations: of a word wherever a story or a brand has it, or of one word of a narration.

pronunciations: {Harwick: "HH AE1 R IH0 K"}
narration: The mayor of Harwick{HH AE1 R IH0 K} spoke.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from steps.arpabet import genitive_of, phones_of

__all__ = ["Lexicon", "Phones", "Pronunciations", "core_of", "without_pronunciations"]

LONGEST_WORD = 50
MOST_WORDS = 200
WORD = re.compile(r"(?=[^\W_]*[^\W\d_])[^\W_]+(?:[-'.&][^\W_]+)*")
AT_A_WORD = re.compile(r"(?P<braced>\{(?P<phones>[^{}]*)\})|(?P<brace>[{}])")
QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-"})
PUNCTUATION = "\"'()\u201c\u201d\u2013\u2014.,;:!?\u2026-"
EXAMPLE = "such as Harwick{HH AE1 R IH0 K}"

Phones = tuple[str, ...]


def core_of(token: str) -> str:
    """A token without the punctuation around it, as pronunciations are looked up: `(Harwick's),` is `harwick's`."""
    return token.translate(QUOTES).strip(PUNCTUATION).casefold()


def one_word(word: str) -> str:
    if len(word) > LONGEST_WORD:
        raise ValueError(f"is a word of {len(word)} letters; at most {LONGEST_WORD} can be spoken")
    if not WORD.fullmatch(word.translate(QUOTES)):
        raise ValueError("is not one word; give each word of a name its own line, without blanks and punctuation")
    if word.translate(QUOTES).casefold().endswith("'s"):
        raise ValueError("write the word without its 's; both are then said right")
    return word


def canonical(written: str) -> str:
    return " ".join(phones_of(written))


def told_once(words: dict[str, str]) -> dict[str, str]:
    seen: dict[str, str] = {}
    for word in words:
        if (same := seen.setdefault(core_of(word), word)) != word:
            raise ValueError(f"{same} and {word} are the same word; keep one of them")
    return words


Pronunciations = Annotated[
    dict[Annotated[str, AfterValidator(one_word)], Annotated[str, Field(max_length=200), AfterValidator(canonical)]],
    Field(max_length=MOST_WORDS),
    AfterValidator(told_once),
]
"""Words or names as they are written, each with its phones in ARPAbet; upper and lower case are the same word."""


def without_pronunciations(narration: str) -> tuple[str, dict[int, Phones]]:
    """A narration without its `{...}`, and the phones of each token that had one, by the token's place between blanks.

    `Harwick{HH AE1 R IH0 K}'s` is the token `Harwick's` with the phones of both. Raises ValueError for a brace that does not
    stand directly behind a word, and for phones that are none.
    """
    plain, given, place = "", {}, 0
    for found in AT_A_WORD.finditer(narration):
        plain += narration[place : found.start()]
        place = found.end()
        if found["brace"]:
            raise ValueError(f"{found['brace']!a} has no partner; a pronunciation is written directly behind its word, {EXAMPLE}")
        ending = re.match(r"(?P<genitive>['\u2019]s(?!\w))?(?P<more>[\w{]|['\u2019\-/.@&][\w{])?", narration[place:])
        if not plain[-1:].isalnum():
            raise ValueError(f"{found[0][:60]!a} must stand directly behind its word, {EXAMPLE}")
        number = plain.count(" ")
        if number in given or (ending and ending["more"]):
            raise ValueError(f"{found[0][:60]!a} must end its word: one pronunciation for the whole of it, {EXAMPLE}")
        try:
            phones = phones_of(found["phones"])
        except ValueError as fault:
            raise ValueError(f"{found[0][:60]!a}: {fault}") from fault
        given[number] = genitive_of(phones) if ending and ending["genitive"] else phones
    return plain + narration[place:], given


@dataclass(frozen=True)
class Lexicon:
    """What a newsroom has said of its words."""

    known: Mapping[str, Phones]
    """By core."""

    @classmethod
    def of(cls, *sources: Mapping[str, str]) -> "Lexicon":
        """A later source's words win over an earlier one's: the brand's, then the story's."""
        return cls({core_of(word): tuple(phones.split()) for source in sources for word, phones in source.items()})

    def phones_for(self, token: str) -> Phones | None:
        """The phones of a token whose word, or whose word's genitive, is known.

        >>> Lexicon.of({"Harwick": "HH AE1 R IH0 K"}).phones_for("(Harwick's),")
        ('HH', 'AE1', 'R', 'IH0', 'K', 'S')
        """
        core = core_of(token)
        stem = core.removesuffix("'s")
        if core not in self.known and stem in self.known:
            return genitive_of(self.known[stem])
        return self.known.get(core)
