"""ARPAbet as hibari's American voices take it: a letter a phoneme, IPA with capitals for diphthongs, stress before its vowel."""

from collections.abc import Sequence

from newsreel.story.pronunciation import VOWELS

__all__ = ["phonemes_of"]

PHONEMES = {
    "AA": "\u0251", "AE": "\u00e6", "AH": "\u028c", "AO": "\u0254", "AW": "W", "AY": "I", "EH": "\u025b", "ER": "\u025c\u0279",
    "EY": "A", "IH": "\u026a", "IY": "i", "OW": "O", "OY": "Y", "UH": "\u028a", "UW": "u",
    "CH": "\u02a7", "DH": "\u00f0", "G": "\u0261", "HH": "h", "JH": "\u02a4", "NG": "\u014b", "R": "\u0279", "SH": "\u0283",
    "TH": "\u03b8", "Y": "j", "ZH": "\u0292",
}  # fmt: skip
"""The other consonants are their own letter in lower case."""
UNSTRESSED = {"AH": "\u0259", "ER": "\u0259\u0279"}
STRESS = {"0": "", "1": "\u02c8", "2": "\u02cc"}


def phonemes_of(phones: Sequence[str]) -> str:
    r"""Phonemes of a word, ready for `[word](/phonemes/)`.

    >>> phonemes_of(("B", "EY1", "B", "IY0"))
    'b\u02c8Abi'

    A T between vowels of which the second has no stress is the tap of American English, as in hibari's own dictionary.
    """
    said = []
    for before, phone, after in zip(("", *phones), phones, (*phones[1:], ""), strict=False):
        name, stress = phone.rstrip("012"), phone[-1]
        if name in VOWELS:
            said.append(STRESS[stress] + (UNSTRESSED if stress == "0" and name in UNSTRESSED else PHONEMES)[name])
        else:
            said.append("T" if phone == "T" and is_tapped(before, after) else PHONEMES.get(phone, phone.lower()))
    return "".join(said)


def is_tapped(before: str, after: str) -> bool:
    return (before == "R" or before.rstrip("012") in VOWELS) and after.endswith("0")
