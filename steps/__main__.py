"""`python -m steps NAME [options]`: what a step's container runs. Exit statuses are those of `newsreel.errors`, 70 for a
defect."""

import argparse
import importlib
import os
import sys
from contextlib import suppress
from logging import ERROR
from pathlib import Path
from typing import Any

from newsreel.errors import NewsreelError
from newsreel.runtime.failure import Failure, write_termination_message
from newsreel.runtime.log import configure_logging, log, set_log_context
from newsreel.runtime.progress import Progress
from newsreel.runtime.usage import GPUS_VARIABLE, record_gpu_use
from newsreel.step import Step, UnitWork, run_step
from newsreel.workspace import LEASE, Workspace
from steps import declared_steps, module_of

DEFECT = 70
INTERRUPTED = 130
"""As a shell reports SIGINT. What was finished is kept."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m steps", description=__doc__)
    parser.add_argument("step", choices=declared_steps())
    chosen, rest = parser.parse_args(arguments[:1]), arguments[1:]
    workspace = workspace_of(rest)
    try:
        configure_logging(chosen.step)
        know_story(workspace)
        step = declared_steps()[chosen.step]
        if step.module == "program":
            importlib.import_module(module_of(step.name)).run(rest)
        else:
            run_units(step, rest)
    except NewsreelError as fault:
        log(chosen.step, f"{fault} (exit {fault.exit_status})", ERROR)
        write_termination_message(f"{chosen.step}: {fault}")
        leave_word(Failure(step=chosen.step, exit_status=fault.exit_status, message=str(fault)), workspace)
        return fault.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        write_termination_message(f"{chosen.step}: a defect of newsreel; its log tells more")
        log(chosen.step, f"a defect of newsreel; please report its traceback (exit {DEFECT})", ERROR, defect=True)
        return DEFECT
    return 0


def workspace_of(arguments: list[str]) -> Path | None:
    """The story's directory, for steps that have one."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--workspace", type=Path)
    try:
        workspace: Path | None = parser.parse_known_args(arguments)[0].workspace
    except argparse.ArgumentError:  # the step's own parser says what is wrong
        return None
    return workspace


def know_story(workspace: Path | None) -> None:
    """Each entry of the log names the story, once `init-story` has taken it in."""
    with suppress(NewsreelError, OSError, ValueError):
        if workspace:
            story = Workspace(workspace).story
            set_log_context(story=story.id, revision=story.revision)


def leave_word(failure: Failure, workspace: Path | None) -> None:
    """In the story's directory, for `triage`. Where there is none, or no room, the exit status has to do."""
    if failure.step not in ("anchor", "triage") and workspace and (workspace / LEASE).is_file():
        with suppress(NewsreelError, OSError):
            failure.write(workspace)


def run_units(step: Step, arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"python -m steps {step.name}")
    parser.add_argument("--workspace", type=Path, required=True, help="the story's directory")
    parser.add_argument("--shard", type=shard, default=(0, 1), metavar="K/N", help="do the K-th of N shares, counted from 0")
    options = parser.parse_args(arguments)
    workspace = Workspace(options.workspace)
    with record_gpu_use(workspace.root, int(os.environ.get(GPUS_VARIABLE, "0"))):
        work: UnitWork[Any] = importlib.import_module(module_of(step.name)).WORK
        run_step(step, work, workspace, Progress.from_environment(step.name, options.shard), options.shard)


def shard(text: str) -> tuple[int, int]:
    number, of = (int(part) for part in text.split("/"))
    if not 0 <= number < of:
        raise ValueError(f"{text}: K must be less than N")
    return number, of


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
