"""How a node of a workflow ended, in Argo's words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["DEFECT", "Outcome", "Phase"]

DEFECT = 70
"""Exit status of what is no person's mistake but the program's (EX_SOFTWARE of sysexits.h), as in `steps.__main__`."""


class Phase(StrEnum):
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    """The program ran and did not succeed."""
    ERROR = "Error"
    """There was no proper run of a program: an output that is missing, an expression that cannot be evaluated."""
    SKIPPED = "Skipped"
    """Its `when` was false, or its `withParam` list empty."""
    OMITTED = "Omitted"
    """Its `depends` was false."""
    DAEMONED = "Daemoned"
    """A daemon that is ready and running."""

    @property
    def bad(self) -> bool:
        return self in (Phase.FAILED, Phase.ERROR)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    phase: Phase
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Output parameters by name; `hostNodeName` is no parameter and not among them."""
    step: str = ""
    """The leaf this comes from, for people; empty for a DAG."""
    exit_status: int | None = None
    """Of the program; None where none ran to its end. It is what a retry's `lastRetry.exitCode` tells."""
    run_status: int | None = None
    """What the whole run ends with on its account, where that is not `exit_status`."""
    message: str = ""
    """One line for people: why it is not Succeeded."""
    cause: "Outcome | None" = None
    """Of a DAG or fan-out that went bad: the leaf that went bad first."""
    items: tuple["Outcome", ...] = ()
    """Of a fan-out: one an item, in the list's order."""

    @property
    def root_cause(self) -> "Outcome":
        return self.cause.root_cause if self.cause else self
