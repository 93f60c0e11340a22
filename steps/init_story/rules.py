"""Text normalisation by ordered rules: each is a pattern and a function that returns the spoken words for a match.

A token is read from left to right; at each position the first rule that applies consumes its match. A rule sees the neighbouring
tokens, since "$3.2" before "billion" is spoken without its dollars, which follow the billion.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from newsreel.errors import BadInput


@dataclass(frozen=True)
class Context:
    """The neighbours of a token, with plain quotes and hyphens; empty at either end."""

    before: str
    after: str
    in_phone_number: bool = False
    """Whether the token is a part of a phone number, which is spoken digit by digit."""

    @property
    def counts_a_noun(self) -> bool:
        """Whether an amount between the two stands before what it describes, in the singular: a five pound note."""
        return self.before.lower() in ("a", "an") and self.after[:1].isalpha()


Verbalizer = Callable[[re.Match[str], Context], list[str] | None]
"""The words for a match; None where the context shows that the rule does not apply."""
Rule = tuple[re.Pattern[str], Verbalizer]


class Rules:
    """Rules in the order in which they are added.

    rule = Rules().add

    @rule("#(?=[0-9])")
    def number_sign(found, context): return ["number"]
    """

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def add(self, pattern: str) -> Callable[[Verbalizer], Verbalizer]:
        def register(verbalizer: Verbalizer) -> Verbalizer:
            self.rules.append((re.compile(pattern), verbalizer))
            return verbalizer

        return register

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)


def verbalize_token(token: str, context: Context, rules: Iterable[Rule]) -> list[str]:
    """The spoken words of a token with plain quotes and hyphens. Raises BadInput where no rule applies."""
    spoken: list[str] = []
    place = 0
    while place < len(token):
        for pattern, verbalizer in rules:
            found = pattern.match(token, place)
            if found and (words := verbalizer(found, context)) is not None:
                spoken += words
                place = found.end()
                break
        else:
            raise BadInput(f"{token[place]!a} in {token[:40]!a} cannot be spoken; write it in words or remove it")
    return spoken
