"""`python -m cluster.newsroom.local_run`: one run on this machine, its steps told in the run's file as they go.

Started by `local_runs`. It ends with its newsroom: the kernel sends SIGTERM when that is gone (prctl(2), PR_SET_PDEATHSIG).
"""

import argparse
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cluster.newsroom.local_end import tell_failure
from cluster.newsroom.local_runs import read_run, write_run
from cluster.newsroom.runs import Run, StepState, progress_of
from newsreel.config.settings import Settings
from newsreel.errors import NewsreelError
from workflows.emit import emit_workflows
from workflows.local import LocalSettings, Result, run
from workflows.local.board import Board, Line, State
from workflows.local.keeper import PR_SET_PDEATHSIG, prctl
from workflows.profiles import EMBEDDED
from workflows.render import address, environment

__all__ = ["BoardFile", "steps_on"]

STATES: Final = {
    State.WAITING: "waiting", State.RUNNING: "running", State.PAUSED: "running", State.READY: "succeeded",
    State.SUCCEEDED: "succeeded", State.FAILED: "failed", State.ERROR: "failed", State.SKIPPED: "skipped",
    State.OMITTED: "skipped", State.STOPPED: "stopped",
}  # fmt: skip
OF_NO_INTEREST: Final = ("anchor", "triage", "refuse", "report", "gentle service")
"""What an editor need not know of; of a failure the run's own message tells."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.newsroom.local_run", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--story", required=True)
    parser.add_argument("--revision", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args()
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != options.parent:
        return 128 + signal.SIGTERM
    screen = BoardFile(options.folder / "runs" / f"{options.story}-r{options.revision}.json")
    try:
        result = rendered(options.folder, options.story, options.revision, screen)
    except NewsreelError as fault:
        screen.conclude("failed", str(fault))
        tell_failure(options.folder, options.story, options.revision)
        return fault.exit_status
    if result.exit_status == 0:
        screen.conclude("succeeded", "")
    elif result.status != "Stopped":
        screen.conclude("failed", result.message)
    return result.exit_status


def rendered(folder: Path, identifier: str, revision: int, screen: "BoardFile") -> Result:
    """As `newsreel render` does it."""
    story, finals, work = folder / "stories" / identifier / f"r{revision}.json", folder / "finals", folder / "work"
    manifests = work / "manifests"
    emit_workflows(EMBEDDED, manifests, Settings())
    logs = work / "logs" / identifier
    settings = LocalSettings(uid=identifier, ssd=work, logs=logs, environment=environment(story, finals, work), screen=screen)
    return run(manifests, {"story": address(story), "finals": address(finals)}, settings)


@dataclass
class BoardFile:
    """`workflows.local.screen.Screen` that is a file: the run as the page shows it."""

    file: Path
    seconds_between_looks: float = 0.4
    told: tuple[StepState, ...] = field(default=())

    def show(self, board: Board) -> None:
        steps = steps_on(board)
        if steps != self.told:
            self.told = steps
            with suppress(OSError):  # the next look tells it
                self.update({"state": "running", "steps": steps, "progress": progress_of(steps)})

    def close(self, board: Board) -> None:
        self.show(board)

    def conclude(self, state: str, message: str) -> None:
        whole = {"progress": 1.0} if state == "succeeded" else {}
        self.update({"state": state, "message": message, "ended": datetime.now(UTC)} | whole)

    def update(self, changed: dict[str, object]) -> None:
        """A run that was cancelled meanwhile stays so."""
        run = read_run(self.file)
        if run and run.state != "cancelled":
            write_run(self.file, Run.model_validate(run.model_dump() | changed))


def steps_on(board: Board) -> tuple[StepState, ...]:
    lines = [line for line in board.lines.values() if line.name not in OF_NO_INTEREST]
    return tuple(map(step_of, lines))


def step_of(line: Line) -> StepState:
    """Seconds of a step that is running would change with every look; the page counts them itself."""
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
