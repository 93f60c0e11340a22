"""What a run of the bench has measured so far. Plain data: `dataclasses.asdict` of it is the JSON."""

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.bench.renders import Rendering
from tests.bench.watch import Use

__all__ = ["Changed", "Long", "Machine", "PngFiles", "Results", "machine"]


@dataclass(frozen=True, kw_only=True)
class Machine:
    processor: str
    cores: int
    """That this process may use."""
    memory: int
    """Bytes."""
    python: str
    load: float
    """Processes that wanted to run, in the minute before the bench began: other people's work disturbs the figures."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The next revision, with one scene changed, on the workspace of the first."""

    unit: str
    rendering: Rendering

    @property
    def only_that_one(self) -> bool:
        """Whether every step that goes by scenes worked on the changed scene, and on no other."""
        scenes = [[unit for unit in units if unit.startswith("scene ")] for units in self.rendering.worked_on.values()]
        return bool(scenes) and all(units in ([self.unit], []) for units in scenes) and any(scenes)


@dataclass(frozen=True, kw_only=True)
class Long:
    """The story with its scenes several times over."""

    times: int
    rendering: Rendering


@dataclass(frozen=True, kw_only=True)
class PngFiles:
    """The way from landmarks to the video with a PNG file for every frame between its stages."""

    stages: dict[str, Use]
    files: int
    bytes: int
    """All that its stages wrote."""
    video_seconds: float
    likeness: float
    """PSNR, dB, of its video beside ours: the same pictures but for the rounding of colours and x264."""

    @property
    def wall(self) -> float:
        return sum(use.wall for use in self.stages.values())


@dataclass(kw_only=True)
class Results:
    story: str
    machine: Machine
    failed: list[str] = field(default_factory=list)
    """Measurements that could not be made."""
    cold: Rendering | None = None
    workspace_bytes: int = 0
    again: Rendering | None = None
    without_finals: Rendering | None = None
    png_files: PngFiles | None = None
    changed: Changed | None = None
    lips: list[dict[str, Any]] = field(default_factory=list)
    """`tests.bench.lipsync`'s verdicts; the last is on all scenes."""
    sound: dict[str, Any] = field(default_factory=dict)
    """A `tests.bench.sound.Sound`."""
    picture: dict[str, float] = field(default_factory=dict)
    """A `steps.pix2pixhd.training.evaluation.Quality`."""
    long: Long | None = None


def machine() -> Machine:
    return Machine(
        processor=processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=psutil.virtual_memory().total,
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
