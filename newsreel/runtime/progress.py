"""Progress of a step: whole units to Argo's progress file, one log line a finished unit to the terminal.

The file that ARGO_PROGRESS_FILE names has what the step counts in its first line, 523/1046, which our runner shows. Argo reads
the last line (argo-workflows, docs/progress.md) and adds the steps' up as they are; so where NEWSREEL_SHARE says how many
hundredths of the whole this step is, a second line tells its progress in those, 15/30, and Argo's sum is the story's.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging import WARNING
from pathlib import Path

from newsreel.runtime.log import log

WRITE_INTERVAL_SECONDS = 0.2


class Progress:
    """Counts what a step has done. `path` None writes no file; `share` is hundredths of the whole, 0 where nobody asks."""

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
        """What is worth knowing of the unit under way, see `newsreel.workspace`."""

    @classmethod
    def from_environment(cls, step: str, shard: tuple[int, int] = (0, 1)) -> "Progress":
        """`shard` (k, n): the k-th of n that share the step, and so its share, to the last hundredth."""
        named, share = os.environ.get("ARGO_PROGRESS_FILE"), int(os.environ.get("NEWSREEL_SHARE") or 0)
        number, of = shard
        return cls(step, Path(named) if named else None, share * (number + 1) // of - share * number // of)

    def set_total(self, total: int, counts: str | None) -> None:
        """Say how much there is to do. Where that is nothing, all is done."""
        self.total, self.done = max(total, 1), 0 if total else 1
        self.counts = counts or ""
        self.write()

    def skip(self, cost: int, name: str) -> None:
        """Count work that an earlier run has done."""
        self.done += cost
        self.info(f"{name}: unchanged")
        self.write()

    def advance(self, count: int) -> None:
        """Count work inside a unit; what a unit does not report is counted when it ends."""
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
        """Since the unit under way began."""
        return time.monotonic() - self.began

    def add_remark(self, unit: str, line: str) -> None:
        """Say what a person should know of a unit, now and in the story's report."""
        self.remarks.append(line)
        self.info(f"{unit}: {line}")

    def info(self, line: str) -> None:
        log(self.step, line)

    def warning(self, line: str) -> None:
        """Say what went wrong and harms nothing that is made."""
        log(self.step, line, WARNING)

    def write(self) -> None:
        self.written = time.monotonic()
        if self.path is None:
            return
        temporary = self.path.with_name(f".tmp-{self.path.name}")
        done = min(self.done, self.total)
        of_the_whole = f"{self.share * done // self.total}/{self.share}\n" if self.share else ""
        with suppress(OSError):  # progress is for watching; of a full disk the step's own output tells
            temporary.write_text(f"{done}/{self.total}\n{of_the_whole}")
            temporary.replace(self.path)
