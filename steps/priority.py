"""Whose news comes first: a parameter of a story, so read as hostile text."""

from typing import Literal, get_args

from steps.errors import BadInput

__all__ = ["PRIORITIES", "WORTH", "Priority", "require_priority"]

Priority = Literal["breaking", "normal"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
WORTH = {"breaking": 1000, "normal": 0}
"""What each is worth: to Argo among workflows that wait, as its pods' class (`workflows.priorities`) to the scheduler."""


def require_priority(text: str) -> None:
    """Argo reads a template's `enum` for its own page alone, and a pod of an unknown class is never made, nor given up: so this
    is asked before any pod of the class is. Raises BadInput."""
    if text not in PRIORITIES:
        raise BadInput(f"priority: {text[:40]!a} is none of {', '.join(PRIORITIES)}")
