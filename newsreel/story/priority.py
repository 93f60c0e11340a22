"""A story's priority. A module of its own, since the command line reads it at every start, and the schema needs pydantic."""

from typing import Literal, get_args

from newsreel.errors import BadInput

Priority = Literal["breaking", "normal"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
PRIORITY_VALUE = {"breaking": 1000, "normal": 0}
"""Argo's priority among waiting workflows, and the value of the PriorityClass of a workflow's pods."""


def require_priority(text: str) -> None:
    """Raises BadInput for an unknown priority.

    Checked before any pod of the class is created: Argo reads a template's `enum` for its own page alone, and a pod of an unknown
    PriorityClass is never created, without an error.
    """
    if text not in PRIORITIES:
        raise BadInput(f"priority: {text[:40]!a} is none of {', '.join(PRIORITIES)}")
