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
from workflows.local import LocalSettings, Result, run
from workflows.local.board import Board, Line, State
from workflows.local.keeper import PR_SET_PDEATHSIG, prctl
from workflows.render import address, environment
from workflows.systems import EMBEDDED

STATES: Final = {
    State.WAITING: "waiting", State.RUNNING: "running", State.PAUSED: "running", State.READY: "succeeded",
    State.SUCCEEDED: "succeeded", State.FAILED: "failed", State.ERROR: "failed", State.SKIPPED: "skipped",
    State.OMITTED: "skipped", State.STOPPED: "stopped",
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
    logs = work / "logs" / identifier
    settings = LocalSettings(uid=identifier, ssd=work, logs=logs, environment=environment(story, finals, work), screen=screen)
    return run(manifests, {"story": address(story), "finals": address(finals)}, settings)


@dataclass
class BoardFile:
    """A `workflows.local.screen.Screen` that writes a file: the run as the page shows it."""

    file: Path
    seconds_between_looks: float = 0.4
    written: tuple[StepState, ...] = ()

    def show(self, board: Board) -> None:
        steps = steps_on(board)
        if steps != self.written:
            self.written = steps
            with suppress(OSError):  # written by the next call
                self.update({"state": "running", "steps": steps, "progress": progress_of(steps)})

    def close(self, board: Board) -> None:
        self.show(board)

    def conclude(self, state: str, message: str) -> None:
        whole = {"progress": 1.0} if state == "succeeded" else {}
        self.update({"state": state, "message": printable_line(message), "ended": datetime.now(UTC)} | whole)

    def update(self, changed: dict[str, object]) -> None:
        """A run that was cancelled meanwhile stays so."""
        run = read_run(self.file)
        if run and run.state != "cancelled":
            write_run(self.file, Run.model_validate(run.model_dump() | changed))


def steps_on(board: Board) -> tuple[StepState, ...]:
    lines = [line for line in board.lines.values() if is_shown(line.name)]
    return tuple(map(step_of, lines))


def step_of(line: Line) -> StepState:
    """Without the seconds of a running step, which would change with every call; the page counts them itself."""
    over = line.ended is not None and not line.state.going_on
    return StepState.model_validate(
        {
            "name": line.name,
            "state": STATES[line.state],
            "done": line.done,
            "total": line.total,
            "counts": line.counts,
            "seconds": round(line.seconds, 1) if over else 0.0,
            "message": line.message if line.state in (State.FAILED, State.ERROR, State.PAUSED) else "",
        }
    )


if __name__ == "__main__":
    sys.exit(main())
