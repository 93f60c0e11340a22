"""`anchor`: holds a node and the story's directory on its SSD while the story is made.

Clears what dead stories left, makes the directory, waits for SIGTERM, removes the directory. With NEWSREEL_KEEP_WORKSPACE=1, on a
laptop, it keeps the directory for the next run and touches no other.

The directories of stories on one node, and who owns them.

DIR is a story's while a living anchor holds the exclusive lock on DIR/lease.json (flock(2): the kernel drops it when the holder
dies, however it dies). All changes to which directories exist are made under one more lock, that of the root.
"""

import argparse
import fcntl
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsreel.errors import Conflict
from newsreel.runtime.failure import write_termination_message
from newsreel.runtime.log import log
from newsreel.runtime.progress import Progress
from newsreel.workspace import LEASE, Workspace, translate_disk_full

ROOT_LOCK = ".anchors.lock"
DELETED_PREFIX = ".dead-"
LOCK_TIMEOUT_SECONDS = 10.0
"""For the last holder of the same directory, which may still be on its way out."""
LOCK_RETRY_SECONDS = 0.1


@contextmanager
def lease_directory(
    directory: Path, holder: str, *, keep: bool, owner: int | None = None, seconds: float = LOCK_TIMEOUT_SECONDS
) -> Iterator[Workspace]:
    """Own a directory, made as needed and given to the user `owner`, until the block ends.

    `lease.json` appears when all is ready. In the end the directory is removed, or with `keep` the lease alone. Raises Conflict
    where another anchor keeps the lock longer than `seconds`, DiskFull.
    """
    deadline = time.monotonic() + seconds
    while (taken := try_lease(directory, holder, owner)) is None:
        if time.monotonic() > deadline:
            raise Conflict(f"{directory}: another run of this story is at work here; wait for it or end it")
        time.sleep(LOCK_RETRY_SECONDS)
    workspace, lock = taken
    try:
        yield workspace
    finally:
        with lock_root(directory.parent):
            if keep:
                (directory / LEASE).unlink(missing_ok=True)
            else:
                mark_for_deletion(directory)
            os.close(lock)
        if not keep:
            delete_marked(directory.parent)


def try_lease(directory: Path, holder: str, owner: int | None) -> tuple[Workspace, int] | None:
    """The workspace and its lock; None while somebody else lives there."""
    with lock_root(directory.parent):
        if is_leased(directory):
            return None
        directory.mkdir(exist_ok=True)
        if owner is not None:
            os.chown(directory, owner, owner)
        workspace = Workspace.lease(directory, holder)
        lock = try_lock(directory / LEASE)
        if lock is None:
            raise AssertionError(f"{directory}: a new lease is locked")
        return workspace, lock


def remove_abandoned(root: Path, but: Path) -> list[str]:
    """Remove what stories without a living anchor left: their names. What never was a story's directory is left alone."""
    swept = []
    with lock_root(root):
        for entry in [*root.iterdir()]:
            if entry == but or entry.is_symlink() or not entry.is_dir() or entry.name.startswith(DELETED_PREFIX):
                continue
            if not (entry / LEASE).exists():
                with suppress(OSError):
                    entry.rmdir()  # a directory that a kubelet made for a story that never came; any other is not empty
            elif not is_leased(entry):
                mark_for_deletion(entry)
                swept.append(entry.name)
    delete_marked(root)
    return sorted(swept)


def mark_for_deletion(directory: Path) -> None:
    """Take a directory out of the way at once; `delete_marked` does the lasting work. Only to be called under the root's lock."""
    directory.rename(Path(tempfile.mkdtemp(dir=directory.parent, prefix=DELETED_PREFIX)) / directory.name)


def delete_marked(root: Path) -> None:
    """Remove what is buried; another anchor may be at the same, and what a crash leaves is the next one's."""
    for dead in root.glob(f"{DELETED_PREFIX}*"):
        shutil.rmtree(dead, ignore_errors=True)


def is_leased(directory: Path) -> bool:
    """Whether somebody holds the lock of the directory's lease. Only to be asked under the root's lock."""
    try:
        lock = try_lock(directory / LEASE)
    except OSError:
        return False  # no lease, or something else in its place
    if lock is None:
        return True
    os.close(lock)
    return False


def try_lock(path: Path) -> int | None:
    """A file's exclusive lock, as a descriptor to close; None where another has it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def lock_root(root: Path) -> Iterator[None]:
    with translate_disk_full(root):
        root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(root / ROOT_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


NAME = "anchor"
STEPS_USER = 65532
"""User and group of every other step, see `workflows.placement`."""
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
PARENT_CHECK_SECONDS = 1.0
TERMINATED = 128 + signal.SIGTERM


def run(arguments: list[str]) -> None:
    """Ends after SIGTERM or SIGINT, or when the process that started it is gone. Raises Conflict, DiskFull."""
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the directory to make, beside those of other stories")
    directory = parser.parse_args(arguments).workspace.absolute()
    keep = os.environ.get("NEWSREEL_KEEP_WORKSPACE") == "1"
    parent = os.getppid()

    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    if not keep:
        for name in remove_abandoned(directory.parent, but=directory):
            log(NAME, f"removed {name}, whose story is no more")
    owner = STEPS_USER if os.geteuid() == 0 and not keep else None
    with lease_directory(directory, holder=socket.gethostname(), keep=keep, owner=owner):
        log(NAME, f"{directory} is ready")
        Progress.from_environment(NAME).expect(0, "")
        while signal.sigtimedwait(STOP_SIGNALS, PARENT_CHECK_SECONDS) is None:
            if os.getppid() != parent:
                log(NAME, "the runner is gone")
                break
    log(NAME, "kept for the next run" if keep else f"{directory} is removed")
    if not keep:
        # Argo marks a daemon's end as failed whatever its status, but tells the reason of one that is not 0 (operator.go,
        # assessNodeStatus).
        write_termination_message("not a failure: the work is over and the node is free; Argo marks the end of every daemon so")
        sys.exit(TERMINATED)
