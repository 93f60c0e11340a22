"""What a command uses while it runs: wall time, processor time, and the memory of every process it has started."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

__all__ = ["Failed", "Use", "watched"]

SECONDS_BETWEEN_LOOKS = 0.5
"""A look takes some 10 ms: more often would slow down what is measured."""
LAST_LINES = 15


class Failed(RuntimeError):
    """A command that was to be measured did not do its work."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a command and all its descendants used."""

    wall: float
    """Seconds from its start to its end."""
    cpu: float
    """Seconds of user and system time, all processes and threads together."""
    peak: int
    """Bytes: the largest sum over all its processes at one moment, shared pages shared out (PSS)."""
    largest: int
    """Bytes: the most that one process held in memory, shared pages included (RSS)."""
    largest_process: str
    """Which one that was."""


@dataclass
class Tree:
    """The memory of a process and its descendants, looked at now and then."""

    root: int
    peak: int = 0
    largest: int = 0
    largest_process: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        while not self.over.wait(SECONDS_BETWEEN_LOOKS):
            self.look()

    def look(self) -> None:
        try:
            root = psutil.Process(self.root)
            processes = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        total = 0
        for process in processes:
            try:
                memory, command = process.memory_full_info(), process.cmdline()
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            total += memory.pss if psutil.LINUX else memory.uss
            if memory.rss > self.largest:
                self.largest, self.largest_process = memory.rss, process_name(command)
        self.peak = max(self.peak, total)


def process_name(command: Sequence[str]) -> str:
    """`pix2pixhd` for `python -m steps pix2pixhd ...`, `ffmpeg` for any build of it."""
    if "-m" in command:
        module, *rest = command[command.index("-m") + 1 :]
        return rest[0] if module == "steps" and rest else module
    name = Path(command[0]).name if command else "a process"
    return name.split("-")[0]


def watched(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Use:
    """Run a command to its end with nothing to read and all it says in `log`. Raises Failed unless its status is 0."""
    with log.open("wb") as said:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        tree = Tree(process.pid)
        follower = threading.Thread(target=tree.follow, daemon=True)
        follower.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            if process.returncode is None:
                process.terminate()
                process.wait()
            wall = time.monotonic() - began
            tree.over.set()
            follower.join()
    if process.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
        raise Failed(f"{' '.join(command)}: ended with {process.returncode}; its last lines:\n{last}")
    return Use(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        peak=tree.peak,
        largest=tree.largest,
        largest_process=tree.largest_process,
    )
