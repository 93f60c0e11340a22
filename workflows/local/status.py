"""The state of a run: how its nodes ended, and one line of progress per step for a display."""

import contextlib
import re
import time
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

RATE_SECONDS = 10.0
"""A rate is the mean of the last ten seconds."""
TAIL_LINES = 12
TAIL_BYTES = 16_384
TAIL_WIDTH = 200
CONTROL_SEQUENCE = re.compile(r"\x1b(\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*)")
"""ECMA-48: colours, cursor moves and window titles."""


class Phase(StrEnum):
    """Phase of a node, in Argo's words where Argo has one."""

    WAITING = "Waiting"
    RUNNING = "Running"
    RETRYING = "Retrying"
    """Waits for its next try."""
    READY = "Ready"
    """A daemon or service whose readiness probe succeeded; Argo's Daemoned."""
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    """The program ran and did not succeed."""
    ERROR = "Error"
    """The program did not run properly: a missing output, an expression that cannot be evaluated."""
    SKIPPED = "Skipped"
    """Its `when` was false, or its `withParam` an empty list."""
    OMITTED = "Omitted"
    """Its `depends` was false."""
    STOPPED = "Stopped"

    @property
    def failed(self) -> bool:
        return self in (Phase.FAILED, Phase.ERROR)

    @property
    def active(self) -> bool:
        return self in (Phase.RUNNING, Phase.RETRYING)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a node ended."""

    phase: Phase
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Output parameters by name."""
    step: str = ""
    """Name of the step; empty for a DAG."""
    exit_status: int | None = None
    """Of the program; None if it did not run to its end. `lastRetry.exitCode`."""
    run_status: int | None = None
    """Exit status of the whole run if this is its cause, where it differs from `exit_status`."""
    message: str = ""
    """One line: why it did not succeed."""
    cause: "Outcome | None" = None
    """Of a failed DAG or fan-out: the node that failed first."""

    @property
    def root_cause(self) -> "Outcome":
        return self.cause.root_cause if self.cause else self


@dataclass
class StepStatus:
    """One step, `pix2pixhd` or `pix2pixhd 2/4` of a fan-out. Times are seconds of `time.monotonic`."""

    name: str
    unit: str = ""
    """What `done` and `total` count."""
    phase: Phase = Phase.WAITING
    started: float | None = None
    """Of the first try."""
    ended: float | None = None
    """Of the last try; of a daemon or service when it was ready."""
    tries: int = 0
    done: int = 0
    total: int = 0
    """0 where a step reports no progress."""
    message: str = ""
    retry_at: float = 0.0
    """Start of the next try while RETRYING."""
    log: Path | None = None
    progress_file: Path | None = None
    samples: deque[tuple[float, int]] = field(default_factory=deque)

    @property
    def seconds(self) -> float:
        """From the first start to the last end, with all tries and pauses between them."""
        return 0.0 if self.started is None else (self.ended or time.monotonic()) - self.started

    @property
    def seconds_to_retry(self) -> float:
        return max(0.0, self.retry_at - time.monotonic())

    @property
    def rate(self) -> float | None:
        """Units per second; None while unknown."""
        if len(self.samples) < 2:
            return None
        (first, before), (last, after) = self.samples[0], self.samples[-1]
        return (after - before) / (last - first) if last > first and after > before else None

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.done) / self.rate if self.rate else None

    def begin(self) -> None:
        self.started = self.started or time.monotonic()
        self.phase, self.message, self.ended = Phase.RUNNING, "", None
        self.samples.clear()
        self.tries += 1

    def finish(self, phase: Phase, message: str = "") -> None:
        self.phase, self.message, self.ended, self.progress_file = phase, message, time.monotonic(), None

    def retry_in(self, seconds: float) -> None:
        self.phase, self.retry_at = Phase.RETRYING, time.monotonic() + seconds

    def open_log(self, path: Path) -> Path:
        """The step's log; that of an earlier run is removed before the first try."""
        if self.tries == 1:
            path.unlink(missing_ok=True)
        self.log = path
        return path

    def read_progress(self) -> None:
        """Read ARGO_PROGRESS_FILE: `done/total`, whole numbers, in its first line."""
        if self.progress_file is None:
            return
        with contextlib.suppress(OSError, ValueError):
            done, total = (int(part) for part in self.progress_file.read_text(errors="replace").partition("\n")[0].split("/"))
            if 0 <= done <= total:
                self.done, self.total = done, total
                now = time.monotonic()
                self.samples.append((now, done))
                while now - self.samples[0][0] > RATE_SECONDS and len(self.samples) > 2:
                    self.samples.popleft()


class RunStatus:
    """The steps of a run in the manifest's order, by their path such as `attempt/work/gentle`."""

    def __init__(self, planned: Iterable[tuple[str, str]]) -> None:
        """Each of `planned` is a path and the unit of its progress."""
        self.started = time.monotonic()
        self.ended: float | None = None
        units = dict(planned)
        used = Counter(map(step_name, units))
        self.steps = {
            path: StepStatus(step_name(path) if used[step_name(path)] == 1 else path, unit) for path, unit in units.items()
        }

    def step(self, path: str, name: str = "", unit: str = "") -> StepStatus:
        """The step of a path, a new one if it was not planned."""
        if path not in self.steps:
            self.steps[path] = StepStatus(name or step_name(path), unit)
        return self.steps[path]

    def fan_out(self, path: str, count: int) -> None:
        """Replace a step by one per item; a single item keeps the name."""
        steps, self.steps = self.steps, {}
        for one, step in steps.items():
            if one == path:
                names = [step.name] if count == 1 else [f"{step.name} {number + 1}/{count}" for number in range(count)]
                self.steps |= {f"{path}({number})": StepStatus(name, step.unit) for number, name in enumerate(names)}
            else:
                self.steps[one] = step

    def below(self, path: str) -> Iterator[StepStatus]:
        """The steps of a task: its own, those of its items, those of the DAG it calls."""
        for one, step in self.steps.items():
            if one == path or one.startswith((f"{path}/", f"{path}(")):
                yield step

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.started

    def read_progress(self) -> None:
        for step in self.steps.values():
            if step.phase is Phase.RUNNING:
                step.read_progress()

    def stop(self) -> None:
        """Mark as stopped what is still active."""
        for step in self.steps.values():
            if step.phase.active:
                step.phase, step.ended = Phase.STOPPED, time.monotonic()

    def close(self) -> None:
        self.stop()
        self.ended = time.monotonic()


def step_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def log_tail(log: Path | None) -> list[str]:
    """The last lines of a log, without control characters and sequences."""
    if log is None or not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        text = file.read().decode(errors="replace")
    lines = [printable(line.rsplit("\r", 1)[-1]) for line in text.rstrip().split("\n")]
    return [line for line in lines if line][-TAIL_LINES:]


def printable(text: str) -> str:
    """At most TAIL_WIDTH characters that a terminal can show."""
    text = CONTROL_SEQUENCE.sub("", text).replace("\t", " ")
    return "".join(character for character in text if unicodedata.category(character)[0] != "C").rstrip()[:TAIL_WIDTH]
