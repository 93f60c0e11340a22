"""What a caller hands in for a run, and the errors that a run raises."""

import errno
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from workflows.local.display import Display


class LocalRunError(Exception):
    """Base of the errors below; the message is one line for the user."""


class InvalidWorkflow(LocalRunError):
    """A manifest, a parameter or a setting cannot be executed."""


class WorkspaceInUse(LocalRunError):
    """Another run holds the workspace, or another user owns the scratch folder."""


class DiskFull(LocalRunError):
    """The operating system reports no space left or an exceeded quota."""


@contextmanager
def disk_full_named(where: Path) -> Iterator[None]:
    """Turn ENOSPC and EDQUOT into a DiskFull that names the disk."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"{where}: the disk is full; free some space and run the same command again") from error
        raise


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    template: str
    """Name of the WorkflowTemplate to run."""
    uid: str
    """`{{workflow.uid}}` and `{{workflow.name}}`. A run with the same uid finds the same workspace and resumes there."""
    root: Path
    """Local folder that replaces `host_path_root`; the lock `.UID.lock` lies in it too."""
    host_path_root: PurePosixPath
    """Path on a node that all hostPath volumes of the manifest lie under."""
    logs: Path
    """Folder for one log file per step; logs of an earlier run are overwritten."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of every container, taking precedence over those of its template."""
    python: str = sys.executable
    """Replaces the command `python`."""
    parallelism: int = 4
    """Most containers that run at the same time, daemons and services not counted."""
    grace: float = 5.0
    """Seconds between SIGTERM and SIGKILL."""
    unit_annotation: str = ""
    """Template annotation that names the unit of its progress, such as `frames`."""
    visibility_annotation: str = ""
    """Template annotation; the value `when-run` keeps a step off the display until it runs."""
    display: Display | None = None
    """Where progress is shown; None is standard error, live if that is a terminal."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", self.uid):
            raise InvalidWorkflow(f"workflow uid {self.uid!r}: must be lower-case letters, digits and hyphens, at most 63")
        if self.parallelism < 1:
            raise InvalidWorkflow(f"parallelism {self.parallelism}: must be at least 1")

    @property
    def workspace(self) -> Path:
        """Folder of the files that steps exchange and that a later run resumes from."""
        return self.root / self.uid

    def local_path(self, host_path: str) -> Path:
        """The local folder for a path on a node. Raises InvalidWorkflow for a path outside `host_path_root`."""
        path = PurePosixPath(host_path)
        if not path.is_relative_to(self.host_path_root) or ".." in path.parts:
            raise InvalidWorkflow(f"hostPath {host_path}: not under {self.host_path_root}, so it has no local folder")
        return self.root.resolve() / path.relative_to(self.host_path_root)
