"""Runs an emitted WorkflowTemplate on this machine, from its file to its exit status."""

import asyncio
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from newsreel.errors import BadInput, Unavailable
from newsreel.workspace import translate_disk_full
from workflows.local.board import Board, Line
from workflows.local.check import check_program
from workflows.local.engine import Engine, planned
from workflows.local.leaf import LeafRunner
from workflows.local.live import LiveScreen
from workflows.local.lock import holding
from workflows.local.manifest import Program, read_program
from workflows.local.outcome import DEFECT, Outcome, Phase
from workflows.local.room import scratch_folder
from workflows.local.screen import PlainScreen, Screen
from workflows.local.service import Services
from workflows.local.settings import LocalSettings, Result

__all__ = ["run"]

TO_GO_ON = "the same command goes on from here"


def run(manifests: Path, arguments: Mapping[str, str], settings: LocalSettings) -> Result:
    """Run the WorkflowTemplate `settings.template` from a file or a folder of manifests.

    Raises BadInput for a manifest or an argument that cannot be run, Conflict where another runner has the workspace, DiskFull.
    All else, an interruption included, is told by the result.
    """
    program = read_program(manifests, settings.template)
    check_program(program)
    values = parameters(program, arguments)
    with (
        holding(settings.ssd / f".{settings.uid}.lock") as lock,
        scratch_folder(settings.workspace) as scratch,
        translate_disk_full(settings.ssd),
    ):
        settings.logs.mkdir(parents=True, exist_ok=True)
        return asyncio.run(Run(program, values, settings, scratch, lock).to_the_end())


def parameters(program: Program, arguments: Mapping[str, str]) -> dict[str, str]:
    """The workflow's parameters: those given, and the manifest's own values for the rest."""
    own = {argument.name: argument.value for argument in program.spec.arguments.parameters}
    if unknown := sorted(arguments.keys() - own.keys()):
        raise BadInput(f"workflow {program.name} has no parameter {', '.join(unknown)}; it has {', '.join(sorted(own))}")
    values = {name: arguments.get(name, value) for name, value in own.items()}
    for name, value in values.items():
        if value is None:
            raise BadInput(f"workflow {program.name} needs its parameter {name}")
        allowed = next(argument.enum for argument in program.spec.arguments.parameters if argument.name == name)
        if allowed and value not in allowed:
            raise BadInput(f"parameter {name}: {value[:40]!a} is none of {', '.join(allowed)}")
        if "{{" in value:
            raise BadInput(f"parameter {name}: contains {{{{, which Argo would expand; pass an address, not a text")
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Run:
    program: Program
    parameters: Mapping[str, str]
    settings: LocalSettings
    scratch: Path
    lock: int

    async def to_the_end(self) -> Result:
        spec = self.program.spec
        board = Board([line for root in (spec.entrypoint, spec.on_exit) if root for line in planned(self.program, root)])
        screen = make_screen(self.settings)
        ticking = asyncio.create_task(tick(board, screen))
        outcome = Outcome(phase=Phase.ERROR)
        try:
            with interruptible() as interruption:
                try:
                    outcome = await self.work(board, screen)
                except asyncio.CancelledError:
                    if not interruption:
                        raise
        finally:
            ticking.cancel()
            board.close()
            screen.close(board)
        return self.result(board, outcome, interruption[0] if interruption else None)

    async def work(self, board: Board, screen: Screen) -> Outcome:
        """The entrypoint, then the exit hook; daemons and services end with the run.

        An interruption ends it without the hook, as `argo terminate` does.
        """
        spec = self.program.spec
        async with AsyncExitStack() as stack:
            services = Services(self.program.backends, self.settings, self.scratch, self.lock, stack, lines_of(board))
            engine = Engine(
                program=self.program,
                board=board,
                leaves=LeafRunner(
                    settings=self.settings, volumes=spec.volumes, services=services, scratch=self.scratch, lock=self.lock
                ),
                room=asyncio.Semaphore(self.settings.parallelism),
                changed=lambda: screen.show(board),
                values=self.globals(),
            )
            outcome = await self.entrypoint(engine, stack, board)
            if spec.on_exit:
                at_exit = {"workflow.status": outcome.phase.value, "workflow.failures": self.failures(board, outcome)}
                hook = replace(engine, values={**engine.values, **at_exit})
                ended = await hook.call(spec.on_exit, self.parameters, spec.on_exit, stack)
                if ended.phase.bad and not outcome.phase.bad:
                    return ended
            return outcome

    async def entrypoint(self, engine: Engine, stack: AsyncExitStack, board: Board) -> Outcome:
        spec = self.program.spec
        limit = int(spec.active_deadline_seconds) if spec.active_deadline_seconds else None
        try:
            async with asyncio.timeout(limit):
                return await engine.call(spec.entrypoint, self.parameters, spec.entrypoint, stack)
        except TimeoutError:
            board.stop()
            return Outcome(
                phase=Phase.FAILED,
                run_status=Unavailable.exit_status,
                message=f"the workflow took longer than its activeDeadlineSeconds, {limit}",
            )

    def globals(self) -> dict[str, str]:
        own = {"uid": self.settings.uid, "name": self.settings.uid, "namespace": self.settings.namespace}
        given = {f"parameters.{name}": value for name, value in self.parameters.items()}
        return {f"workflow.{name}": value for name, value in (own | given).items()}

    def failures(self, board: Board, outcome: Outcome) -> str:
        """As Argo has them: a JSON list of the nodes that failed, quoted once more (argo-workflows 4.0, operator.go)."""
        step, _, message = self.result(board, outcome, None).message.partition(": ")
        failed = [{"templateName": step, "message": message, "phase": outcome.phase.value}] if outcome.phase.bad else []
        return json.dumps(json.dumps(failed))

    def result(self, board: Board, outcome: Outcome, interruption: signal.Signals | None) -> Result:
        cause = outcome.root_cause
        status, exit_status, message = outcome.phase.value, 0, ""
        if interruption:
            status, exit_status, message = "Stopped", 128 + interruption, f"stopped by {interruption.name}; {TO_GO_ON}"
        elif outcome.phase.bad:
            exit_status = cause.run_status or cause.exit_status or DEFECT
            told_by_a_step = any(cause.message.startswith(f"{line.name}: ") for line in board.lines.values())
            message = cause.message if told_by_a_step else f"{cause.step or self.program.name}: {cause.message}"
        return Result(
            status=status,
            exit_status=exit_status,
            message=message,
            seconds=board.now() - board.began,
            steps=board.times(),
            logs=self.settings.logs,
        )


def lines_of(board: Board) -> Callable[[str], Line]:
    return lambda service: board.line(f"service/{service}", f"{service} service")


def make_screen(settings: LocalSettings) -> Screen:
    if settings.screen:
        return settings.screen
    terminal = settings.stream.isatty() if settings.terminal is None else settings.terminal
    return LiveScreen(settings.stream) if terminal else PlainScreen(settings.stream)


async def tick(board: Board, screen: Screen) -> None:
    """Look at the steps' progress now and then; everything else is told to the screen when it happens."""
    while True:
        board.look()
        screen.show(board)
        await asyncio.sleep(screen.seconds_between_looks)


@contextmanager
def interruptible() -> Iterator[list[signal.Signals]]:
    """Ctrl-C and SIGTERM cancel the current task; the list tells which came. A second one cuts short even the stopping."""
    came: list[signal.Signals] = []
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt(number: signal.Signals) -> None:
        came.append(number)
        if task:
            task.cancel()

    signals = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    for number in signals:
        loop.add_signal_handler(number, interrupt, number)
    try:
        yield came
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
