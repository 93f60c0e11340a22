"""Walks a program: templates call templates, DAGs run their tasks, leaves run their containers, the board is told."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from newsreel.errors import BadInput
from workflows.local.board import Board, Line, State
from workflows.local.dag import item_name, run_dag
from workflows.local.leaf import LeafRunner
from workflows.local.manifest import Program
from workflows.local.model import DagTemplate, Leaf, Task
from workflows.local.outcome import Outcome, Phase
from workflows.local.references import references, substitute
from workflows.local.retry import with_retries

__all__ = ["Engine", "planned"]

SHOWN = "newsreel/shown"
COUNTS = "newsreel/counts"
"""Annotation that names the unit of a step's progress."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    program: Program
    board: Board
    leaves: LeafRunner
    room: asyncio.Semaphore
    """As many places as steps may run at the same time."""
    changed: Callable[[], None]
    """Called when a line of the board has changed by more than its progress."""
    values: Mapping[str, str] = field(default_factory=dict)
    """`workflow.*` for every template."""

    async def call(self, name: str, arguments: Mapping[str, str], path: str, boundary: AsyncExitStack) -> Outcome:
        """Run a template, again where its retryStrategy says so. Daemons it starts live as long as `boundary`."""
        template = self.program.templates[name]
        values = {**self.values, **inputs(template, arguments)}

        async def attempt(number: int, deadline: float | None) -> Outcome:
            if isinstance(template, DagTemplate):
                return await self.dag(template, values, path)
            return await self.leaf(template, values, path, deadline, boundary)

        def about_to_wait(seconds: float) -> None:
            if isinstance(template, Leaf):
                line = self.board.line(path)
                line.state, line.again_at = State.PAUSED, time.monotonic() + seconds
                self.changed()

        if template.retry_strategy:
            return await with_retries(template.retry_strategy, attempt, about_to_wait)
        return await attempt(1, None)

    async def dag(self, template: DagTemplate, values: Mapping[str, str], path: str) -> Outcome:
        async with AsyncExitStack() as boundary:

            async def execute(task: Task, arguments: Mapping[str, str], item: tuple[int, int] | None) -> Outcome:
                below = f"{path}/{task.name}"
                if item:
                    self.board.fan_out(below, item[1])
                    below = item_name(below, item[0])
                return await self.call(task.template, arguments, below, boundary)

            def ended_as(task: str, outcome: Outcome) -> None:
                for line in self.board.below(f"{path}/{task}"):
                    if line.state is State.WAITING and outcome.phase is not Phase.SUCCEEDED:
                        line.state, line.message = State(outcome.phase.value), outcome.message
                        self.changed()

            outcome, known = await run_dag(template.dag.tasks, values, execute, ended_as)
            if outcome.phase is not Phase.SUCCEEDED:
                return outcome
            return Outcome(phase=Phase.SUCCEEDED, outputs=dict(told(template, known)))

    async def leaf(
        self, leaf: Leaf, values: Mapping[str, str], path: str, deadline: float | None, boundary: AsyncExitStack
    ) -> Outcome:
        line = self.board.line(path, path.rsplit("/", 1)[-1], counts(leaf))
        if leaf.daemon:
            self.begin(line)
            outcome = await self.leaves.run_daemon(leaf, values, line, boundary)
        else:
            async with self.room:
                self.begin(line)
                outcome = await self.leaves.run(leaf, values, line, deadline)
        self.end(line, outcome)
        return outcome

    def begin(self, line: Line) -> None:
        line.began = line.began or time.monotonic()
        line.state, line.message, line.ended = State.RUNNING, "", None
        line.samples.clear()
        line.tries += 1
        self.changed()

    def end(self, line: Line, outcome: Outcome) -> None:
        line.ended = time.monotonic()
        line.progress_file = None
        line.state = State.READY if outcome.phase is Phase.DAEMONED else State(outcome.phase.value)
        line.message = outcome.message
        self.changed()


def inputs(template: Leaf | DagTemplate, arguments: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for parameter in template.inputs.parameters:
        value = arguments.get(parameter.name, parameter.value if parameter.value is not None else parameter.default)
        if value is None:
            raise BadInput(f"template `{template.name}`: its parameter `{parameter.name}` has no value")
        values[f"inputs.parameters.{parameter.name}"] = value
    return values


def told(template: DagTemplate, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A DAG's outputs; one whose task did not run has its default. Raises BadInput where it has none."""
    for output in template.outputs.parameters:
        source, default = output.value_from.parameter or "", output.value_from.default
        if default is not None and not known.keys() >= {*references(source)}:
            yield output.name, default
        else:
            yield output.name, substitute(source, known)


def counts(leaf: Leaf) -> str:
    return leaf.metadata.annotations.get(COUNTS, "")


def planned(program: Program, root: str) -> Iterator[tuple[str, str, str]]:
    """The leaves a template leads to, in the manifest's order: path, name, what progress counts. What runs only after a failure
    is not planned."""

    def below(name: str, path: str) -> Iterator[tuple[str, str, str]]:
        template = program.templates[name]
        if isinstance(template, Leaf):
            if template.metadata.annotations.get(SHOWN) != "when-run":
                yield path, path.rsplit("/", 1)[-1], counts(template)
        else:
            for task in template.dag.tasks:
                yield from below(task.template, f"{path}/{task.name}")

    yield from below(root, root)
