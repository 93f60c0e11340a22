"""What a run on this machine needs to know besides the manifest, and what it says when it is over."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TextIO

from newsreel.errors import BadInput

if TYPE_CHECKING:
    from workflows.local.screen import Screen

__all__ = ["LocalSettings", "Result", "StepTime"]


SSD_ROOT = PurePosixPath("/var/lib/kubelet/newsreel")
"""As `newsreel.config.settings` has it."""


@dataclass(frozen=True, kw_only=True)
class LocalSettings:
    uid: str
    """`{{workflow.uid}}` and `{{workflow.name}}`: the same for every run of a story, so that its workspace is found again."""
    ssd: Path
    """The folder of this machine that stands for `ssd_root`. Beside the workspaces `.UID.lock` lies here."""
    logs: Path
    """Folder for one log file a step; those of the run before are overwritten."""
    ssd_root: PurePosixPath = SSD_ROOT
    """The path on a node that the manifest's hostPaths lie under."""
    template: str = "story"
    """Name of the WorkflowTemplate to run."""
    namespace: str = "local"
    """`{{workflow.namespace}}`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """For every step and service, over what their templates say: `{"NEWSREEL_ADDRESSES": "file:///home/me/"}`."""
    python: str = sys.executable
    """What the command `python` means."""
    parallelism: int = 4
    """Steps that may run at the same time; daemons and services are not counted."""
    grace: float = 5.0
    """Seconds a program has between SIGTERM and SIGKILL."""
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    """Where the run is shown."""
    terminal: bool | None = None
    """Live lines, or plain ones; None asks the stream."""
    screen: "Screen | None" = None
    """Shows the run instead of the stream, for who is no terminal: a page."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", self.uid):
            raise BadInput(f"workflow uid {self.uid!r}: must be lower-case letters, digits and hyphens, at most 63")
        if self.parallelism < 1:
            raise BadInput(f"parallelism {self.parallelism}: must be at least 1")

    @property
    def workspace(self) -> Path:
        """Where the story's files are."""
        return self.ssd / self.uid

    def on_this_machine(self, host_path: str) -> Path:
        """The local folder for a node's path. Raises BadInput for a path outside `ssd_root`."""
        path = PurePosixPath(host_path)
        if not path.is_relative_to(self.ssd_root) or ".." in path.parts:
            raise BadInput(f"hostPath {host_path}: not under {self.ssd_root}, so no folder of this machine stands for it")
        return self.ssd.resolve() / path.relative_to(self.ssd_root)


@dataclass(frozen=True, kw_only=True)
class StepTime:
    step: str
    """`pix2pixhd`, or `pix2pixhd 2/4` for one of a fan-out."""
    status: str
    """Succeeded, Failed, Error, Skipped, Omitted, Stopped, Waiting, or Ready for a daemon or service."""
    seconds: float
    """From its first start to its last end, all tries and pauses between them; of a daemon or service until it was ready."""
    tries: int
    done: int
    total: int
    """Progress in `counts`; 0 where a step told none."""
    counts: str
    log: Path | None


@dataclass(frozen=True, kw_only=True)
class Result:
    status: str
    """Succeeded, Failed, Error, or Stopped for a run that was interrupted."""
    exit_status: int
    """0, the failed step's own, 75 for a deadline, 130 after Ctrl-C, 143 after SIGTERM."""
    message: str
    """One line: what went wrong and how to go on; empty where all is well."""
    seconds: float
    steps: tuple[StepTime, ...]
    logs: Path

    def table(self) -> str:
        """What took how long: one line a step that ran, in the order they started."""
        ran = [step for step in self.steps if step.seconds > 0]
        width = max([len(step.step) for step in ran], default=0)
        lines = [f"{step.step:<{width}}  {step.seconds:8.1f} s  {describe(step)}".rstrip() for step in ran]
        return "\n".join([*lines, f"{'in all':<{width}}  {self.seconds:8.1f} s"])


def describe(step: StepTime) -> str:
    counted = f"{step.total} {step.counts}" if step.total and step.counts else ""
    tries = f"{step.tries} tries" if step.tries > 1 else ""
    status = "" if step.status == "Succeeded" else step.status.lower()
    return ", ".join(part for part in (counted, status, tries) if part)
