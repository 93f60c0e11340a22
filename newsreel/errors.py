"""The errors that a person can act on, each with the exit status a step ends with, and the operating system's errors as ours.

A message is a line, or a line a fault, that says what is wrong and what to do about it. Only these errors cross a boundary
(a step's process, the command line); any other exception is a defect and ends with a traceback and status 70.

"Retried" is said of the step itself. On Argo the whole attempt is tried once more, on another node, unless `triage` finds that no
node can succeed; `check` refuses wrong stories before any attempt.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
TRANSIENT_ERRNOS = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EBUSY, errno.ENFILE, errno.EMFILE})
"""Errors of the operating system that another try may not meet."""


class NewsreelError(Exception):
    """An error that a person can act on. `exit_status` is the exit status of the process."""

    exit_status: ClassVar[int]


class BadInput(NewsreelError):
    """A story, picture, address or argument is wrong. Never retried."""

    exit_status = 2


class Conflict(NewsreelError):
    """The workspace or the published video belongs to another revision. Never retried."""

    exit_status = 3


class MissingProgram(NewsreelError):
    """A program or package that the step needs is not installed. Never retried."""

    exit_status = 4


class DiskFull(NewsreelError):
    """The disk is full. Retried on another node."""

    exit_status = 5


class BadWeights(NewsreelError):
    """A weights file or a presenter's bundle is damaged or of another kind. Never retried."""

    exit_status = 6


class Unavailable(NewsreelError):
    """A service or the storage did not answer; the same call may work later (EX_TEMPFAIL of sysexits.h). Retried."""

    exit_status = 75


def translate_os_error(fault: OSError, subject: object = None) -> NewsreelError:
    """DiskFull, Unavailable or BadInput, with a message about `subject`, or else about the file that the error names."""
    where = subject or fault.filename or "output"
    if fault.errno in DISK_FULL_ERRNOS:
        return disk_full(where)
    message = f"{where}: {(fault.strerror or str(fault)).lower()}"
    return Unavailable(message) if fault.errno in TRANSIENT_ERRNOS else BadInput(message)


@contextmanager
def translate_os_errors(subject: object) -> Iterator[None]:
    """Raise the operating system's errors about `subject` as ours. A full disk passes: it may be another file's disk."""
    try:
        yield
    except OSError as fault:
        if fault.errno in DISK_FULL_ERRNOS:
            raise
        raise translate_os_error(fault, subject) from fault


@contextmanager
def translate_disk_full(where: object) -> Iterator[None]:
    """Raise DiskFull where the operating system says that the disk is full; its other errors pass."""
    try:
        yield
    except OSError as fault:
        if fault.errno in DISK_FULL_ERRNOS:
            raise disk_full(where) from fault
        raise


def disk_full(where: object) -> DiskFull:
    return DiskFull(f"{where}: the disk is full; free some space and run the same command again")


def pluralize(count: int, one: str, several: str | None = None) -> str:
    """A count with its noun: `1 scene`, `1,200 scenes`. `several` is the plural where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
