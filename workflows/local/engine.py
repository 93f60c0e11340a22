"""Executes the templates of a workflow as Argo does: DAGs with dependencies, fan-outs and retries, containers, daemons."""

import asyncio
import json
import os
import re
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from workflows.local.container import ContainerRuntime
from workflows.local.display import Display
from workflows.local.expression import Depends, read_depends, read_retry, references, retry_holds, substitute, when
from workflows.local.manifest import Program
from workflows.local.model import Backoff, ContainerTemplate, DAGTask, DAGTemplate, RetryStrategy
from workflows.local.service import ServiceUnavailable
from workflows.local.settings import InvalidWorkflow, LocalSettings
from workflows.local.status import Outcome, Phase, RunStatus

HOST = "localhost"
"""`hostNodeName` of every daemon."""
UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Engine:
    program: Program
    runtime: ContainerRuntime
    status: RunStatus
    display: Display
    slots: asyncio.Semaphore
    """One per container that may run at the same time."""
    values: Mapping[str, str]
    """`workflow.*`, for every template."""

    def changed(self) -> None:
        self.display.update(self.status)

    async def run_template(self, name: str, arguments: Mapping[str, str], path: str, daemons: AsyncExitStack) -> Outcome:
        """Run a template, with its retries. Daemons it starts run until `daemons` is left."""
        template = self.program.templates[name]
        given = {f"inputs.parameters.{parameter.name}": arguments[parameter.name] for parameter in template.inputs.parameters}
        values = {**self.values, **given}
        tries = 0
        while True:
            if isinstance(template, DAGTemplate):
                outcome = await self.run_dag(template, values, path)
            else:
                outcome = await self.run_container(template, values, path, daemons)
            tries += 1
            strategy = template.retry_strategy
            if not strategy or not wants_retry(strategy, outcome, tries):
                return outcome
            if strategy.backoff:
                pause = backoff_seconds(strategy.backoff, tries)
                if isinstance(template, ContainerTemplate):
                    self.status.step(path).retry_in(pause)
                    self.changed()
                await asyncio.sleep(pause)

    async def run_container(
        self, template: ContainerTemplate, values: Mapping[str, str], path: str, daemons: AsyncExitStack
    ) -> Outcome:
        step = self.status.step(path, unit=unit_of(template, self.runtime.settings))
        async with AsyncExitStack() as stack:
            if not template.daemon:
                await stack.enter_async_context(self.slots)
            step.begin()
            self.changed()
            try:
                if template.daemon:
                    outcome = await self.runtime.run_daemon(template, values, step, daemons)
                else:
                    outcome = await self.runtime.run(template, values, step)
            except ServiceUnavailable as error:
                outcome = Outcome(phase=Phase.FAILED, step=step.name, exit_status=os.EX_TEMPFAIL, message=str(error))
        step.finish(outcome.phase, outcome.message)
        self.changed()
        return outcome

    async def run_dag(self, template: DAGTemplate, values: Mapping[str, str], path: str) -> Outcome:
        depends = {task.name: read_depends(task.depends) for task in template.dag.tasks}
        known = dict(values)
        ended: dict[str, Outcome] = {}
        has_ended = {name: asyncio.Event() for name in depends}

        async def run(task: DAGTask) -> None:
            for dependency in depends[task.name].tasks:
                await has_ended[dependency].wait()
            if depends[task.name].met(ended):
                outcome = await self.run_task(task, known, f"{path}/{task.name}", daemons)
            else:
                outcome = Outcome(phase=Phase.OMITTED, message="depends condition not met")
            ended[task.name] = outcome
            known.update(outputs_of(task.name, outcome))
            self.mark_not_run(f"{path}/{task.name}", outcome)
            has_ended[task.name].set()

        async with AsyncExitStack() as daemons:
            await gather(run(task) for task in template.dag.tasks)
            outcome = dag_outcome(depends, ended)
            if outcome.phase is not Phase.SUCCEEDED:
                return outcome
            return Outcome(phase=Phase.SUCCEEDED, outputs=dag_outputs(template, known))

    def mark_not_run(self, path: str, outcome: Outcome) -> None:
        """Give the steps below a task that were never started its phase."""
        for step in self.status.below(path):
            if step.phase is Phase.WAITING and outcome.phase is not Phase.SUCCEEDED:
                step.phase, step.message = outcome.phase, outcome.message
                self.changed()

    async def run_task(self, task: DAGTask, values: Mapping[str, str], path: str, daemons: AsyncExitStack) -> Outcome:
        """Run a task once, or once per item of its `withParam`; all items run to their end, whatever becomes of one."""
        if task.with_param is None:
            return await self.run_item(task, values, path, daemons)
        try:
            items = read_items(substitute(task.with_param, values))
        except InvalidWorkflow as error:
            return errored(task, error)
        if not items:
            return Outcome(phase=Phase.SKIPPED, message="withParam is an empty list")
        self.status.fan_out(path, len(items))
        outcomes = await gather(
            self.run_item(task, {**values, "item": item}, f"{path}({number})", daemons) for number, item in enumerate(items)
        )
        failed = next((outcome for outcome in outcomes if outcome.phase.failed), None)
        return Outcome(phase=failed.phase if failed else Phase.SUCCEEDED, cause=failed)

    async def run_item(self, task: DAGTask, values: Mapping[str, str], path: str, daemons: AsyncExitStack) -> Outcome:
        try:
            if task.when is not None and not when(substitute(task.when, values)):
                return Outcome(phase=Phase.SKIPPED, message=f"when {task.when} is false")
            arguments = {one.name: substitute(one.value, values) for one in task.arguments.parameters if one.value is not None}
        except InvalidWorkflow as error:
            return errored(task, error)
        return await self.run_template(task.template, arguments, path, daemons)


