"""The 148 symbols of the published weights, in their order: padding, marks, letters, ARPAbet."""

import re

from newsreel.errors import BadInput

__all__ = ["NUMBER", "SYMBOLS", "numbers_of"]

PHONES = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
ARPABET = [phone + stress for phone in PHONES.split() for stress in ("", "0", "1", "2") if not stress or phone[0] in "AEIOU"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SYMBOLS = (*"_-!'(),.:;? ", *LETTERS, *(f"@{phone}" for phone in ARPABET))
"""`@` tells the phone `B` from the letter. `_` is padding and never spoken."""

NUMBER = {symbol: number for number, symbol in enumerate(SYMBOLS)}
PIECES = re.compile(r"\{([^{}]*)\}|(.)", re.DOTALL)


def numbers_of(text: str) -> list[int]:
    """Text, with ARPAbet in braces, as its symbols' numbers. Raises BadInput that names what has none; nothing is dropped.

    >>> [SYMBOLS[number] for number in numbers_of("go {HH OW1 M}.")]
    ['g', 'o', ' ', '@HH', '@OW1', '@M', '.']
    """
    symbols: list[str] = []
    for piece in PIECES.finditer(text):
        phones, character = piece.groups()
        symbols += [character] if phones is None else [f"@{phone}" for phone in phones.split()]
    unknown = sorted({symbol for symbol in symbols if symbol not in NUMBER or symbol == "_"})
    if unknown:
        named = ", ".join(ascii(symbol.removeprefix("@") if len(symbol) > 1 else symbol) for symbol in unknown[:10])
        raise BadInput(f"tacotron2 has no symbol for {named} in {text[:60]!a}; write it another way")
    return [NUMBER[symbol] for symbol in symbols]
