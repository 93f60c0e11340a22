"""Progress of a step: whole units to Argo's progress file, one log line a finished unit to the terminal.

Argo reads `N/M` from the file that ARGO_PROGRESS_FILE names (argo-workflows, docs/progress.md); so does our runner.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Progress"]

SECONDS_BETWEEN_WRITES = 0.2


class Progress:
    """Counts what a step has done. `path` None writes no file."""

    def __init__(self, step: str, path: Path | None) -> None:
        self.step = step
        self.path = path
        self.done = 0
        self.total = 0
        self.counts = ""
        self.written = 0.0
        self.began = time.monotonic()
        self.remarks: list[str] = []
        """What is worth knowing of the unit under way, see `steps.record`."""

    @classmethod
    def from_environment(cls, step: str) -> "Progress":
        named = os.environ.get("ARGO_PROGRESS_FILE")
        return cls(step, Path(named) if named else None)

    def expect(self, total: int, counts: str) -> None:
        self.total = max(total, 1)
        self.counts = counts
        self.write()

    def skip(self, cost: int, name: str) -> None:
        """Count work that an earlier run has done."""
        self.done += cost
        self.say(f"{name}: unchanged")
        self.write()

    def advance(self, count: int) -> None:
        """Count work inside a unit; what a unit does not report is counted when it ends."""
        self.done += count
        if time.monotonic() - self.written > SECONDS_BETWEEN_WRITES:
            self.write()

    @contextmanager
    def unit(self, name: str, cost: int) -> Iterator[None]:
        self.began, self.remarks, before = time.monotonic(), [], self.done
        yield
        self.done = before + cost
        self.write()
        self.say(f"{name}: {cost} {self.counts} in {self.seconds:.1f} s")

    @property
    def seconds(self) -> float:
        """Since the unit under way began."""
        return time.monotonic() - self.began

    def remark(self, unit: str, line: str) -> None:
        """Say what a person should know of a unit, now and in the story's report."""
        self.remarks.append(line)
        self.say(f"{unit}: {line}")

    def say(self, line: str) -> None:
        print(f"{self.step}: {line}", file=sys.stderr, flush=True)

    def write(self) -> None:
        self.written = time.monotonic()
        if self.path is None:
            return
        temporary = self.path.with_name(f".tmp-{self.path.name}")
        with suppress(OSError):  # progress is for watching; of a full disk the step's own output tells
            temporary.write_text(f"{min(self.done, self.total)}/{self.total}\n")
            temporary.replace(self.path)
