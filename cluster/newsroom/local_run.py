"""`python -m cluster.newsroom.local_run`: the process of one run on this machine, which keeps the run's file up to date.

Started by `local_runs`. It ends with its newsroom: the kernel sends SIGTERM when that is gone (prctl(2), PR_SET_PDEATHSIG). A run
that ends by itself sends its notifications as on a cluster, by its exit handler (`steps.report`); --notify-failure sends that of
a run that did not.
"""

import argparse
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from cluster.newsroom.local_runs import read_run, write_run
from cluster.newsroom.runs import Run, StepState, is_shown, progress_of
from newsreel.config.settings import Settings
from newsreel.errors import NewsreelError
from newsreel.notifications.delivery_log import has_targets
from newsreel.notifications.notifier import Notification
from newsreel.runtime.failure_reason import printable_line
from steps.report.program import notify
from workflows.emit import emit_workflows
from workflows.local import Phase, Result, RunStatus, StepStatus
from workflows.local.supervisor import PR_SET_PDEATHSIG, prctl
from workflows.profiles import EMBEDDED
from workflows.render import address, environment, run_locally

STATES: Final = {
    Phase.WAITING: "waiting", Phase.RUNNING: "running", Phase.RETRYING: "running", Phase.READY: "succeeded",
    Phase.SUCCEEDED: "succeeded", Phase.FAILED: "failed", Phase.ERROR: "failed", Phase.SKIPPED: "skipped",
    Phase.OMITTED: "skipped", Phase.STOPPED: "stopped",
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.newsroom.local_run", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--story", required=True)
    parser.add_argument("--revision", type=int, required=True)
    parser.add_argument("--parent", type=int, default=0, help="process id of the newsroom that started it")
    parser.add_argument("--notify-failure", metavar="REASON", help="run nothing: notify that the run has failed")
    options = parser.parse_args()
    if options.notify_failure is not None:
        notify_failure(options.folder, options.story, options.revision, options.notify_failure)
        return 0
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != options.parent:
        return 128 + signal.SIGTERM
    screen = BoardFile(options.folder / "runs" / f"{options.story}-r{options.revision}.json")
    try:
        result = render_revision(options.folder, options.story, options.revision, screen)
    except NewsreelError as fault:
        screen.conclude("failed", str(fault))
        notify_failure(options.folder, options.story, options.revision, printable_line(fault))
        return fault.exit_status
    if result.exit_status == 0:
        screen.conclude("succeeded", "")
    elif result.status != "Stopped":
        screen.conclude("failed", result.message)
    return result.exit_status


def notify_failure(folder: Path, identifier: str, revision: int, reason: str) -> None:
    """Notify as the exit handler does: the run itself never got to it. What cannot be delivered is a line in the story's log."""
    story, finals = folder / "stories" / identifier / f"r{revision}.json", folder / "finals"
    os.environ.update(environment(story, finals, folder / "work"))
    try:
        if has_targets():
            ending = Notification(run=uuid4().hex, story=address(story), status="Failed", video=None, why=reason)
            for undelivered in notify(ending, None):
                print(undelivered, file=sys.stderr)
    except NewsreelError as fault:
        print(fault, file=sys.stderr)


def render_revision(folder: Path, identifier: str, revision: int, screen: "BoardFile") -> Result:
    """As `newsreel render` does it."""
    story, finals, work = folder / "stories" / identifier / f"r{revision}.json", folder / "finals", folder / "work"
    manifests = work / "manifests"
    emit_workflows(EMBEDDED, manifests, Settings())
    arguments = {"story": address(story), "finals": address(finals)}
    own = environment(story, finals, work)
    return run_locally(manifests, arguments, uid=identifier, work=work, environment=own, display=screen)


@dataclass
class BoardFile:
    """A `workflows.local.Display` that writes a file: the run as the page shows it."""

    file: Path
    update_seconds: float = 0.4
    written: tuple[StepState, ...] = ()

    def update(self, status: RunStatus) -> None:
        steps = steps_on(status)
        if steps != self.written:
            self.written = steps
            with suppress(OSError):  # the next update has it
                self.save({"state": "running", "steps": steps, "progress": progress_of(steps)})

    def close(self, status: RunStatus) -> None:
        self.update(status)

    def conclude(self, state: str, message: str) -> None:
        whole = {"progress": 1.0} if state == "succeeded" else {}
        self.save({"state": state, "message": printable_line(message), "ended": datetime.now(UTC)} | whole)

    def save(self, changed: dict[str, object]) -> None:
        """A run that was cancelled meanwhile stays so."""
        run = read_run(self.file)
        if run and run.state != "cancelled":
            write_run(self.file, Run.model_validate(run.model_dump() | changed))


def steps_on(status: RunStatus) -> tuple[StepState, ...]:
    return tuple(step_of(step) for step in status.steps.values() if is_shown(step.name))


def step_of(step: StepStatus) -> StepState:
    """Seconds of a step that is running would change with every update; the page counts them itself."""
    over = step.ended is not None and not step.phase.active
    return StepState.model_validate(
        {
            "name": step.name,
            "state": STATES[step.phase],
            "done": step.done,
            "total": step.total,
            "counts": step.unit,
            "seconds": round(step.seconds, 1) if over else 0.0,
            "message": step.message if step.phase.failed or step.phase is Phase.RETRYING else "",
        }
    )


if __name__ == "__main__":
    sys.exit(main())
