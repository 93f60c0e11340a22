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
from workflows.local import Phase, Result, RunStatus, StepStatus
from workflows.local.supervisor import PR_SET_PDEATHSIG, prctl
from workflows.profiles import EMBEDDED
from workflows.render import address, environment, run_locally

__all__ = ["BoardFile", "steps_on"]

STATES: Final = {
    Phase.WAITING: "waiting", Phase.RUNNING: "running", Phase.RETRYING: "running", Phase.READY: "succeeded",
    Phase.SUCCEEDED: "succeeded", Phase.FAILED: "failed", Phase.ERROR: "failed", Phase.SKIPPED: "skipped",
    Phase.OMITTED: "skipped", Phase.STOPPED: "stopped",
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
    arguments = {"story": address(story), "finals": address(finals)}
    own = environment(story, finals, work)
    return run_locally(manifests, arguments, uid=identifier, work=work, environment=own, display=screen)


@dataclass
class BoardFile:
    """`workflows.local.Display` that is a file: the run as the page shows it."""

    file: Path
    update_seconds: float = 0.4
    told: tuple[StepState, ...] = field(default=())

    def update(self, status: RunStatus) -> None:
        steps = steps_on(status)
        if steps != self.told:
            self.told = steps
            with suppress(OSError):  # the next update has it
                self.save({"state": "running", "steps": steps, "progress": progress_of(steps)})

    def close(self, status: RunStatus) -> None:
        self.update(status)

    def conclude(self, state: str, message: str) -> None:
        whole = {"progress": 1.0} if state == "succeeded" else {}
        self.save({"state": state, "message": message, "ended": datetime.now(UTC)} | whole)

    def save(self, changed: dict[str, object]) -> None:
        """A run that was cancelled meanwhile stays so."""
        run = read_run(self.file)
        if run and run.state != "cancelled":
            write_run(self.file, Run.model_validate(run.model_dump() | changed))


def steps_on(status: RunStatus) -> tuple[StepState, ...]:
    return tuple(step_of(step) for step in status.steps.values() if step.name not in OF_NO_INTEREST)


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
