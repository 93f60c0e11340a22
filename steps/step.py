"""A step's declaration, and how any step runs: what is done is found by its key, the rest is worked through unit by unit.

A step is three functions and some facts. `plan` says what there is to do, in units that can be kept and found again one by one
(normally one a scene); `start` loads the AI system, once and only when something is left to do; `work` does one unit.

    STEP = Step(name="gentle", version=1, counts="words", plan=plan, start=start, work=work)
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, TypeVar

from steps.progress import Progress
from steps.workspace import Workspace, work_key

__all__ = ["Step", "Unit", "run_step"]

System = TypeVar("System")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One piece of a step's work. Everything its output depends on is in `reads` and `settings`, and nothing else is."""

    name: str
    """For people: `scene 03`."""
    reads: tuple[str, ...]
    """Files of the workspace whose bytes the output depends on."""
    also: tuple[Path, ...] = ()
    """Files outside the workspace whose bytes the output depends on: weights, a presenter's bundle."""
    writes: tuple[str, ...]
    """Files of the workspace that appear when the unit is done."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """All else that the output depends on, as plain JSON values; also how a unit is told its part (`scene`, `seed`).
    What does not change the output (an index, a thread count) has no place here: it would only spoil the key."""
    cost: int
    """How much there is to do, in the step's `counts`."""


@dataclass(frozen=True, kw_only=True)
class Step(Generic[System]):
    name: str
    version: int
    """Part of every key: raise it when the same input shall give another output."""
    packages: tuple[str, ...] = ()
    """Distributions whose code or weights decide the output; their installed versions are part of every key."""
    counts: str
    """What progress counts: `frames`, `words`, `seconds of speech`."""
    plan: Callable[[Workspace], Iterable[Unit]]
    start: Callable[[Workspace], AbstractContextManager[System]]
    work: Callable[[Unit, Workspace, System, list[Path], Progress], None]
    """Do one unit: read `workspace.path(name)` for each name of `unit.reads`, write the given paths, one for each of
    `unit.writes` in the same order, and call `progress.advance(n)` along the way."""


def run_step(step: Step[System], workspace: Workspace, progress: Progress, shard: tuple[int, int] = (0, 1)) -> None:
    """Do what is not done yet. Running it twice does the work once; a changed scene is the only one worked on.

    `shard` (k, n) does every n-th unit from the k-th on, so that n processes share a step.
    """
    number, of = shard
    mine = list(step.plan(workspace))[number::of]
    packages = {name: installed(name) for name in step.packages}
    units = [(unit, key_of(step, packages, unit, workspace)) for unit in mine]
    progress.expect(sum(unit.cost for unit, _ in units), step.counts)
    left = []
    for unit, key in units:
        if workspace.find(step.name, key, unit.writes):
            progress.skip(unit.cost, unit.name)
        else:
            left.append((unit, key))
    if not left:
        return
    with step.start(workspace) as system:
        for unit, key in left:
            with progress.unit(unit.name, unit.cost), workspace.finishing(step.name, key, unit.writes) as drafts:
                step.work(unit, workspace, system, drafts, progress)


def key_of(step: Step[System], packages: Mapping[str, str | None], unit: Unit, workspace: Workspace) -> str:
    inputs = [*(workspace.path(name) for name in unit.reads), *unit.also]
    return work_key(step.name, step.version, {"unit": unit.settings, "packages": packages}, inputs)


def installed(package: str) -> str | None:
    """The version of a distribution. None where there is none: what is finished can be found without its system."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
