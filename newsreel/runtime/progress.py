"""Progress of a step: finished work to Argo's progress file, and a log line for each finished unit.

The first line of the file at ARGO_PROGRESS_FILE is in the step's own progress unit, 523/1046; the local runner shows it. Argo
reads
the last line (argo-workflows, docs/progress.md) and adds those of all steps. So where NEWSREEL_SHARE says how many hundredths of
the
whole story this step is, a second line has its progress in those, 15/30, and Argo's sum is the story's progress.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging import WARNING
from pathlib import Path

from newsreel.errors import DiskFull
from newsreel.files import write_atomically
from newsreel.runtime.log import log

WRITE_INTERVAL_SECONDS = 0.2


class Progress:
    """Counts finished work. `path` None writes no file; `share` is the step's hundredths of the story, 0 for none."""

    def __init__(self, step: str, path: Path | None, share: int = 0) -> None:
        self.step = step
        self.path = path
        self.share = share
        self.done = 0
        self.total = 0
        self.counts = ""
        self.written = 0.0
        self.began = time.monotonic()
        self.remarks: list[str] = []
        """Remarks on the current unit, see `newsreel.workspace.UnitMetadata`."""

    @classmethod
    def from_environment(cls, step: str, shard: tuple[int, int] = (0, 1)) -> "Progress":
        """`shard` (k, n): the k-th of n processes that divide the step, and its share, among them."""
        named, share = os.environ.get("ARGO_PROGRESS_FILE"), int(os.environ.get("NEWSREEL_SHARE") or 0)
        number, of = shard
        return cls(step, Path(named) if named else None, share * (number + 1) // of - share * number // of)

    def set_total(self, total: int, counts: str | None) -> None:
        """Set the amount of work. Zero means that everything is done."""
        self.total, self.done = max(total, 1), 0 if total else 1
        self.counts = counts or ""
        self.write()

    def skip(self, cost: int, name: str) -> None:
        """Count a unit that an earlier run has finished."""
        self.done += cost
        self.info(f"{name}: unchanged")
        self.write()

    def advance(self, count: int) -> None:
        """Count work within a unit; what is not reported is counted at the unit's end."""
        self.done += count
        if time.monotonic() - self.written > WRITE_INTERVAL_SECONDS:
            self.write()

    @contextmanager
    def unit(self, name: str, cost: int) -> Iterator[None]:
        self.began, self.remarks, before = time.monotonic(), [], self.done
        yield
        self.done = before + cost
        self.write()
        self.info(f"{name}: {cost} {self.counts} in {self.seconds:.1f} s")

    @property
    def seconds(self) -> float:
        """Since the current unit began."""
        return time.monotonic() - self.began

    def add_remark(self, unit: str, line: str) -> None:
        """Log what a person should know about a unit, and add it to the unit's metadata for the story's report."""
        self.remarks.append(line)
        self.info(f"{unit}: {line}")

    def info(self, line: str) -> None:
        log(self.step, line)

    def warning(self, line: str) -> None:
        """Log a problem that does not harm the result."""
        log(self.step, line, WARNING)

    def write(self) -> None:
        self.written = time.monotonic()
        if self.path is None:
            return
        done = min(self.done, self.total)
        of_the_whole = f"{self.share * done // self.total}/{self.share}\n" if self.share else ""
        with suppress(OSError, DiskFull):  # progress is for watching only; the step's own files report a full disk
            write_atomically(self.path, f"{done}/{self.total}\n{of_the_whole}", durable=False)
