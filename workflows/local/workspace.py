"""What a run holds on disk: the lock on its workspace and the scratch folder of its containers."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workflows.local.settings import WorkspaceInUse, disk_full_named

RUNNER_LOCK_TIMEOUT = 3.0
"""Seconds. The lock of a killed runner lasts until its last thread has gone, which takes a moment on a busy machine."""
CONTAINER_LOCK_TIMEOUT = 10.0
EXCLUSIVE = fcntl.LOCK_EX | fcntl.LOCK_NB


@contextmanager
def workspace_lock(path: Path) -> Iterator[int]:
    """Hold a lock file; yields its descriptor, which the run's containers keep open (see `supervisor`).

    Two locks on one file, independent on Linux: a POSIX lock (fcntl(2)) that only the runner holds and that ends with it, and a
    BSD lock (flock(2)) that its containers inherit and that lasts until the last of them has exited. Raises WorkspaceInUse while
    another runner lives; the containers of one that was killed are given time to exit.
    """
    with disk_full_named(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            retry_locking(lambda: fcntl.lockf(lock, EXCLUSIVE), RUNNER_LOCK_TIMEOUT)
        except OSError as error:
            holder = os.pread(lock, 32, 0).decode(errors="replace")
            raise WorkspaceInUse(f"{path.parent}: process {holder} is running this workflow; wait for it or stop it") from error
        os.truncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        try:
            retry_locking(lambda: fcntl.flock(lock, EXCLUSIVE), CONTAINER_LOCK_TIMEOUT)
        except OSError as error:
            raise WorkspaceInUse(f"{path.parent}: steps of a killed run still run on this workspace; stop them") from error
        yield lock
    finally:
        os.close(lock)


def retry_locking(lock: Callable[[], object], timeout: float) -> None:
    """Raises OSError where the lock is held for longer than `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            lock()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@contextmanager
def scratch_folder(workspace: Path) -> Iterator[Path]:
    """Parent of the containers' private folders: the same for every run of a workspace, removed at the end.

    It lies in the system's temporary folder, because programs create sockets in theirs and the path of a socket has at most 107
    bytes (unix(7)). What a killed run left there is removed first. Raises WorkspaceInUse where it belongs to another user.
    """
    digest = hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"local-run-{digest}"
    with disk_full_named(folder.parent):
        if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.getuid()):
            raise WorkspaceInUse(f"{folder}: belongs to another user; remove it, or set TMPDIR to a folder of your own")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
