"""A rough guess how a word sounds, only to hold its place among words that the dictionary knows."""

import re
import unicodedata

__all__ = ["rough_phones"]

SOUNDS = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "igh": "AY", "tch": "CH", "dge": "JH", "sch": "SH",
    "eau": "OW", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "qu": "K W", "ng": "NG", "zh": "ZH",
    "kh": "K", "gh": "G", "ee": "IY", "ea": "IY", "ie": "IY", "ei": "EY", "ai": "EY", "ay": "EY", "ey": "IY", "oo": "UW",
    "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "oa": "OW", "au": "AO", "aw": "AO", "ew": "Y UW", "ar": "AA R",
    "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER", "bb": "B", "cc": "K", "dd": "D", "ff": "F", "gg": "G", "ll": "L",
    "mm": "M", "nn": "N", "pp": "P", "rr": "R", "ss": "S", "tt": "T", "zz": "Z", "a": "AE", "b": "B", "c": "K", "d": "D",
    "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA",
    "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
    "0": "Z IH R OW", "1": "W AH N", "2": "T UW", "3": "TH R IY", "4": "F AO R", "5": "F AY V", "6": "S IH K S",
    "7": "S EH V AH N", "8": "EY T", "9": "N AY N",
}  # fmt: skip
PARTS = re.compile("|".join(sorted(SOUNDS, key=len, reverse=True)))


def rough_phones(word: str) -> list[str]:
    """ARPAbet phones without stress, at least one.

    >>> rough_phones("Brexit")
    ['B', 'R', 'EH', 'K', 'S', 'IH', 'T']
    """
    plain = unicodedata.normalize("NFKD", word.lower())
    silent_e = re.sub(r"(?<=[aeiou][^aeiou\W\d_])e$", "", plain)
    return " ".join(SOUNDS[part] for part in PARTS.findall(silent_e)).split() or ["AH"]
