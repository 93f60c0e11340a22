"""The run of a revision as the page shows it, and the interface of what runs it (`kubernetes_runs`, `local_runs`)."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from newsreel.story.priority import Priority
from steps.check import STEP as CHECK
from workflows.profiles import EMBEDDED, PROFILES, story_weights

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class StepState(BaseModel, frozen=True):
    """One step of a run, as Argo or the local runner has it."""

    name: str
    """`compose`, or `pix2pixhd 1/2` for the first of two parts of a step's work."""
    state: Literal["waiting", "running", "succeeded", "failed", "skipped", "stopped"]
    done: int = 0
    total: int = 0
    counts: str = ""
    """The unit of `done` and `total`: frames, scenes."""
    seconds: float = 0.0
    message: str = ""


class Run(BaseModel, frozen=True):
    """The newest run of a revision."""

    id: str
    revision: int
    priority: Priority = "normal"
    state: State
    message: str = ""
    """One line: why it failed (`newsreel.runtime.failure_reason`), or what it waits for."""
    submitted: datetime
    ended: datetime | None = None
    steps: tuple[StepState, ...] = ()
    progress: float = Field(default=0.0, ge=0, le=1)
    """Share of the whole, by the time that steps usually take."""

    @property
    def over(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


class Runs(Protocol):
    """Every call may be repeated. Errors: Unavailable where the same call may work later."""

    def reserve(self, identifier: str, revision: int, priority: Priority | None) -> Priority:
        """Store the priority of a saved revision before it is submitted: should the submission fail, it is made all the same.
        None leaves the stored priority, normal where there is none. Returns the priority.

        Raises Conflict where another priority was stored before."""

    def submit(self, identifier: str, revision: int, priority: Priority) -> None:
        """Start a run of the revision, unless one is under way or has succeeded."""

    def status(self, identifier: str, revision: int) -> Run | None:
        """The newest run of the revision, None where there was none."""

    def cancel(self, identifier: str, revision: int) -> None:
        """End the run that is under way, if there is one."""


@cache
def step_weights(profile: str) -> Mapping[str, int]:
    """The steps that are shown to editors, each with its share of a story's time; any other step is not shown."""
    chosen = PROFILES.get(profile, EMBEDDED)
    weights = story_weights(chosen)
    return {step.name: weights[step.name] for step in (CHECK, *chosen.work) if step.shown}


def is_shown(step: str) -> bool:
    return any(step.partition(" ")[0] in step_weights(profile) for profile in PROFILES)


def progress_of(steps: tuple[StepState, ...], profile: str = EMBEDDED.name) -> float:
    """How much of the work is done, 0 to 1. A step's parts share its weight."""
    names = [step.name.partition(" ")[0] for step in steps]
    weights = [step_weights(profile).get(name, 1) / names.count(name) for name in names]
    done = sum(weight * share_done(step) for weight, step in zip(weights, steps, strict=True))
    return round(done / sum(weights), 3) if steps else 0.0


def share_done(step: StepState) -> float:
    if step.state in ("succeeded", "skipped"):
        return 1.0
    return min(1.0, step.done / step.total) if step.total else 0.0
