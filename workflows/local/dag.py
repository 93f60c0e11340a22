"""Runs a DAG's tasks as their dependencies allow, and says how the whole ended.

`failFast` changes nothing here, because it changes nothing in Argo either where no template limits its parallelism: a task whose
dependencies are met is started although another branch has failed, and a DAG ends only when nothing in it runs any more
(argo-workflows, dag.go: executeDAGTask comes before assessDAGPhase, which says Running as long as any node does).
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from newsreel.errors import BadInput
from workflows.local.conditions import Depends, read_depends, when
from workflows.local.model import Task
from workflows.local.outcome import DEFECT, Outcome, Phase
from workflows.local.references import item_values, substitute

__all__ = ["HOST", "Execute", "item_name", "run_dag"]

HOST = "localhost"
"""The one node there is, as `hostNodeName` tells it."""


class Execute(Protocol):
    """Runs a task's template; `item` is (number, how many) for one of a fan-out."""

    async def __call__(self, task: Task, arguments: Mapping[str, str], item: tuple[int, int] | None) -> Outcome: ...


async def run_dag(
    tasks: Sequence[Task], values: Mapping[str, str], execute: Execute, ended_as: Callable[[str, Outcome], None]
) -> tuple[Outcome, dict[str, str]]:
    """Run tasks until none is left; also returns `values` with what the tasks have put out.

    `ended_as` is told of each task's outcome. Cancelling this cancels all tasks.
    """
    depends = {task.name: read_depends(task.depends, task.dependencies) for task in tasks}
    waiting = {task.name: task for task in tasks}
    ended: dict[str, Outcome] = {}
    known = dict(values)
    running: dict[asyncio.Task[Outcome], str] = {}
    try:
        while True:
            for name in [name for name in waiting if depends[name].tasks <= ended.keys()]:
                met = depends[name].met(ended)
                running[asyncio.create_task(run_task(waiting.pop(name), met, dict(known), execute))] = name
            if not running:
                return assess(depends, ended), known
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for one in sorted(done, key=lambda one: running[one]):
                name = running.pop(one)
                ended[name] = one.result()
                known |= outputs(name, ended[name])
                ended_as(name, ended[name])
    finally:
        await cancel(running)


async def cancel(running: Iterable[asyncio.Task[Outcome]]) -> None:
    tasks = [*running]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run_task(task: Task, met: bool, values: dict[str, str], execute: Execute) -> Outcome:
    if not met:
        return Outcome(phase=Phase.OMITTED, message="depends condition not met")
    if task.with_param is None:
        return await run_one(task, values, execute, None)
    try:
        items = read_items(substitute(task.with_param, values))
    except BadInput as fault:
        return errored(task, fault)
    if not items:
        return Outcome(phase=Phase.SKIPPED, message="withParam is an empty list")
    return await run_items(task, items, values, execute)


async def run_one(task: Task, values: Mapping[str, str], execute: Execute, item: tuple[int, int] | None) -> Outcome:
    try:
        if task.when is not None and not when(substitute(task.when, values)):
            return Outcome(phase=Phase.SKIPPED, message=f"when {task.when} is false")
        given = [argument for argument in task.arguments.parameters if argument.value is not None]
        arguments = {argument.name: substitute(argument.value or "", values) for argument in given}
    except BadInput as fault:
        return errored(task, fault)
    return await execute(task, arguments, item)


def errored(task: Task, fault: BadInput) -> Outcome:
    return Outcome(phase=Phase.ERROR, step=task.name, message=str(fault), exit_status=DEFECT)


def read_items(text: str) -> list[object]:
    try:
        items = json.loads(text)
    except ValueError as fault:
        raise BadInput(f"withParam is no JSON: {fault}") from fault
    if not isinstance(items, list):
        raise BadInput("withParam is no JSON list")
    return items


async def run_items(task: Task, items: list[object], values: dict[str, str], execute: Execute) -> Outcome:
    """Every item at once; all of them run to their end, whatever becomes of one."""
    several = [
        asyncio.create_task(run_one(task, values | item_values(item), execute, (number, len(items))))
        for number, item in enumerate(items)
    ]
    try:
        outcomes = await asyncio.gather(*several)
    finally:
        await cancel(several)
    bad = next((outcome for outcome in outcomes if outcome.phase.bad), None)
    return Outcome(phase=bad.phase if bad else Phase.SUCCEEDED, cause=bad, items=tuple(outcomes))


def item_name(task: str, number: int) -> str:
    """`pix2pixhd(0)`."""
    return f"{task}({number})"


def outputs(name: str, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What the tasks after `name` may refer to."""
    if outcome.phase is Phase.DAEMONED:
        yield f"tasks.{name}.hostNodeName", HOST
    for parameter, value in outcome.outputs.items():
        yield f"tasks.{name}.outputs.parameters.{parameter}", value
    if outcome.items:
        good = [dict(item.outputs) for item in outcome.items if item.phase is Phase.SUCCEEDED and item.outputs]
        yield f"tasks.{name}.outputs.parameters", json.dumps(good, ensure_ascii=False)
        for parameter in {parameter for one in good for parameter in one}:
            values = [one[parameter] for one in good if parameter in one]
            yield f"tasks.{name}.outputs.parameters.{parameter}", json.dumps(as_json(values), ensure_ascii=False)


def as_json(values: list[str]) -> list[object]:
    """Aggregated values: as they are, except that a list of nothing but JSON objects and lists becomes just that."""
    try:
        parsed = [json.loads(value) for value in values]
    except ValueError:
        return [*values]
    return parsed if all(isinstance(value, dict | list) for value in parsed) else [*values]


def assess(depends: Mapping[str, Depends], ended: Mapping[str, Outcome]) -> Outcome:
    """A DAG is as good as the tasks that nothing depends on; one that was skipped or omitted is as good as what it waited for."""
    targets = depends.keys() - {task for one in depends.values() for task in one.tasks}
    bad = {name for target in targets for name in gone_bad(target, depends, ended)}
    if not bad:
        return Outcome(phase=Phase.SUCCEEDED)
    first = next(outcome for name, outcome in ended.items() if name in bad)
    return Outcome(phase=first.phase, cause=first, message=first.message)


def gone_bad(name: str, depends: Mapping[str, Depends], ended: Mapping[str, Outcome]) -> Iterator[str]:
    phase = ended[name].phase
    if phase.bad:
        yield name
    elif phase is not Phase.SUCCEEDED:
        for dependency in depends[name].tasks:
            yield from gone_bad(dependency, depends, ended)
