"""The directories of stories on one node, and who owns them.

DIR is a story's while a living anchor holds the exclusive lock on DIR/lease.json (flock(2): the kernel drops it when the holder
dies, however it dies). All changes to which directories exist are made under one more lock, that of the root.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsreel.errors import Conflict, translate_disk_full
from newsreel.workspace import LEASE, Workspace

__all__ = ["leased", "sweep"]

ROOT_LOCK = ".anchors.lock"
DEAD = ".dead-"
SECONDS_TO_WAIT = 10.0
"""For the last holder of the same directory, which may still be on its way out."""
SECONDS_BETWEEN_TRIES = 0.1


@contextmanager
def leased(
    directory: Path, holder: str, *, keep: bool, owner: int | None = None, seconds: float = SECONDS_TO_WAIT
) -> Iterator[Workspace]:
    """Own a directory, made as needed and given to the user `owner`, until the block ends.

    `lease.json` appears when all is ready. In the end the directory is removed, or with `keep` the lease alone. Raises Conflict
    where another anchor keeps the lock longer than `seconds`, DiskFull.
    """
    deadline = time.monotonic() + seconds
    while (taken := attempt(directory, holder, owner)) is None:
        if time.monotonic() > deadline:
            raise Conflict(f"{directory}: another run of this story is at work here; wait for it or end it")
        time.sleep(SECONDS_BETWEEN_TRIES)
    workspace, lock = taken
    try:
        yield workspace
    finally:
        with locked_root(directory.parent):
            if keep:
                (directory / LEASE).unlink(missing_ok=True)
            else:
                bury(directory)
            os.close(lock)
        if not keep:
            clear(directory.parent)


def attempt(directory: Path, holder: str, owner: int | None) -> tuple[Workspace, int] | None:
    """The workspace and its lock; None while somebody else lives there."""
    with locked_root(directory.parent):
        if alive(directory):
            return None
        directory.mkdir(exist_ok=True)
        if owner is not None:
            os.chown(directory, owner, owner)
        workspace = Workspace.lease(directory, holder)
        lock = lock_of(directory / LEASE)
        if lock is None:
            raise AssertionError(f"{directory}: a new lease is locked")
        return workspace, lock


def sweep(root: Path, but: Path) -> list[str]:
    """Remove what stories without a living anchor left: their names. What never was a story's directory is left alone."""
    swept = []
    with locked_root(root):
        for entry in [*root.iterdir()]:
            if entry == but or entry.is_symlink() or not entry.is_dir() or entry.name.startswith(DEAD):
                continue
            if not (entry / LEASE).exists():
                with suppress(OSError):
                    entry.rmdir()  # a directory that a kubelet made for a story that never came; any other is not empty
            elif not alive(entry):
                bury(entry)
                swept.append(entry.name)
    clear(root)
    return sorted(swept)


def bury(directory: Path) -> None:
    """Take a directory out of the way at once; `clear` does the lasting work. Only to be called under the root's lock."""
    directory.rename(Path(tempfile.mkdtemp(dir=directory.parent, prefix=DEAD)) / directory.name)


def clear(root: Path) -> None:
    """Remove what is buried; another anchor may be at the same, and what a crash leaves is the next one's."""
    for dead in root.glob(f"{DEAD}*"):
        shutil.rmtree(dead, ignore_errors=True)


def alive(directory: Path) -> bool:
    """Whether somebody holds the lock of the directory's lease. Only to be asked under the root's lock."""
    try:
        lock = lock_of(directory / LEASE)
    except OSError:
        return False  # no lease, or something else in its place
    if lock is None:
        return True
    os.close(lock)
    return False


def lock_of(path: Path) -> int | None:
    """A file's exclusive lock, as a descriptor to close; None where another has it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked_root(root: Path) -> Iterator[None]:
    with translate_disk_full(root):
        root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(root / ROOT_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
