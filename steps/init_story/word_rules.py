"""Rules for the spoken form of words: abbreviations, acronyms, Roman numerals, single units, signs; punctuation is silent."""

import re

from newsreel.errors import BadInput
from newsreel.story.pronunciation import cmu_dictionary, to_ascii_letters
from steps.init_story import numerals
from steps.init_story.lexicon import (
    ABBREVIATED_WORDS,
    ABBREVIATIONS,
    CURRENCIES,
    SENTENCE_OPENERS,
    SHORT_WORDS,
    SLASHED,
    SPOKEN_AS_WORDS,
    UNIT,
    UNITS,
    is_number,
)
from steps.init_story.rules import Context, Rules

MAX_WORD_LETTERS = 50
ROMAN = re.compile(r"(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
ROMAN_CONTEXT = frozenset({
    "Act", "Bowl", "Category", "Chapter", "Grade", "Part", "Phase", "Stage", "Title", "Type", "War",
})  # fmt: skip
NO_REGNAL_NUMBERS = frozenset({"I", "V", "X", "L"})
"""Single letters number acts and wars, but after a name they are a letter: Malcolm X."""
LETTER = r"[^\W\d_\u00b2\u00b3\u00bc\u00bd\u00be]"
CAMEL = re.compile(rf"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|_+|{LETTER}+")


SIGNS = {
    **{currency: names[0] for currency, names in CURRENCIES.items()},
    "%": "percent", "&": "and", "+": "plus", "@": "at", "#": "hashtag", "/": "slash", "=": "equals", "~": "about",
    "_": "underscore", "\u00a7": "section", "\u00a9": "copyright", "\u00b1": "plus or minus", "\u00d7": "times",
    "\u00f7": "divided by",
}  # fmt: skip

WORD_RULES = Rules()
rule = WORD_RULES.add


@rule(r"(?P<short>St|Nos|No)(?P<stop>\.?)(?!\w)")
def saint_or_number(found: re.Match[str], context: Context) -> list[str] | None:
    """St. James but Downing St.; No. 10, but "No." alone is no."""
    if found["short"] == "St":
        names_a_saint = context.after[:1].isupper() and context.after not in SENTENCE_OPENERS and found.end() == len(found.string)
        return ["saint" if names_a_saint else "street"]
    if re.match(r"\d" if found["stop"] else r"\d{1,3}(?:'s)?[.,;:!?)]*$", context.after):
        return ["number" if found["short"] == "No" else "numbers"]
    return ["no"] if found["short"] == "No" else None


@rule(r"v(?!\w)")
def versus(found: re.Match[str], context: Context) -> list[str] | None:
    """Leeds v Hull."""
    return ["versus"] if context.before[:1].isupper() and context.after[:1].isupper() else None


@rule("(?:" + "|".join(re.escape(short) for short in sorted(ABBREVIATIONS, key=len, reverse=True)) + r")(?!\w)")
def abbreviation(found: re.Match[str], context: Context) -> list[str]:
    return ABBREVIATIONS[found[0]].split()


@rule(r"(?P<letters>(?:[A-Za-z]\.){2,}[A-Za-z]?)(?![A-Za-z])(?P<ending>'s(?!\w))?")
def dotted_initials(found: re.Match[str], context: Context) -> list[str]:
    """U.S., a.m., J.K.; U.S.'s."""
    return spell(found["letters"].replace(".", ""), found["ending"] or "")


@rule("(?:" + "|".join(SLASHED) + r")(?!\w)")
def slashed_abbreviation(found: re.Match[str], context: Context) -> list[str]:
    return SLASHED[found[0]].split()


@rule(r"https?://(?=\w)")
def web_address(found: re.Match[str], context: Context) -> list[str]:
    """Silent."""
    return []


@rule(rf"(?P<sign>[#@])(?P<name>(?=\d*(?:{LETTER}|_))(?:{LETTER}|[\d_])+)(?![@.]\w)")
def tag(found: re.Match[str], context: Context) -> list[str] | None:
    """#BackThePark, @harwick_council: word by word, split at the capitals."""
    if found.start():
        return None
    words = [SIGNS[found["sign"]]]
    for part in CAMEL.findall(found["name"]):
        if part.startswith("_"):
            words.append("underscore")
        else:
            words += numerals.amount(part) if part.isdigit() else word_or_letters(part, Context("", ""))
    return words


@rule(r"m(?!\w)")
def metres(found: re.Match[str], context: Context) -> list[str] | None:
    """The m of "10 m"; "10m" are millions."""
    return ["metres"] if found.start() == 0 and is_number(context.before) else None


@rule(r"sq(?!\w)")
def square(found: re.Match[str], context: Context) -> list[str] | None:
    """5 sq km."""
    return ["square"] if is_number(context.before) else None


@rule(r"x(?!\w)")
def times(found: re.Match[str], context: Context) -> list[str] | None:
    """3 x 4."""
    return ["times"] if is_number(context.before) and context.after[:1].isdigit() else None


@rule(rf"(?P<unit>{UNIT})(?!\w)")
def unit(found: re.Match[str], context: Context) -> list[str]:
    """The km of "5 km"; elsewhere an ordinary word."""
    if found.start() == 0 and is_number(context.before):
        return UNITS[found["unit"]][0 if numerals.is_one(context.before) else 1].split()
    if context.before == "sq":
        return UNITS[found["unit"]][1].split()
    if found["unit"].isalpha():
        return word_or_letters(found["unit"], context)
    return UNITS[found["unit"]][1].split()


@rule(r"(?P<left>[A-Z]{1,4})&(?P<right>[A-Z]{1,4})(?!\w)")
def and_between(found: re.Match[str], context: Context) -> list[str]:
    """AT&T, R&D."""
    return [*spell(found["left"]), "and", *spell(found["right"])]


@rule(rf"(?P<stem>{LETTER}+?(?:'{LETTER}+)*?)(?P<ending>(?:'s|(?<=[A-Z]{{2}})s'?)(?![\w']))?(?!'?{LETTER})")
def word(found: re.Match[str], context: Context) -> list[str]:
    """A word; an acronym letter by letter, with its plural (MPs) or genitive (NHS's)."""
    return word_or_letters(found["stem"], context, found["ending"] or "")


def word_or_letters(stem: str, context: Context, ending: str = "") -> list[str]:
    if stem in ABBREVIATED_WORDS and not ending:
        return ABBREVIATED_WORDS[stem].split()
    if ROMAN.fullmatch(stem) and (words := roman_numeral(stem, context.before)):
        return [*words[:-1], words[-1] + ending]
    plain = to_ascii_letters(stem)
    if not re.fullmatch(r"[a-z]+(?:'[a-z]+)*", plain):
        raise BadInput(f"{stem[:40]!a} has letters that English cannot say; write it another way")
    if len(plain) > MAX_WORD_LETTERS:
        raise BadInput(f"{stem[:20]!a}... is a word of {len(plain)} letters; at most {MAX_WORD_LETTERS} can be spoken")
    return spell(plain, ending) if is_spelled_out(stem) else [plain + ending]


def roman_numeral(roman: str, before: str) -> list[str] | None:
    """World War II, Super Bowl LVIII; Henry VIII is the eighth."""
    number = str(numerals.roman(roman))
    if before in ROMAN_CONTEXT:
        return numerals.cardinal(number)
    named = before[:1].isupper() and before[1:].islower() and len(before) > 2 and before not in SENTENCE_OPENERS
    return ["the", *numerals.ordinal(number)] if named and roman not in NO_REGNAL_NUMBERS else None


def is_spelled_out(stem: str) -> bool:
    """NHS, mRNA and hq are spelled out; NATO, NEVER and Brr are not."""
    plain = to_ascii_letters(stem)
    if len(stem) < 2 or "'" in stem or plain in SPOKEN_AS_WORDS:
        return False
    if stem.isupper():
        return plain not in SHORT_WORDS if len(stem) < 4 else plain not in cmu_dictionary()
    return bool(re.fullmatch(r"[a-z][A-Z]{2,3}", stem)) or not (set(plain) & set("aeiouy") or plain in cmu_dictionary())


def spell(letters: str, ending: str = "") -> list[str]:
    """`MP`, `s`: m p's, as dictionaries write it."""
    words = list(letters.lower())
    words[-1] += "'s" if ending else ""
    return words


@rule(r"[%&+@#/$=~_\u00a3\u20ac\u00a5\u00a7\u00a9\u00b1\u00d7\u00f7]")
def sign(found: re.Match[str], context: Context) -> list[str]:
    return SIGNS[found[0]].split()


@rule(r"(?<=[^\W_])\.(?=[^\W_])")
def dot(found: re.Match[str], context: Context) -> list[str]:
    """bbc.co.uk."""
    return ["dot"]


@rule(r"[.,:;!?'\"()\-\u2026\u2032\u2033\u2122\u00ae]+?")
def punctuation(found: re.Match[str], context: Context) -> list[str]:
    """Spoken as pauses and intonation, not as words."""
    return []
