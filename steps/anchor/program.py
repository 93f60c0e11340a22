"""`anchor`: holds a node and the story's directory on its SSD while the story is made.

Deletes the directories of stories that have ended, creates this one, waits for SIGTERM, deletes it. With
NEWSREEL_KEEP_WORKSPACE=1, on a laptop, it keeps the directory for the next run and touches no other.
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

from newsreel.errors import Conflict, translate_disk_full
from newsreel.runtime.failure import write_termination_message
from newsreel.runtime.log import log
from newsreel.runtime.progress import Progress
from newsreel.workspace import LEASE, Workspace

NAME = "anchor"
STEPS_USER = 65532
"""User and group of every other step, see `workflows.placement`."""
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
PARENT_CHECK_SECONDS = 1.0
TERMINATED = 128 + signal.SIGTERM

ROOT_LOCK = ".anchors.lock"
DELETED_PREFIX = ".dead-"
LOCK_TIMEOUT_SECONDS = 10.0
"""For the last holder of the same directory, which may still be shutting down."""
LOCK_RETRY_SECONDS = 0.1


def run(arguments: list[str]) -> None:
    """Ends after SIGTERM or SIGINT, or when its parent process is gone. Raises Conflict, DiskFull."""
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the directory to create, beside those of other stories")
    directory = parser.parse_args(arguments).workspace.absolute()
    keep = os.environ.get("NEWSREEL_KEEP_WORKSPACE") == "1"
    parent = os.getppid()

    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    if not keep:
        for name in delete_abandoned(directory.parent, but=directory):
            log(NAME, f"deleted {name}, whose story has ended")
    owner = STEPS_USER if os.geteuid() == 0 and not keep else None
    with lease_directory(directory, holder=socket.gethostname(), keep=keep, owner=owner):
        log(NAME, f"{directory} is ready")
        Progress.from_environment(NAME).set_total(0, "")
        while signal.sigtimedwait(STOP_SIGNALS, PARENT_CHECK_SECONDS) is None:
            if os.getppid() != parent:
                log(NAME, "the runner is gone")
                break
    log(NAME, "kept for the next run" if keep else f"{directory} is deleted")
    if not keep:
        # Argo marks a daemon's end as failed whatever its status, but shows the reason of one that is not 0 (operator.go,
        # assessNodeStatus).
        write_termination_message("not a failure: the work is over and the node is free; Argo marks the end of every daemon so")
        sys.exit(TERMINATED)


@contextmanager
def lease_directory(
    directory: Path, holder: str, *, keep: bool, owner: int | None = None, seconds: float = LOCK_TIMEOUT_SECONDS
) -> Iterator[Workspace]:
    """Own a directory, created as needed and given to the user `owner`, until the block ends.

    DIR belongs to a story while a living anchor holds the exclusive lock on DIR/lease.json (flock(2): the kernel releases it when
    the holder dies, however it dies). Directories are only created and deleted under one more lock, that of the root.

    `lease.json` appears when all is ready. In the end the directory is deleted, or with `keep` only the lease. Raises Conflict
    where another anchor keeps the lock longer than `seconds`, DiskFull.
    """
    deadline = time.monotonic() + seconds
    while (lease := try_lease(directory, holder, owner)) is None:
        if time.monotonic() > deadline:
            raise Conflict(f"{directory}: another run of this story is at work here; wait for it or end it")
        time.sleep(LOCK_RETRY_SECONDS)
    workspace, lock = lease
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
    """The workspace and its lock; None while another anchor holds it."""
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


def delete_abandoned(root: Path, but: Path) -> list[str]:
    """Delete the directories of stories without a living anchor; return their names. Other directories are left alone."""
    deleted = []
    with lock_root(root):
        for entry in [*root.iterdir()]:
            if entry == but or entry.is_symlink() or not entry.is_dir() or entry.name.startswith(DELETED_PREFIX):
                continue
            if not (entry / LEASE).exists():
                with suppress(OSError):
                    entry.rmdir()  # a directory that a kubelet made for a story that never came; any other is not empty
            elif not is_leased(entry):
                mark_for_deletion(entry)
                deleted.append(entry.name)
    delete_marked(root)
    return sorted(deleted)


def mark_for_deletion(directory: Path) -> None:
    """Rename a directory away at once; `delete_marked` does the slow work. Call only under the root's lock."""
    directory.rename(Path(tempfile.mkdtemp(dir=directory.parent, prefix=DELETED_PREFIX)) / directory.name)


def delete_marked(root: Path) -> None:
    """Delete what is marked; another anchor may be doing the same, and the next one deletes what a crash leaves."""
    for marked in root.glob(f"{DELETED_PREFIX}*"):
        shutil.rmtree(marked, ignore_errors=True)


def is_leased(directory: Path) -> bool:
    """Whether an anchor holds the lock of the directory's lease. Call only under the root's lock."""
    try:
        lock = try_lock(directory / LEASE)
    except OSError:
        return False  # no lease, or something else in its place
    if lock is None:
        return True
    os.close(lock)
    return False


def try_lock(path: Path) -> int | None:
    """A file's exclusive lock, as a descriptor to close; None where another process has it."""
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
