"""`newsreel render` as a person runs it, and what can be read off it: the video, what took how long, what was worked on."""

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from newsreel.artifacts import FRAME_RATE
from steps import declared_steps
from steps.anchor.program import lease_directory
from tests.bench.watch import Use, watched

__all__ = ["Home", "Rendering", "bytes_in", "step_seconds", "units_done", "video_seconds"]

ROW = re.compile(r"(?P<step>\S.*?) +(?P<seconds>\d+\.\d) s(?:  .*)?")
UNIT = re.compile(r"(?P<step>[\w-]+): (?P<unit>.+): \d+ .+ in \d+\.\d s")


@dataclass(frozen=True, kw_only=True)
class Rendering:
    use: Use
    video_seconds: float
    steps: dict[str, float]
    """Seconds each step took, by the runner's own table; empty where nothing was to be done."""
    worked_on: dict[str, tuple[str, ...]]
    """For each step that goes by scenes, the units it did and did not find done."""

    @property
    def ratio(self) -> float:
        """Wall time in lengths of the video."""
        return self.use.wall / self.video_seconds


@dataclass(frozen=True)
class Home:
    """A folder in which one story is rendered, maybe several times."""

    folder: Path
    story_id: str

    @property
    def finals(self) -> Path:
        return self.folder / "out" / self.story_id

    @property
    def video(self) -> Path:
        return self.finals / "landscape.mp4"

    @property
    def workspace(self) -> Path:
        return self.folder / "work" / self.story_id

    @property
    def logs(self) -> Path:
        return self.folder / "work" / "logs" / self.story_id

    def render(self, story: Path) -> Rendering:
        """Run `newsreel render` and read off what it did. Raises Failed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.logs, ignore_errors=True)  # a step that is not run leaves its log of last time
        said = self.folder / "render.log"
        command = [sys.executable, "-m", "workflows", "render", str(story)]
        use = watched([*command, "--to", str(self.folder / "out"), "--work", str(self.folder / "work")], said)
        return Rendering(
            use=use,
            video_seconds=video_seconds(self.video),
            steps=step_seconds(said.read_text(errors="replace")),
            worked_on=units_done(line for log in sorted(self.logs.glob("*.log")) for line in log.read_text().splitlines()),
        )

    @contextmanager
    def open(self) -> Iterator[Path]:
        """The workspace, held as an anchor holds it: no program reads one that is not."""
        with lease_directory(self.workspace, holder="bench", keep=True) as workspace:
            yield workspace.root

    def copied_to(self, folder: Path) -> "Home":
        shutil.copytree(self.folder, folder)
        return Home(folder, self.story_id)


def step_seconds(said: str) -> dict[str, float]:
    """The rows of the table that `newsreel render` ends with; those of a step in several parts are added up.

    >>> step_seconds("g2p             1.4 s  126 words\\npix2pixhd 1/2   3.0 s\\npix2pixhd 2/2   2.5 s\\nin all         9.0 s")
    {'g2p': 1.4, 'pix2pixhd': 5.5}
    """
    steps: dict[str, float] = {}
    for row in filter(None, map(ROW.fullmatch, said.splitlines())):
        step = re.sub(r" \d+/\d+$", "", row["step"])
        if step != "in all":
            steps[step] = steps.get(step, 0.0) + float(row["seconds"])
    return steps


def units_done(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """What each step that goes by scenes says to have worked on, in its log.

    >>> units_done(["g2p: scene 00: unchanged", "g2p: scene 01: 24 words in 0.2 s"])
    {'g2p': ('scene 01',)}
    """
    by_unit = {step.name for step in declared_steps().values() if step.module != "program"}
    done: dict[str, list[str]] = {}
    for unit in filter(None, map(UNIT.fullmatch, lines)):
        if unit["step"] in by_unit:
            done.setdefault(unit["step"], []).append(unit["unit"])
    return {step: tuple(units) for step, units in done.items()}


def video_seconds(path: Path) -> float:
    frames, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
    return float(frames) / FRAME_RATE


def bytes_in(folder: Path) -> int:
    """Bytes of the files below a folder; one of several names counts once."""
    return sum({(status.st_dev, status.st_ino): status.st_size for status in statuses(folder)}.values())


def statuses(folder: Path) -> Iterator[os.stat_result]:
    return (path.stat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
