"""How words are said: abbreviations, acronyms, rulers' numbers, units that stand alone, signs; punctuation is not said."""

import re

from steps.errors import BadInput
from steps.init_story import numerals
from steps.init_story.lexicon import (
    ABBREVIATED_WORDS,
    ABBREVIATIONS,
    CURRENCIES,
    OPENERS,
    SAID_AS_WORDS,
    SHORT_WORDS,
    UNITS,
)
from steps.init_story.number_readings import AMOUNT, UNIT
from steps.init_story.readings import Around, Readings
from steps.latin import plain_letters
from steps.pronouncing_dictionary import dictionary

__all__ = ["WORDS"]

LETTERS_A_WORD = 50
ROMAN = {
    "II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9", "XI": "11", "XII": "12", "XIII": "13",
    "XIV": "14", "XV": "15", "XVI": "16",
}  # fmt: skip
COUNTED_IN_ROMAN = frozenset({"War", "Part", "Chapter", "Phase", "Act", "Type", "Grade", "Title", "Stage", "Category"})


WORDS = say = Readings()


@say(r"(?P<short>St\.|No\.|Nos\.)(?!\w)")
def by_neighbour(found: re.Match[str], around: Around) -> list[str]:
    """St. James but Downing St.; No. 10, but "No." alone is no."""
    if found["short"] == "St.":
        names_a_saint = around.after[:1].isupper() and around.after not in OPENERS and found.end() == len(found.string)
        return ["saint" if names_a_saint else "street"]
    return ["number" if found["short"] == "No." else "numbers"] if around.after[:1].isdigit() else ["no"]


@say("(?:" + "|".join(re.escape(short) for short in sorted(ABBREVIATIONS, key=len, reverse=True)) + r")(?!\w)")
def abbreviation(found: re.Match[str], around: Around) -> list[str]:
    return ABBREVIATIONS[found[0]].split()


@say(r"(?P<letters>(?:[A-Za-z]\.){2,}[A-Za-z]?)(?![A-Za-z])(?P<ending>'s(?!\w))?")
def dotted(found: re.Match[str], around: Around) -> list[str]:
    """U.S., a.m., J.K.; U.S.'s."""
    return spelled(found["letters"].replace(".", ""), found["ending"] or "")


@say(r"and/or(?!\w)")
def and_or(found: re.Match[str], around: Around) -> list[str]:
    return ["and", "or"]


@say(rf"(?P<unit>{UNIT})(?!\w)")
def unit(found: re.Match[str], around: Around) -> list[str]:
    """The km of "5 km"; elsewhere an ordinary word."""
    if found.start() == 0 and re.fullmatch(rf"(?:{AMOUNT}|\d+-\d+)", around.before):
        return UNITS[found["unit"]][0 if numerals.is_one(around.before) else 1].split()
    return word_or_letters(found["unit"], around) if "/" not in found["unit"] else UNITS[found["unit"]][1].split()


@say(r"(?P<left>[A-Z]{1,4})&(?P<right>[A-Z]{1,4})(?!\w)")
def and_between(found: re.Match[str], around: Around) -> list[str]:
    """AT&T, R&D."""
    return [*spelled(found["left"]), "and", *spelled(found["right"])]


@say(r"(?P<stem>[^\W\d_]+?(?:'[^\W\d_]+)*?)(?P<ending>(?:'s|(?<=[A-Z]{2})s)(?![\w']))?(?!'?[^\W\d_])")
def word(found: re.Match[str], around: Around) -> list[str]:
    """A word; an acronym letter by letter, with its plural (MPs) or genitive (NHS's)."""
    return word_or_letters(found["stem"], around, found["ending"] or "")


def word_or_letters(stem: str, around: Around, ending: str = "") -> list[str]:
    if stem in ABBREVIATED_WORDS and not ending:
        return ABBREVIATED_WORDS[stem].split()
    if stem in ROMAN and around.before[:1].isupper():
        said = numerals.cardinal(ROMAN[stem]) if around.before in COUNTED_IN_ROMAN else ["the", *numerals.ordinal(ROMAN[stem])]
        return [*said[:-1], said[-1] + ending]
    plain = plain_letters(stem)
    if not re.fullmatch(r"[a-z]+(?:'[a-z]+)*", plain):
        raise BadInput(f"{stem[:40]!a} has letters that English cannot say; write it another way")
    if len(plain) > LETTERS_A_WORD:
        raise BadInput(f"{stem[:20]!a}... is a word of {len(plain)} letters; at most {LETTERS_A_WORD} can be spoken")
    return spelled(plain, ending) if is_spelled(stem) else [plain + ending]


def is_spelled(stem: str) -> bool:
    """NHS, mRNA and hq are said letter by letter; NATO, NEVER and Brr are not."""
    plain = plain_letters(stem)
    if len(stem) < 2 or "'" in stem or plain in SAID_AS_WORDS:
        return False
    if stem.isupper():
        return plain not in SHORT_WORDS if len(stem) < 4 else plain not in dictionary()
    return bool(re.fullmatch(r"[a-z][A-Z]{2,3}", stem)) or not (set(plain) & set("aeiouy") or plain in dictionary())


def spelled(letters: str, ending: str = "") -> list[str]:
    """`MP`, `s`: m p's, as dictionaries write it."""
    said = list(letters.lower())
    said[-1] += "'s" if ending else ""
    return said


SIGNS = {
    "%": "percent",
    "&": "and",
    "+": "plus",
    "@": "at",
    "#": "hashtag",
    "/": "slash",
    **{s: c[0] for s, c in CURRENCIES.items()},
}


@say(r"[%&+@#/$\u00a3\u20ac\u00a5]")
def sign(found: re.Match[str], around: Around) -> list[str]:
    return [SIGNS[found[0]]]


@say(r"(?<=[^\W_])\.(?=[^\W_])")
def dot(found: re.Match[str], around: Around) -> list[str]:
    """bbc.co.uk."""
    return ["dot"]


@say(r"[.,:;!?'\"()\-\u2026]+?")
def punctuation(found: re.Match[str], around: Around) -> list[str]:
    """Heard as pauses and melody, not as words."""
    return []
