"""The errors a person may meet, each with the exit status a step ends with.

A message is one line that says what is wrong and what to do about it. Only these cross a boundary (a step's process, the
command line); anything else is a defect and ends with a traceback and status 70.

"Retried" is said of the step itself. On Argo the whole attempt is tried once more, on another node, unless `triage` finds that no
node can make it. `check` is what keeps wrong stories from getting that far.
"""

from typing import ClassVar

__all__ = [
    "BadInput",
    "BadWeights",
    "Conflict",
    "MissingProgram",
    "NewsreelError",
    "NoRoom",
    "Unavailable",
]


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


class NoRoom(NewsreelError):
    """The disk is full. Retried on another node."""

    exit_status = 5


class BadWeights(NewsreelError):
    """A weights file or a presenter's bundle is damaged or of another kind. Never retried."""

    exit_status = 6


class Unavailable(NewsreelError):
    """A service or the storage did not answer; the same call may work later (EX_TEMPFAIL of sysexits.h). Retried."""

    exit_status = 75
