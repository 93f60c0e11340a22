"""A step's declaration, and how any step runs: what is done is found by its key, the rest is worked through unit by unit.

A step is three functions and some facts. `plan` says what there is to do, in units that can be kept and found again one by one
(normally one a scene); `start` loads the AI system, once and only when something is left to do; `work` does one unit.

    STEP = Step(name="gentle", version=1, counts="words", plan=plan, start=start, work=work)

Into how many parts the generator's work is spread: a parameter of a story, so read as hostile text.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Generic, TypeVar

from newsreel.errors import BadInput
from newsreel.runtime.progress import Progress
from newsreel.workspace import UnitMetadata, Workspace, metadata_file, remove_stale_metadata, work_key

System = TypeVar("System")
METADATA_VERSION = 2
"""Of what form units' records are; part of every key, since a record is part of what is found again."""


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

    `shard` (k, n) does the k-th of n shares of much the same cost, so that n processes share a step.
    """
    planned = list(step.plan(workspace))
    remove_stale_metadata(workspace.root, step.name, (unit.name for unit in planned))
    mine = select_shard(planned, *shard)
    packages = {name: installed_version(name) for name in step.packages}
    units = [(unit, unit_key(step, packages, unit, workspace)) for unit in mine]
    progress.set_total(sum(unit.cost for unit, _ in units), step.counts)
    left = []
    for unit, key in units:
        if workspace.link_unit(step.name, key, unit_files(step, unit)):
            progress.skip(unit.cost, unit.name)
        else:
            left.append((unit, key))
    if not left:
        return
    with step.start(workspace) as system:
        for unit, key in left:
            with progress.unit(unit.name, unit.cost), workspace.atomic_outputs(step.name, key, unit_files(step, unit)) as drafts:
                step.work(unit, workspace, system, drafts[:-1], progress)
                drafts[-1].write_text(unit_metadata(step, unit, key, progress).model_dump_json() + "\n")


def unit_files(step: Step[System], unit: Unit) -> tuple[str, ...]:
    """What a finished unit is: its files, and last its record."""
    return (*unit.writes, metadata_file(step.name, unit.name))


def unit_metadata(step: Step[System], unit: Unit, key: str, progress: Progress) -> UnitMetadata:
    return UnitMetadata(
        step=step.name,
        unit=unit.name,
        key=key,
        cost=unit.cost,
        counts=step.counts,
        seconds=round(progress.seconds, 2),
        ended=datetime.now(UTC).replace(microsecond=0),
        remarks=tuple(progress.remarks),
    )


def select_shard(units: Sequence[Unit], number: int, of: int) -> list[Unit]:
    """Of n shares one: each unit, the costliest first, goes to whoever has the least to do. What is shared out stays in order."""
    loads = [0] * of
    mine: set[int] = set()
    for index in sorted(range(len(units)), key=lambda index: -units[index].cost):
        least = loads.index(min(loads))
        loads[least] += units[index].cost
        if least == number:
            mine.add(index)
    return [unit for index, unit in enumerate(units) if index in mine]


def unit_key(step: Step[System], packages: Mapping[str, str | None], unit: Unit, workspace: Workspace) -> str:
    inputs = [*(workspace.path(name) for name in unit.reads), *unit.also]
    return work_key(step.name, step.version, {"unit": unit.settings, "packages": packages, "records": METADATA_VERSION}, inputs)


def installed_version(package: str) -> str | None:
    """The version of a distribution. None where there is none: what is finished can be found without its system."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


MOST_SHARDS = 60
"""As many as a story may have scenes."""


def shard_count(text: str) -> int:
    """Raises BadInput for anything but a number of 1 to 60."""
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_SHARDS:
        raise BadInput(f"shards: {text[:40]!a} is not a number from 1 to {MOST_SHARDS}")
    return int(text)
