"""One runner a workspace at a time.

Two locks on one file, which Linux keeps apart: a POSIX lock (fcntl(2)) that is the runner's alone and gone the moment it is,
and a BSD lock (flock(2)) that its children inherit and that lasts until the last of them is gone.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from newsreel.errors import Conflict, translate_disk_full

__all__ = ["holding"]

SECONDS_FOR_THE_KILLED = 3.0
"""A runner's lock lasts until the last of its threads is gone, which on a busy machine takes a moment."""
SECONDS_FOR_ORPHANS = 10.0
AT_ONCE = fcntl.LOCK_EX | fcntl.LOCK_NB


@contextmanager
def holding(path: Path) -> Iterator[int]:
    """Hold a lock file; yields its descriptor, which the runner's children keep open (see `keeper`).

    Raises Conflict while another runner lives. One that was killed, and its children, take a moment to die; that is waited for.
    """
    with translate_disk_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        take(lock, path)
        yield lock
    finally:
        os.close(lock)


def take(lock: int, path: Path) -> None:
    try:
        patiently(lambda: fcntl.lockf(lock, AT_ONCE), SECONDS_FOR_THE_KILLED)
    except OSError as fault:
        holder = os.pread(lock, 32, 0).decode(errors="replace")
        raise Conflict(f"{path.parent}: process {holder} is rendering this story; wait for it or end it") from fault
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    try:
        patiently(lambda: fcntl.flock(lock, AT_ONCE), SECONDS_FOR_ORPHANS)
    except OSError as fault:
        raise Conflict(f"{path.parent}: steps of a killed run are still at work on this story; end them") from fault


def patiently(lock: Callable[[], object], seconds: float) -> None:
    """Raises OSError where it is held for longer."""
    patience = time.monotonic() + seconds
    while True:
        try:
            lock()
            return
        except OSError:
            if time.monotonic() > patience:
                raise
        time.sleep(0.02)
