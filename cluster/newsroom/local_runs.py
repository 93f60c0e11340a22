"""Runs on this machine: one after the other, breaking news first, each in a process of its own, its state in a file of its own.

What is saved, queued or under way when the newsroom ends, however it ends, is resumed when it starts again: the runner skips the
work that is finished.
"""

import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from cluster.newsroom.runs import Run, State
from newsreel.errors import Conflict, Unavailable
from newsreel.files import write_atomically
from newsreel.notifications.delivery_log import has_targets
from newsreel.story.priority import PRIORITIES, Priority

Key = tuple[str, int]
TERMINATION_SECONDS = 10
REVISION = re.compile(r"r([1-9][0-9]{0,3})\.json")


class QueueEntry(NamedTuple):
    """A place in the queue: by priority, then by arrival."""

    rank: int
    number: int
    key: Key | None
    """None ends the worker."""


@dataclass
class LocalRuns:
    """`cluster.newsroom.runs.Runs` over the local runner, below one folder."""

    folder: Path
    waiting: "queue.PriorityQueue[QueueEntry]" = field(default_factory=queue.PriorityQueue)
    numbers: "count[int]" = field(default_factory=count)
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: tuple[Key, subprocess.Popen[bytes]] | None = None
    worker: threading.Thread | None = None
    cancelled: set[Key] = field(default_factory=set)
    """Of those that are under way."""
    ending: bool = False

    def start(self) -> None:
        """Resume what was left, in the order in which it was submitted, and start the worker."""
        left = [run for run in map(read_run, self.runs.glob("*.json")) if run and not run.over]
        for run in sorted(left, key=lambda run: run.submitted):
            self.enqueue(run)
        for identifier, revision in self.unsubmitted():
            self.submit(identifier, revision, "normal")
        self.worker = threading.Thread(target=self.work, name="runs", daemon=True)
        self.worker.start()

    def stop(self) -> None:
        """End the run that is under way; it is resumed when the newsroom starts again."""
        with self.lock:
            self.ending = True
            child = self.under_way[1] if self.under_way else None
        self.waiting.put(QueueEntry(-1, next(self.numbers), None))
        if child:
            end(child)
        if self.worker:
            self.worker.join(TERMINATION_SECONDS)

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    def file(self, key: Key) -> Path:
        return self.runs / f"{key[0]}-r{key[1]}.json"

    def unsubmitted(self) -> Iterator[Key]:
        """The newest revision of each story that was saved and not submitted, because the newsroom was killed in between."""
        for home in sorted((self.folder / "stories").glob("*/")):
            numbers = [int(found[1]) for file in home.iterdir() if (found := REVISION.fullmatch(file.name))]
            key = (home.name, max(numbers, default=0))
            if numbers and not self.file(key).exists():
                yield key

    def enqueue(self, run: Run) -> None:
        self.waiting.put(QueueEntry(PRIORITIES.index(run.priority), next(self.numbers), (run.id, run.revision)))

    def reserve(self, identifier: str, revision: int, priority: Priority | None) -> Priority:
        run = self.status(identifier, revision)
        if run and priority not in (None, run.priority):
            raise Conflict(f"{identifier}-r{revision}: was submitted as {run.priority} before; change the story to change that")
        return run.priority if run else priority or "normal"

    def submit(self, identifier: str, revision: int, priority: Priority) -> None:
        key = (identifier, revision)
        with self.lock:
            run = read_run(self.file(key))
            if key in self.cancelled:
                raise Unavailable("its last run is being ended; try again in a moment")
            if run and run.state in ("queued", "running", "succeeded"):
                return
            now = datetime.now(UTC)
            run = Run(id=identifier, revision=revision, priority=priority, state="queued", submitted=now)
            write_run(self.file(key), run)
        self.enqueue(run)

    def status(self, identifier: str, revision: int) -> Run | None:
        return read_run(self.file((identifier, revision)))

    def cancel(self, identifier: str, revision: int) -> None:
        key = (identifier, revision)
        with self.lock:
            run = read_run(self.file(key))
            if run is None or run.over:
                return
            write_run(self.file(key), ended(run, "cancelled"))
            child = self.under_way[1] if self.under_way and self.under_way[0] == key else None
            if child:
                self.cancelled.add(key)
        if child:
            end(child)
        else:
            self.notify_failure(run)

    def work(self) -> None:
        while (key := self.waiting.get().key) is not None:
            with self.lock:
                run = read_run(self.file(key))
                if self.ending:
                    return
                if run is None or run.over:
                    continue
                child = self.launch(run)
                self.under_way = (key, child)
            status = child.wait()
            with self.lock:
                self.under_way = None
                self.conclude(key, status)

    def launch(self, run: Run) -> subprocess.Popen[bytes]:
        """The run's process: it keeps the run's file up to date, and ends with us (`local_run`)."""
        return self.process(run, "wb", "--parent", str(os.getpid()))

    def process(self, run: Run, mode: str, *more: str) -> subprocess.Popen[bytes]:
        """In a session of its own, so that Ctrl-C does not reach it; its output goes into the story's log."""
        command = [sys.executable, "-m", "cluster.newsroom.local_run", "--folder", str(self.folder.resolve())]
        command += ["--story", run.id, "--revision", str(run.revision), *more]
        log = self.folder / "work" / "logs" / f"{run.id}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open(mode) as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def conclude(self, key: Key, status: int) -> None:
        """Write the end of a run whose process did not write it itself."""
        run, cancelled = read_run(self.file(key)), key in self.cancelled
        self.cancelled.discard(key)
        if run and cancelled:
            write_run(self.file(key), ended(run, "cancelled"))
            self.notify_failure(run)
        elif run and not run.over and not self.ending:
            message = f"the run ended unexpectedly ({status}); see its log, work/logs/{run.id}.log"
            write_run(self.file(key), failed := ended(run, "failed", message))
            self.notify_failure(failed)

    def notify_failure(self, run: Run) -> None:
        """For a run that could not notify itself; in a process of its own, which may wait for a receiver that is down."""
        if has_targets():
            reason = run.message or "the run was cancelled"
            threading.Thread(target=self.process(run, "ab", f"--notify-failure={reason}").wait, daemon=True).start()


def ended(run: Run, state: State, message: str = "") -> Run:
    return run.model_copy(update={"state": state, "message": message, "ended": datetime.now(UTC)})


def end(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM, so that the runner can end its steps; then SIGKILL."""
    child.terminate()
    try:
        child.wait(TERMINATION_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def read_run(file: Path) -> Run | None:
    """None for a file that is not there or not valid."""
    try:
        return Run.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None


def write_run(file: Path, run: Run) -> None:
    write_atomically(file, run.model_dump_json(indent=1) + "\n")
