"""What the steps of a run are at: one line a step, kept up to date by the engine and looked at by a screen."""

import contextlib
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from workflows.local.settings import StepTime

__all__ = ["Board", "Line", "State"]

SECONDS_OF_RATE = 10.0
"""A rate is that of the last ten seconds."""


class State(StrEnum):
    WAITING = "Waiting"
    RUNNING = "Running"
    PAUSED = "Paused"
    """Between two tries."""
    READY = "Ready"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERROR = "Error"
    SKIPPED = "Skipped"
    OMITTED = "Omitted"
    STOPPED = "Stopped"

    @property
    def going_on(self) -> bool:
        return self in (State.RUNNING, State.PAUSED)


@dataclass
class Line:
    """One step. Times are seconds of `time.monotonic`."""

    name: str
    counts: str = ""
    state: State = State.WAITING
    began: float | None = None
    ended: float | None = None
    """Of a daemon or service: when it was ready."""
    tries: int = 0
    done: int = 0
    total: int = 0
    message: str = ""
    again_at: float = 0.0
    """When the next try begins, of a line that is PAUSED."""
    log: Path | None = None
    progress_file: Path | None = None
    samples: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        return 0.0 if self.began is None else (self.ended or time.monotonic()) - self.began

    @property
    def seconds_to_next_try(self) -> float:
        return max(0.0, self.again_at - time.monotonic())

    @property
    def rate(self) -> float | None:
        """Counts a second of late; None while nothing can be said."""
        if len(self.samples) < 2:
            return None
        (first, before), (last, after) = self.samples[0], self.samples[-1]
        return (after - before) / (last - first) if last > first and after > before else None

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate else None

    def look(self) -> None:
        """Read how far the step says it is: `done/total`, whole numbers, in the file's first line
        (`newsreel.runtime.progress`)."""
        if self.progress_file is None:
            return
        with contextlib.suppress(OSError, ValueError):
            done, total = (int(part) for part in self.progress_file.read_text(errors="replace").partition("\n")[0].split("/"))
            if 0 <= done <= total:
                self.done, self.total = done, total
                now = time.monotonic()
                self.samples.append((now, done))
                while now - self.samples[0][0] > SECONDS_OF_RATE and len(self.samples) > 2:
                    self.samples.popleft()


class Board:
    """The lines of a run, in the manifest's order; a step is known by its path, such as `attempt/work/gentle`."""

    def __init__(self, planned: Iterable[tuple[str, str, str]]) -> None:
        """Each of `planned` is a path, a name and what its progress counts."""
        self.began = time.monotonic()
        self.ended: float | None = None
        lines = [*planned]
        often = Counter(name for _, name, _ in lines)
        self.lines = {path: Line(name if often[name] == 1 else path, counts) for path, name, counts in lines}

    def line(self, path: str, name: str = "", counts: str = "", after: str | None = None) -> Line:
        """The line of a path; a new one comes right behind `after` and its fan-out, or last."""
        if path not in self.lines:
            paths = [*self.lines]
            behind = [number for number, one in enumerate(paths) if after and (one == after or one.startswith(f"{after}("))]
            paths.insert(behind[-1] + 1 if behind else len(paths), path)
            self.lines[path] = Line(name, counts)
            self.lines = {one: self.lines[one] for one in paths}
        return self.lines[path]

    def fan_out(self, path: str, numbers: int) -> None:
        """One line becomes one for each item; a single item keeps the name."""
        if path in self.lines:
            whole = self.lines[path]
            for number in range(numbers):
                name = whole.name if numbers == 1 else f"{whole.name} {number + 1}/{numbers}"
                self.line(f"{path}({number})", name, whole.counts, after=path)
            del self.lines[path]

    def now(self) -> float:
        return self.ended or time.monotonic()

    def look(self) -> None:
        for line in self.lines.values():
            if line.state is State.RUNNING:
                line.look()

    def below(self, path: str) -> Iterator[Line]:
        """The lines of a task: its own, those of its items, those of the DAG it calls."""
        for one, line in self.lines.items():
            if one == path or one.startswith((f"{path}/", f"{path}(")):
                yield line

    def stop(self) -> None:
        """Nothing runs any more."""
        for line in self.lines.values():
            if line.state.going_on:
                line.state, line.ended = State.STOPPED, time.monotonic()

    def close(self) -> None:
        self.stop()
        self.ended = time.monotonic()

    def times(self) -> tuple[StepTime, ...]:
        started = sorted(self.lines.values(), key=lambda line: line.began or float("inf"))
        return tuple(
            StepTime(
                step=line.name,
                status=line.state.value,
                seconds=line.seconds,
                tries=line.tries,
                done=line.done,
                total=line.total,
                counts=line.counts,
                log=line.log,
            )
            for line in started
        )
