"""The errors a person may meet, each with the exit status a step ends with.

A message is one line that says what is wrong and what to do about it. Only these cross a boundary (a step's process, the
command line); anything else is a defect and ends with a traceback and status 70.

"Retried" is said of the step itself. On Argo the whole attempt is tried once more, on another node, unless `triage` finds that no
node can make it. `check` is what keeps wrong stories from getting that far.

What the operating system says of a file or folder that a person named, as an error of ours.

How many there are of something, in words.
"""

import errno
from typing import ClassVar


class NewsreelError(Exception):
    """What a person can act on; `exit_status` is the process's."""

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


def translate_os_error(fault: OSError) -> NewsreelError:
    """A file or folder that a person named and the operating system refuses is a wrong argument; only a full disk is not."""
    said = f"{fault.filename or 'output'}: {(fault.strerror or str(fault)).lower()}"
    return DiskFull(f"{said}; free some space") if fault.errno in (errno.ENOSPC, errno.EDQUOT) else BadInput(said)


def pluralize(count: int, one: str, several: str | None = None) -> str:
    """`1 scene`, `1,200 scenes`; `several` where it is not `one` with an s: `pluralize(2, "story runs", "stories run")`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
