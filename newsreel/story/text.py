"""Which text can be drawn by the brand's fonts, and which can be spoken by an English voice."""

import re
import unicodedata

from newsreel.story.pronunciation import is_latin_letter, split_pronunciations

MAX_WORDS_PER_SCENE = 250
MAX_LETTERS_PER_WORD = 50
MAX_DIGITS_PER_NUMBER = 30
SPEAKABLE_PUNCTUATION = frozenset(
    " .,;:!?'\"()-%&/$#@+=~_\u00a3\u20ac\u00a5\u00a7\u00b0\u00b1\u00b2\u00b3\u00bc\u00bd\u00be\u00d7\u00f7"
    "\u2010\u2011\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2122\u00ae\u00a9\u2032\u2033\u2212"
)
DRAWABLE_PUNCTUATION = SPEAKABLE_PUNCTUATION | frozenset("\u00b7\u2022\u00ab\u00bb\u00bf\u00a1")


def normalise_space(value: object) -> object:
    """One paragraph in Unicode form NFC: runs of blanks, line breaks and no-break spaces become one blank."""
    if not isinstance(value, str):
        return value
    return re.sub(r"[ \t\r\n\u00a0\u2009\u202f]+", " ", unicodedata.normalize("NFC", value)).strip()


def require_drawable(text: str) -> str:
    """Raises ValueError for what the brand's Latin fonts cannot draw: other scripts, emoji, control characters."""
    for character in text:
        if not is_drawable(character):
            raise ValueError(f"{describe_character(character)} cannot be drawn: the fonts are Latin; remove it")
    return text


def require_speakable(narration: str) -> str:
    """Raises ValueError for what an English voice cannot say; nothing is dropped silently."""
    text, _ = split_pronunciations(narration)
    for character in text:
        if not is_speakable(character):
            raise ValueError(f"{describe_character(character)} cannot be spoken; write it in words or remove it")
    if not any(character.isalnum() for character in text):
        raise ValueError("there is nothing to speak; write at least one word")
    if (count := len(text.split())) > MAX_WORDS_PER_SCENE:
        raise ValueError(f"{count} words are too many for one scene; at most {MAX_WORDS_PER_SCENE}, split it")
    if long := re.search(rf"[^\W\d_]{{{MAX_LETTERS_PER_WORD + 1},}}", text):
        raise ValueError(f"{long[0][:20]!a}... is a word of {len(long[0])} letters; at most {MAX_LETTERS_PER_WORD} can be spoken")
    for number in re.findall(r"[\d.,]+", text):
        if (count := sum(character.isdigit() for character in number)) > MAX_DIGITS_PER_NUMBER:
            raise ValueError(
                f"a number of {count} digits cannot be spoken; at most {MAX_DIGITS_PER_NUMBER}, or write it in words"
            )
    return narration


def is_speakable(character: str) -> bool:
    if unicodedata.category(character)[0] == "L":
        return is_drawable(character) and is_latin_letter(character)
    return character in SPEAKABLE_PUNCTUATION or (character.isascii() and character.isdigit())


def is_drawable(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    if unicodedata.category(character)[0] == "L":
        return unicodedata.name(character, "").startswith("LATIN ") and ord(character) < 0x0250
    return character in DRAWABLE_PUNCTUATION


def describe_character(character: str) -> str:
    """`U+1F600 GRINNING FACE`; the character itself could disturb a terminal."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'CONTROL CHARACTER')}"
