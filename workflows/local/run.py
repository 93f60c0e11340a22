"""Runs a WorkflowTemplate on this machine, from its manifest to an exit status."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from workflows.local.check import check_program
from workflows.local.container import ContainerRuntime
from workflows.local.display import Display, LiveDisplay, PlainDisplay
from workflows.local.engine import Engine, planned_steps
from workflows.local.manifest import Program, read_program
from workflows.local.service import Services
from workflows.local.settings import InvalidWorkflow, LocalSettings, disk_full_named
from workflows.local.status import Outcome, Phase, RunStatus, StepStatus
from workflows.local.workspace import scratch_folder, workspace_lock

RESUME = "the same command resumes here"


@dataclass(frozen=True, kw_only=True)
class Result:
    status: str
    """Succeeded, Failed, Error, or Stopped for a run that was interrupted."""
    exit_status: int
    """0, the failed step's own, 75 (EX_TEMPFAIL) for a deadline, 130 after Ctrl-C, 143 after SIGTERM."""
    message: str
    """One line: what went wrong and how to go on; empty on success."""
    seconds: float
    steps: tuple[StepStatus, ...]
    """In the order in which they started."""

    def table(self) -> str:
        """Durations: one line per step that ran."""
        ran = [step for step in self.steps if step.seconds > 0]
        width = max([len(step.name) for step in ran], default=0)
        lines = [f"{step.name:<{width}}  {step.seconds:8.1f} s  {remarks(step)}".rstrip() for step in ran]
        return "\n".join([*lines, f"{'in all':<{width}}  {self.seconds:8.1f} s"])


def remarks(step: StepStatus) -> str:
    amount = f"{step.total} {step.unit}" if step.total and step.unit else ""
    phase = "" if step.phase is Phase.SUCCEEDED else step.phase.value.lower()
    tries = f"{step.tries} tries" if step.tries > 1 else ""
    return ", ".join(filter(None, (amount, phase, tries)))


def run(manifests: Path, arguments: Mapping[str, str], settings: LocalSettings) -> Result:
    """Run the WorkflowTemplate `settings.template` from a file or a folder of manifests.

    Raises InvalidWorkflow, WorkspaceInUse, DiskFull. Everything else, an interruption included, is in the result.
    """
    program = read_program(manifests, settings.template)
    check_program(program)
    parameters = parameters_of(program, arguments)
    with (
        workspace_lock(settings.root / f".{settings.uid}.lock") as lock,
        scratch_folder(settings.workspace) as scratch,
        disk_full_named(settings.root),
    ):
        settings.logs.mkdir(parents=True, exist_ok=True)
        runtime = ContainerRuntime(settings=settings, scratch=scratch, lock=lock)
        return asyncio.run(LocalRun(program, parameters, settings, runtime).result())


def parameters_of(program: Program, arguments: Mapping[str, str]) -> dict[str, str]:
    """The workflow's parameters: those given, and the manifest's values for the rest."""
    declared = {parameter.name: parameter for parameter in program.spec.arguments.parameters}
    if unknown := sorted(arguments.keys() - declared.keys()):
        raise InvalidWorkflow(
            f"workflow {program.name} has no parameter {', '.join(unknown)}; it has {', '.join(sorted(declared))}"
        )
    values = {}
    for name, parameter in declared.items():
        value = arguments.get(name, parameter.value)
        if value is None:
            raise InvalidWorkflow(f"workflow {program.name} needs its parameter {name}")
        if parameter.enum and value not in parameter.enum:
            raise InvalidWorkflow(f"parameter {name}: {value[:40]!a} is not one of {', '.join(parameter.enum)}")
        if "{{" in value:
            raise InvalidWorkflow(f"parameter {name}: contains {{{{, which Argo would expand; pass an address, not a text")
        values[name] = value
    return values


