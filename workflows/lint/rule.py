"""What a rule is: a function from a document to its faults, whose docstring tells what to do about them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workflows.lint.document import Document, Node

__all__ = ["Fault", "Findings", "Rule", "rule"]

Findings = Iterator[tuple[Node, str]]
"""Where each fault is, and what is wrong there."""


@dataclass(frozen=True, order=True)
class Fault:
    place: str
    """File and path in the document."""
    found: str
    """What is wrong."""
    rule: str

    def __str__(self) -> str:
        return f"{self.place}: {self.found} [{self.rule}]"


@dataclass(frozen=True)
class Rule:
    name: str
    """Of the function, the promise that the rule watches over."""
    advice: str
    """Why it matters and what to change."""
    find: Callable[[Document], Findings]

    def faults(self, document: Document, source: str) -> Iterator[Fault]:
        for node, found in self.find(document):
            yield Fault(f"{source}: {node.path}", found, self.name)


def rule(find: Callable[[Document], Findings]) -> Rule:
    """Make a rule of a function; its docstring is the advice."""
    return Rule(find.__name__, " ".join((find.__doc__ or "").split()), find)
