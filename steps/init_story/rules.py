"""How a newsreader says what is not plain words: ordered readings, each a pattern and the words said for what it matches.

A token is read from left to right; at each place the first reading that matches takes its part. A reading sees the tokens beside
its own, since "$3.2" before "billion" is said without its dollars, which follow the billion.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from newsreel.errors import BadInput


@dataclass(frozen=True)
class Context:
    """The tokens beside one, with plain quotes and hyphens; empty at either end."""

    before: str
    after: str
    in_phone_number: bool = False
    """Whether the token is a part of a phone number, which is read figure by figure."""

    @property
    def counts_a_noun(self) -> bool:
        """Whether an amount between the two stands before what it describes, in the singular: a five pound note."""
        return self.before.lower() in ("a", "an") and self.after[:1].isalpha()


Verbalizer = Callable[[re.Match[str], Context], list[str] | None]
"""The words for a match; None where the tokens around show that it is something else."""


class Rules:
    """A list of readings, in the order in which they are declared with it.

    say = Readings()

    @say("#(?=[0-9])")
    def number_sign(found, around): return ["number"]
    """

    def __init__(self) -> None:
        self.known: list[tuple[re.Pattern[str], Verbalizer]] = []

    def __call__(self, pattern: str) -> Callable[[Verbalizer], Verbalizer]:
        def keep(say: Verbalizer) -> Verbalizer:
            self.known.append((re.compile(pattern), say))
            return say

        return keep

    def __iter__(self) -> Iterator[tuple[re.Pattern[str], Verbalizer]]:
        return iter(self.known)


def verbalize_token(token: str, around: Context, readings: Iterable[tuple[re.Pattern[str], Verbalizer]]) -> list[str]:
    """The words said for a token with plain quotes and hyphens. Raises BadInput where no reading matches."""
    said: list[str] = []
    place = 0
    while place < len(token):
        for pattern, say in readings:
            found = pattern.match(token, place)
            if found and (words := say(found, around)) is not None:
                said += words
                place = found.end()
                break
        else:
            raise BadInput(f"{token[place]!a} in {token[:40]!a} cannot be spoken; write it in words or remove it")
    return said
