"""A step: its declaration, and how any step runs. Finished units are found by their keys, the rest is worked through one by one.

    # steps/gentle/__init__.py
    STEP = Step(name="gentle", stage="alignment", reads=("voice", "script"), writes=("phones",), image="gentle", ...)

    # steps/gentle/step.py
    WORK = UnitWork(version=1, plan=plan, start=start, work=work)

`plan` lists units that can be kept and found again one by one (normally one a scene); `start` loads the AI system, once and only
when a unit is left to do; `work` does one unit.
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
    """All else that the output depends on, as plain JSON values; also how a unit knows its part (`scene`, `seed`).
    What does not change the output (an index, a thread count) has no place here: it would only spoil the key."""
    cost: int
    """How much there is to do, in the step's `counts`."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a step's container requests of its node."""

    cpu: str
    """Cores; more may be used while the node has them free. A node allots less than it has, the anchor is on it, and the two
    branches of a story's DAG run side by side: the steps of both, together, must fit."""
    memory: str
    """Request and limit."""
    gpus: int = 0
    """`nvidia.com/gpu`: whole GPUs, or shares where the node's device plugin shares them in time."""


@dataclass(frozen=True, kw_only=True)
class Duration:
    """Seconds that a step works for a video of REFERENCE_VIDEO_SECONDS, without what its pod costs."""

    fixed: float = 0.0
    """Whatever the video's length: weights are loaded."""
    scaled: float = 0.0
    """In proportion to the video's length."""

    @property
    def seconds(self) -> float:
        return self.fixed + self.scaled


REFERENCE_VIDEO_SECONDS = 39.9
"""The demo's."""
HARDWARE_MEASURED = {"cpu": True, "gpu": False}
"""The kinds of node that durations are known for, and whether they were measured there. cpu: two cores of an AMD EPYC (`make
bench`). gpu: assumed; pix2pixhd: 1,197 frames of 1.17 TFLOP (2048x1024) at a third of the 121 dense half-precision TFLOP/s of the
L4's data sheet."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step's declaration: all that DAG, manifest, image, documentation and simulator need to know of it.

    It stands in the `__init__` of the step's package, which imports no AI system. The package's module `module` does the work:
    either its `WORK` (`UnitWork`), or for a program its `run(arguments)`.
    """

    name: str
    """Of the task, of the template, and of the command: `python -m steps NAME`."""
    stage: str
    """What it does for a story: `voice`, `alignment`."""
    purpose: str
    """One line for the documentation: what it makes of what, and with which AI system."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    """Files or folders of the workspace (`newsreel.artifacts`). A step runs once every step that writes what it reads has
    succeeded: this is the DAG."""
    image: str
    """Name below the installation's prefix. The image holds the library, the packages of its steps and the extras of
    pyproject.toml that are named after them."""
    resources: Resources
    progress_unit: str | None
    """What progress counts: `frames`, `words`; None where there is nothing to count."""
    durations: Mapping[str, Duration] = field(default_factory=dict)
    """By kind of node (HARDWARE_MEASURED): a step's share of a story's progress, and what the simulator goes by. Empty for what
    runs only after a failure."""
    deadline_seconds: int | None = None
    """After which the container is stopped as hung; None where that depends on the story's length (`check` computes it)."""
    sharded: bool = False
    """Whether `--shard K/N` spreads its units over several GPUs."""
    service: str | None = None
    """The service it calls, whose address is in the variable NAME_URL."""
    shown: bool = True
    """Whether an editor sees it as a step of a story."""
    after_failure: bool = False
    """Whether it runs only when something went wrong; only then it is shown."""
    uses_weights: bool = False
    """Whether it reads the installation's catalogue of weights."""
    uses_storage: bool = False
    """Whether it reads or writes addresses, and so runs under the account that may."""
    uses_unit_cache: bool = False
    """Whether finished units pass through it from one revision of a story to the next."""
    reports_cost: bool = False
    sends_notifications: bool = False
    module: str = "step"
    """Of the step's package: `step` and `training_step` have WORK, `program` has run()."""


@dataclass(frozen=True, kw_only=True)
class UnitWork(Generic[System]):
    """How a step works through its units."""

    version: int
    """Part of every key: raise it when the same input shall give another output."""
    packages: tuple[str, ...] = ()
    """Distributions whose code or weights decide the output; their installed versions are part of every key."""
    plan: Callable[[Workspace], Iterable[Unit]]
    start: Callable[[Workspace], AbstractContextManager[System]]
    work: Callable[[Unit, Workspace, System, list[Path], Progress], None]
    """Do one unit: read `workspace.path(name)` for each name of `unit.reads`, write the given paths, one for each of
    `unit.writes` in the same order, and call `progress.advance(n)` along the way."""


def run_step(
    step: Step, work: UnitWork[System], workspace: Workspace, progress: Progress, shard: tuple[int, int] = (0, 1)
) -> None:
    """Do what is not done yet. Running it twice does the work once; a changed scene is the only one worked on.

    `shard` (k, n) does the k-th of n shares of much the same cost, so that n processes share a step.
    """
    planned = list(work.plan(workspace))
    remove_stale_metadata(workspace.root, step.name, (unit.name for unit in planned))
    mine = select_shard(planned, *shard)
    packages = {name: installed_version(name) for name in work.packages}
    units = [(unit, unit_key(step, work.version, packages, unit, workspace)) for unit in mine]
    progress.set_total(sum(unit.cost for unit, _ in units), step.progress_unit)
    left = []
    for unit, key in units:
        if workspace.link_unit(step.name, key, unit_files(step, unit)):
            progress.skip(unit.cost, unit.name)
        else:
            left.append((unit, key))
    if not left:
        return
    with work.start(workspace) as system:
        for unit, key in left:
            with progress.unit(unit.name, unit.cost), workspace.atomic_outputs(step.name, key, unit_files(step, unit)) as drafts:
                work.work(unit, workspace, system, drafts[:-1], progress)
                drafts[-1].write_text(unit_metadata(step, unit, key, progress).model_dump_json() + "\n")


def unit_files(step: Step, unit: Unit) -> tuple[str, ...]:
    """What a finished unit is: its files, and last its record."""
    return (*unit.writes, metadata_file(step.name, unit.name))


def unit_metadata(step: Step, unit: Unit, key: str, progress: Progress) -> UnitMetadata:
    return UnitMetadata(
        step=step.name,
        unit=unit.name,
        key=key,
        cost=unit.cost,
        counts=step.progress_unit or "",
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


def unit_key(step: Step, version: int, packages: Mapping[str, str | None], unit: Unit, workspace: Workspace) -> str:
    inputs = [*(workspace.path(name) for name in unit.reads), *unit.also]
    return work_key(step.name, version, {"unit": unit.settings, "packages": packages, "records": METADATA_VERSION}, inputs)


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