@dataclass(frozen=True)
class LocalRun:
    program: Program
    parameters: Mapping[str, str]
    settings: LocalSettings
    runtime: ContainerRuntime

    async def result(self) -> Result:
        spec = self.program.spec
        roots = [root for root in (spec.entrypoint, spec.on_exit) if root]
        status = RunStatus(step for root in roots for step in planned_steps(self.program, root, self.settings))
        display = self.settings.display or (LiveDisplay if sys.stderr.isatty() else PlainDisplay)(sys.stderr)
        updates = asyncio.create_task(update_regularly(status, display))
        outcome = Outcome(phase=Phase.ERROR)
        try:
            with interruptible() as interruptions:
                try:
                    outcome = await self.execute(status, display)
                except asyncio.CancelledError:
                    if not interruptions:
                        raise
        finally:
            updates.cancel()
            status.close()
            display.close(status)
        return self.result_of(status, outcome, interruptions[0] if interruptions else None)

    async def execute(self, status: RunStatus, display: Display) -> Outcome:
        """The entrypoint, then the exit hook; daemons and services end with the run.

        An interruption ends it without the hook, like `argo terminate`.
        """
        spec = self.program.spec
        async with AsyncExitStack() as stack:
            services = Services(backends=self.program.backends, runtime=self.runtime, status=status, stack=stack)
            engine = Engine(
                program=self.program,
                runtime=replace(self.runtime, rewrite=services.localize),
                status=status,
                display=display,
                slots=asyncio.Semaphore(self.settings.parallelism),
                values=self.workflow_values(),
            )
            limit = int(spec.active_deadline_seconds) if spec.active_deadline_seconds else None
            try:
                async with asyncio.timeout(limit):
                    outcome = await engine.run_template(spec.entrypoint, self.parameters, spec.entrypoint, stack)
            except TimeoutError:
                status.stop()
                message = f"the workflow exceeded its activeDeadlineSeconds, {limit}"
                outcome = Outcome(phase=Phase.FAILED, run_status=os.EX_TEMPFAIL, message=message)
            if spec.on_exit:
                at_exit = {"workflow.status": outcome.phase.value, "workflow.failures": self.failures(status, outcome)}
                hook = replace(engine, values={**engine.values, **at_exit})
                hook_outcome = await hook.run_template(spec.on_exit, self.parameters, spec.on_exit, stack)
                if hook_outcome.phase.failed and not outcome.phase.failed:
                    return hook_outcome
            return outcome

    def workflow_values(self) -> dict[str, str]:
        own = {"uid": self.settings.uid, "name": self.settings.uid}
        parameters = {f"parameters.{name}": value for name, value in self.parameters.items()}
        return {f"workflow.{name}": value for name, value in (own | parameters).items()}

    def failures(self, status: RunStatus, outcome: Outcome) -> str:
        """As Argo has them: a JSON list of the nodes that failed, quoted once more (argo-workflows 4.0, operator.go)."""
        step, _, message = self.result_of(status, outcome, None).message.partition(": ")
        failed = [{"templateName": step, "message": message, "phase": outcome.phase.value}] if outcome.phase.failed else []
        return json.dumps(json.dumps(failed))

    def result_of(self, status: RunStatus, outcome: Outcome, interruption: signal.Signals | None) -> Result:
        cause = outcome.root_cause
        phase, exit_status, message = outcome.phase, os.EX_OK, ""
        if interruption:
            phase, exit_status, message = Phase.STOPPED, 128 + interruption, f"stopped by {interruption.name}; {RESUME}"
        elif outcome.phase.failed:
            exit_status = cause.run_status or cause.exit_status or os.EX_SOFTWARE
            names_step = any(cause.message.startswith(f"{step.name}: ") for step in status.steps.values())
            message = cause.message if names_step else f"{cause.step or self.program.name}: {cause.message}"
        return Result(
            status=phase.value,
            exit_status=exit_status,
            message=message,
            seconds=status.seconds,
            steps=tuple(sorted(status.steps.values(), key=lambda step: step.started or float("inf"))),
        )


async def update_regularly(status: RunStatus, display: Display) -> None:
    """Read and show progress; all other changes are shown when they happen."""
    while True:
        status.read_progress()
        display.update(status)
        await asyncio.sleep(display.update_seconds)


@contextmanager
def interruptible() -> Iterator[list[signal.Signals]]:
    """SIGINT and SIGTERM cancel the current task and are listed; a second one also cuts short the stopping of containers."""
    received: list[signal.Signals] = []
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt(number: signal.Signals) -> None:
        received.append(number)
        if task:
            task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, interrupt, number)
    try:
        yield received
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
