"""Files that appear under their name only when they are complete, and survive a power cut from then on.

A file is written under a temporary name in the same folder, flushed to disk and renamed; then the folder is flushed, which makes
the rename durable (fsync(2)). A killed process leaves at most temporary files, whose names begin with `.tmp-`.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsreel.errors import translate_disk_full

TEMPORARY_PREFIX = ".tmp-"


def content_digest(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_file(path: Path, *, mode: int | None = 0o644, replace: bool = True, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to; when the block ends well, the file is at `path`. Folders are made as needed.

    Without `replace`, raises FileExistsError where there is a file already. Without `durable`, nothing is flushed to disk: for
    files that can be made again. `mode` None leaves the mode that the block has set. Raises DiskFull.
    """
    with translate_disk_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY_PREFIX)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            if mode is not None:
                temporary.chmod(mode)
            if durable:
                flush_to_disk(temporary)
            if replace:
                temporary.replace(path)
            else:
                os.link(temporary, path)
            if durable:
                flush_to_disk(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write a small file with `atomic_file`. Raises DiskFull."""
    with atomic_file(path, durable=durable) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def link_or_copy(source: Path, target: Path, *, durable: bool = True) -> None:
    """Give a file a second name: a hard link, or a copy where the file systems differ. Raises DiskFull."""
    if target.exists() and target.samefile(source):
        return
    with atomic_file(target, mode=None, durable=durable) as temporary:
        temporary.unlink()
        try:
            temporary.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, temporary)


def flush_to_disk(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_temporary_files(root: Path) -> None:
    """Remove what killed processes have left below a folder that nobody else writes to now."""
    for leftover in [*root.rglob(f"{TEMPORARY_PREFIX}*")]:
        if leftover.is_dir() and not leftover.is_symlink():
            shutil.rmtree(leftover)
        else:
            with suppress(FileNotFoundError):
                leftover.unlink()


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """One writer in a folder at a time, in whatever process; the kernel releases the lock when the process ends (flock(2))."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
