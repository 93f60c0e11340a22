"""A story on its way to a video: what the page may ask for, whoever does the work."""

from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from newsreel.story.priority import Priority

__all__ = ["Run", "Runs", "State", "StepState", "progress_of"]

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class StepState(BaseModel, frozen=True):
    """One step of a run, as Argo or the local runner has it."""

    name: str
    state: Literal["waiting", "running", "succeeded", "failed", "skipped", "stopped"]
    done: int = 0
    total: int = 0
    counts: str = ""
    """What `done` and `total` are: frames, scenes."""
    seconds: float = 0.0
    message: str = ""


class Run(BaseModel, frozen=True):
    """The newest run of a revision."""

    id: str
    revision: int
    priority: Priority = "normal"
    state: State
    message: str = ""
    """One line: why it failed, or what it waits for."""
    submitted: datetime
    ended: datetime | None = None
    steps: tuple[StepState, ...] = ()
    progress: float = Field(default=0.0, ge=0, le=1)
    """Share of the whole, by the time steps usually take."""

    @property
    def over(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


class Runs(Protocol):
    """Every call may be repeated. Errors: Unavailable where the same call may work later."""

    def keep(self, identifier: str, revision: int, priority: Priority | None) -> Priority:
        """Remember how urgent a saved revision is, before it is submitted: should we get no further, it is made all the same.
        None leaves it at what was said before, normal if nothing was. Returns what it is.

        Raises Conflict where it was given out as more or less urgent before."""

    def submit(self, identifier: str, revision: int, priority: Priority) -> None:
        """See to it that the revision is made: a run that is under way or has succeeded is left alone."""

    def status(self, identifier: str, revision: int) -> Run | None:
        """The newest run of the revision, None where there was none."""

    def cancel(self, identifier: str, revision: int) -> None:
        """End the run that is under way, if there is one."""


SHARES = {
    "init-story": 2, "hibari": 3, "tacotron2": 4, "waveglow": 6, "gentle": 4, "g2p": 2, "dlib": 8, "animate": 2,
    "pix2pixhd": 35, "compose": 32, "publish": 2,
}  # fmt: skip
"""Seconds of each step of a short story on two cores: what a bar that goes evenly needs to know."""


def progress_of(steps: tuple[StepState, ...]) -> float:
    """How much of the work is done, 0 to 1."""
    weighed = [(SHARES.get(step.name.partition(" ")[0], 1), share_of(step)) for step in steps]
    whole = sum(weight for weight, _ in weighed)
    return round(sum(weight * share for weight, share in weighed) / whole, 3) if whole else 0.0


def share_of(step: StepState) -> float:
    if step.state in ("succeeded", "skipped"):
        return 1.0
    return min(1.0, step.done / step.total) if step.total else 0.0
