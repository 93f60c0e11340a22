"""ARPAbet as the CMU Pronouncing Dictionary writes it: 39 phones, the vowels with a stress of 0 (none), 1 (primary) or 2.

Source: the CMU Pronouncing Dictionary 0.7b, its list of phones and symbols.
"""

import re
from collections.abc import Sequence

__all__ = ["PHONES", "VOWELS", "genitive_of", "phones_of", "without_stress"]

VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())  # noqa: SIM905
PHONES = tuple(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()  # noqa: SIM905
)
MOST_PHONES = 40
SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
VOICELESS = frozenset({"P", "T", "K", "F", "TH"})


def phones_of(written: str) -> tuple[str, ...]:
    """Phones that a person wrote, with their stress: strictly, since a slip would be heard. Raises ValueError.

    >>> phones_of("HH AE1 R IH0 K")
    ('HH', 'AE1', 'R', 'IH0', 'K')
    """
    phones = tuple(written.upper().split())
    if not phones:
        raise ValueError("is empty; write phones of ARPAbet, such as HH AE1 R IH0 K")
    if len(phones) > MOST_PHONES:
        raise ValueError(f"must be at most {MOST_PHONES} phones, has {len(phones)}")
    for phone in phones:
        check(phone)
    if not any(phone[-1].isdigit() for phone in phones):
        raise ValueError("has no vowel; a word has one at least, such as AH0")
    return phones


def check(phone: str) -> None:
    plain = re.sub(r"[0-9]+$", "", phone)
    if plain not in PHONES:
        raise ValueError(f"{phone[:10]!a} is no phone; the phones are {' '.join(PHONES)}")
    if plain in VOWELS and phone[len(plain) :] not in ("0", "1", "2"):
        raise ValueError(
            f"{phone[:10]}: a vowel has its stress, so write {plain}1 (stressed), {plain}2 (a little) or {plain}0 (not)"
        )
    if plain not in VOWELS and phone != plain:
        raise ValueError(f"{phone[:10]}: only a vowel has a stress, so write {plain}")


def genitive_of(phones: Sequence[str]) -> tuple[str, ...]:
    """Phones with the ending of a genitive or plural: boss's, cat's, dog's."""
    last = phones[-1] if phones else ""
    return (*phones, *(("IH0", "Z") if last in SIBILANTS else ("S",) if last in VOICELESS else ("Z",)))


def without_stress(phones: Sequence[str]) -> list[str]:
    return [phone.rstrip("012") for phone in phones]