async def gather(coroutines: Iterable[Coroutine[Any, Any, Value]]) -> list[Value]:
    """All results. When one raises or this is cancelled, the others are cancelled and awaited."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def errored(task: DAGTask, error: InvalidWorkflow) -> Outcome:
    return Outcome(phase=Phase.ERROR, step=task.name, message=str(error), exit_status=os.EX_SOFTWARE)


def unit_of(template: ContainerTemplate, settings: LocalSettings) -> str:
    return template.metadata.annotations.get(settings.unit_annotation, "")


def planned_steps(program: Program, root: str, settings: LocalSettings) -> Iterator[tuple[str, str]]:
    """Path and unit of the containers a template leads to, in the manifest's order, without those shown only when they run."""

    def below(name: str, path: str) -> Iterator[tuple[str, str]]:
        template = program.templates[name]
        if isinstance(template, DAGTemplate):
            for task in template.dag.tasks:
                yield from below(task.template, f"{path}/{task.name}")
        elif template.metadata.annotations.get(settings.visibility_annotation) != "when-run":
            yield path, unit_of(template, settings)

    yield from below(root, root)


# Retries, in Argo's order (operator.go, processNodeRetries)


def wants_retry(strategy: RetryStrategy, last: Outcome, tries: int) -> bool:
    """A strategy that requires another node is not followed: there is one node."""
    exhausted = strategy.limit is not None and tries > int(strategy.limit)
    if not last.phase.failed or strategy.needs_another_node or exhausted:
        return False
    return strategy.expression is None or retry_holds(read_retry(strategy.expression), last)


def backoff_seconds(backoff: Backoff, tries: int) -> float:
    """Seconds before the next try: duration * factor ^ (tries - 1)."""
    return duration_seconds(backoff.duration) * float((int(backoff.factor) or 1) ** (tries - 1))


def duration_seconds(duration: str) -> float:
    """The seconds of a Go duration, or of a bare number.

    >>> duration_seconds("1m30s"), duration_seconds("20")
    (90.0, 20.0)
    """
    if duration.isdigit():
        return float(duration)
    return sum(float(number) * UNIT_SECONDS[unit] for number, unit in re.findall(r"([\d.]+)(ms|h|m|s)", duration))


# Values and outcomes of tasks


def read_items(text: str) -> list[str]:
    """Values of `{{item}}`: strings as they are, everything else as JSON."""
    try:
        items = json.loads(text)
    except ValueError as error:
        raise InvalidWorkflow(f"withParam is not JSON: {error}") from error
    if not isinstance(items, list):
        raise InvalidWorkflow("withParam is not a JSON list")
    return [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in items]


def outputs_of(name: str, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What tasks after `name` may refer to."""
    if outcome.phase is Phase.READY:
        yield f"tasks.{name}.hostNodeName", HOST
    for parameter, value in outcome.outputs.items():
        yield f"tasks.{name}.outputs.parameters.{parameter}", value


def dag_outputs(template: DAGTemplate, known: Mapping[str, str]) -> dict[str, str]:
    """A DAG's outputs; one whose task did not run has its default. Raises InvalidWorkflow where there is none."""
    outputs = {}
    for output in template.outputs.parameters:
        source, default = output.value_from.parameter or "", output.value_from.default
        missing = not known.keys() >= {*references(source)}
        outputs[output.name] = default if missing and default is not None else substitute(source, known)
    return outputs


def dag_outcome(depends: Mapping[str, Depends], ended: Mapping[str, Outcome]) -> Outcome:
    """The outcome of the tasks that nothing depends on; one that was skipped or omitted has that of what it waited for."""
    targets = depends.keys() - {task for one in depends.values() for task in one.tasks}
    failed = {name for target in targets for name in failed_tasks(target, depends, ended)}
    if not failed:
        return Outcome(phase=Phase.SUCCEEDED)
    first = next(outcome for name, outcome in ended.items() if name in failed)
    return Outcome(phase=first.phase, cause=first, message=first.message)


def failed_tasks(name: str, depends: Mapping[str, Depends], ended: Mapping[str, Outcome]) -> Iterator[str]:
    phase = ended[name].phase
    if phase.failed:
        yield name
    elif phase is not Phase.SUCCEEDED:
        for dependency in depends[name].tasks:
            yield from failed_tasks(dependency, depends, ended)
