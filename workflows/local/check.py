"""Checks a workflow before anything of it runs: every name leads somewhere, every expression can be read.

`workflows.lint` checks what a cluster needs; this checks only what would otherwise stop a run in the middle.
"""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from workflows.local.expression import read_depends, read_retry, references, substitute, when
from workflows.local.manifest import Program
from workflows.local.model import DAG, ContainerTemplate, DAGTask, DAGTemplate
from workflows.local.settings import InvalidWorkflow

WORKFLOW_VALUES = frozenset({"workflow.uid", "workflow.name"})
EXIT_HOOK_VALUES = frozenset({"workflow.status", "workflow.failures"})


def check_program(program: Program) -> None:
    """Raises InvalidWorkflow that names the template and what is wrong with it."""
    arguments = {argument.name for argument in program.spec.arguments.parameters}
    known = WORKFLOW_VALUES | {f"workflow.parameters.{name}" for name in arguments}
    for root, values in ((program.spec.entrypoint, known), (program.spec.on_exit, known | EXIT_HOOK_VALUES)):
        if root is not None:
            called = [*dict.fromkeys(called_templates(program, root, ()))]
            check_arguments(program.templates[root], arguments)
            for name in called:
                check_template(program, program.templates[name], values)


def called_templates(program: Program, name: str, callers: tuple[str, ...]) -> Iterator[str]:
    """The templates that `name` leads to, itself first. Raises InvalidWorkflow for a recursion."""
    if name in callers:
        raise InvalidWorkflow(f"template `{name}` calls itself: {' > '.join([*callers, name])}")
    if name not in program.templates:
        raise InvalidWorkflow(f"there is no template `{name}`; called by {' > '.join([program.name, *callers])}")
    yield name
    template = program.templates[name]
    if isinstance(template, DAGTemplate):
        for task in template.dag.tasks:
            yield from called_templates(program, task.template, (*callers, name))


def check_template(program: Program, template: ContainerTemplate | DAGTemplate, workflow_values: Iterable[str]) -> None:
    known = {*workflow_values, *(f"inputs.parameters.{parameter.name}" for parameter in template.inputs.parameters)}
    try:
        if template.retry_strategy and template.retry_strategy.expression:
            read_retry(template.retry_strategy.expression)
        if isinstance(template, ContainerTemplate):
            check_container(template, known)
        else:
            check_dag(program, template, known)
    except InvalidWorkflow as error:
        raise InvalidWorkflow(f"template `{template.name}`: {error}") from error


def check_container(template: ContainerTemplate, known: set[str]) -> None:
    container = template.container
    volumes = {volume.name for volume in template.volumes}
    for mount in container.volume_mounts:
        if mount.name not in volumes:
            raise InvalidWorkflow(f"mounts volume `{mount.name}`, which does not exist")
    probe = container.readiness_probe
    if probe and (not template.daemon or not probe.exec):
        raise InvalidWorkflow("readinessProbe: the local runner executes only a daemon's `exec`")
    for output in template.outputs.parameters:
        if output.value_from.path is None:
            raise InvalidWorkflow(f"output `{output.name}`: only a DAG may use valueFrom.parameter")
    check_references(template.model_dump_json(exclude={"metadata"}), known)


def check_dag(program: Program, template: DAGTemplate, known: set[str]) -> None:
    tasks = {task.name: task for task in template.dag.tasks}
    if len(tasks) < len(template.dag.tasks):
        raise InvalidWorkflow("two tasks have the same name")
    outputs = {name: {*outputs_of(program, task)} for name, task in tasks.items()}
    for name, ancestors in ancestors_of(template.dag).items():
        try:
            check_task(program, tasks[name], known.union(*(outputs[ancestor] for ancestor in ancestors)))
        except InvalidWorkflow as error:
            raise InvalidWorkflow(f"task `{name}`: {error}") from error
    for output in template.outputs.parameters:
        source = output.value_from.parameter or ""
        if source != f"{{{{{''.join(references(source))}}}}}":
            raise InvalidWorkflow(f"output `{output.name}`: valueFrom.parameter must be one bare reference")
        check_references(source, set[str]().union(*outputs.values()))


def check_task(program: Program, task: DAGTask, known: set[str]) -> None:
    called = program.templates[task.template]
    check_arguments(called, {argument.name for argument in task.arguments.parameters if argument.value is not None})
    if task.with_param is not None:
        check_references(task.with_param, known)
        if isinstance(called, DAGTemplate):
            raise InvalidWorkflow("the local runner does not execute withParam over a DAG")
        known = known | {"item"}
    check_references(task.model_dump_json(include={"arguments", "when"}), known)
    if task.when is not None:
        when(substitute(task.when, dict.fromkeys(references(task.when), "anything")))


def check_arguments(called: ContainerTemplate | DAGTemplate, arguments: set[str]) -> None:
    for parameter in called.inputs.parameters:
        if parameter.name not in arguments:
            raise InvalidWorkflow(f"calls template `{called.name}` without its parameter `{parameter.name}`")


def check_references(text: str, known: set[str]) -> None:
    for name in references(text):
        if name not in known:
            raise InvalidWorkflow(f"`{{{{{name}}}}}` has no value here")


def ancestors_of(dag: DAG) -> Mapping[str, set[str]]:
    """All tasks that a task waits for, by its name. Raises InvalidWorkflow for an unknown task and for a cycle."""
    waits = {task.name: read_depends(task.depends).tasks for task in dag.tasks}
    for name, others in waits.items():
        if unknown := others - waits.keys():
            raise InvalidWorkflow(f"task `{name}` depends on `{min(unknown)}`, which is not a task of this DAG")
    found: dict[str, set[str]] = {}
    try:
        for name in TopologicalSorter(waits).static_order():
            found[name] = {*waits[name]}.union(*(found[other] for other in waits[name]))
    except CycleError as error:
        raise InvalidWorkflow(f"tasks wait for each other: {', '.join(sorted({*error.args[1]}))}") from error
    return found


def outputs_of(program: Program, task: DAGTask) -> Iterator[str]:
    """What tasks after `task` may refer to; not the outputs of a fan-out."""
    template = program.templates[task.template]
    if isinstance(template, ContainerTemplate) and template.daemon:
        yield f"tasks.{task.name}.hostNodeName"
    for output in template.outputs.parameters if task.with_param is None else ():
        yield f"tasks.{task.name}.outputs.parameters.{output.name}"
