"""Letters of Latin alphabets as an English voice takes them: a to z."""

import unicodedata

__all__ = ["has_plain_letters", "plain_letters"]

BARE_LETTERS = str.maketrans({
    "\u00aa": "a", "\u00ba": "o", "\u00b5": "", "\u00e6": "ae", "\u01e3": "ae", "\u01fd": "ae", "\u00f0": "d", "\u00f8": "o",
    "\u01ff": "o", "\u00fe": "th", "\u0111": "d", "\u0127": "h", "\u0131": "i", "\u0142": "l", "\u0140": "l", "\u0153": "oe",
    "\u00df": "ss", "\u0167": "t", "\u014b": "ng", "\u017f": "s", "\u0138": "k", "\u0149": "n", "\u0259": "a", "\u01dd": "a",
    "\u0192": "f", "\u01e5": "g", "\u01a1": "o", "\u01b0": "u", "\u0225": "z", "\u01b6": "z", "\u0180": "b",
})  # fmt: skip
"""Letters that are more than a letter of English with a mark on it: Azerbaijan's schwa, Iceland's thorn, Poland's barred l."""


def plain_letters(text: str) -> str:
    """Latin letters as lower-case a to z: `Café` is cafe, `Łódź` is lodz. What has no plain form stays.

    Marks are left out rather than spelled out (`Zürich` is zurich, not zuerich): so dictionaries write foreign names.
    """
    parts = unicodedata.normalize("NFKD", text.lower().translate(BARE_LETTERS))
    return "".join(part for part in parts if not unicodedata.combining(part))


def has_plain_letters(letter: str) -> bool:
    """Whether an English voice can say a letter at all."""
    plain = plain_letters(letter)
    return plain.isascii() and plain.isalpha()
