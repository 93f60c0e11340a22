"""What must hold of a program before anything of it runs: every name leads somewhere, every expression can be read.

`workflows.lint` asks for what the cluster needs; this asks only for what would otherwise stop a run in its middle.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from newsreel.errors import BadInput
from workflows.local.conditions import read_depends, read_retry, when
from workflows.local.manifest import Program
from workflows.local.model import Dag, DagTemplate, Leaf, Task
from workflows.local.pod import Volume
from workflows.local.references import references, substitute

__all__ = ["check_program"]

WORKFLOW = frozenset({"workflow.uid", "workflow.name", "workflow.namespace"})
AT_THE_END = frozenset({"workflow.status", "workflow.failures"})
"""Known to the exit hook alone."""


def check_program(program: Program) -> None:
    """Raises BadInput that names the template and what is wrong with it."""
    spec = program.spec
    given = WORKFLOW | {f"workflow.parameters.{argument.name}" for argument in spec.arguments.parameters}
    arguments = {argument.name for argument in spec.arguments.parameters}
    for root, known in ((spec.entrypoint, given), (spec.on_exit, given | AT_THE_END)):
        if root is not None:
            check_call(program, root, arguments, f"workflow `{program.name}`")
            for name in [*reached(program, root, ())]:
                check_template(program, program.templates[name], known)


def reached(program: Program, name: str, above: tuple[str, ...]) -> Iterator[str]:
    """The templates that `name` leads to, itself first. Raises BadInput where one leads back to itself."""
    if name in above:
        raise BadInput(f"template `{name}` leads back to itself: {' > '.join([*above, name])}")
    yield name
    template = program.templates[name]
    if isinstance(template, DagTemplate):
        for task in template.dag.tasks:
            called = task.template
            if called not in program.templates:
                raise BadInput(f"template `{name}`, task `{task.name}`: there is no template `{called}`")
            yield from reached(program, called, (*above, name))


def check_template(program: Program, template: Leaf | DagTemplate, known: Iterable[str]) -> None:
    names = {*known, *(f"inputs.parameters.{parameter.name}" for parameter in template.inputs.parameters)}
    where = f"template `{template.name}`"
    try:
        if template.retry_strategy and template.retry_strategy.expression:
            read_retry(template.retry_strategy.expression)
        if isinstance(template, Leaf):
            check_leaf(template, program.spec.volumes, names)
        else:
            check_dag(program, template, names)
    except BadInput as fault:
        raise BadInput(f"workflows/local: {where}: {fault}") from fault


def check_leaf(leaf: Leaf, shared: tuple[Volume, ...], known: set[str]) -> None:
    container = leaf.container
    volumes = {volume.name: volume for volume in (*shared, *leaf.volumes)}
    for mount in container.volume_mounts:
        if mount.name not in volumes:
            raise BadInput(f"mounts volume `{mount.name}`, which is not among its volumes")
    probe = container.readiness_probe
    if probe and (not leaf.daemon or not probe.exec):
        raise BadInput("readinessProbe: the local runner knows only a daemon's `exec`")
    for output in leaf.outputs.parameters:
        if output.value_from.path is None:
            raise BadInput(f"output `{output.name}`: only a DAG may use valueFrom.parameter")
    texts = [
        str(leaf.active_deadline_seconds or ""),
        *container.command,
        *container.args,
        *(variable.value for variable in container.env),
    ]
    texts += [volume.host_path.path for volume in volumes.values() if volume.host_path]
    texts += [output.value_from.path or "" for output in leaf.outputs.parameters]
    texts += probe.exec.command if probe and probe.exec else ()
    check_references(texts, known)


def check_dag(program: Program, template: DagTemplate, known: set[str]) -> None:
    tasks = {task.name: task for task in template.dag.tasks}
    if len(tasks) < len(template.dag.tasks):
        raise BadInput("two tasks have the same name")
    before = ancestors(template.dag)
    for task in tasks.values():
        try:
            check_task(program, task, known | {name for above in before[task.name] for name in puts_out(program, tasks[above])})
        except BadInput as fault:
            raise BadInput(f"task `{task.name}`: {fault}") from fault
    everything = {name for task in tasks.values() for name in puts_out(program, task)}
    for output in template.outputs.parameters:
        source = output.value_from.parameter or ""
        if source != f"{{{{{''.join(references(source))}}}}}":
            raise BadInput(f"output `{output.name}`: valueFrom.parameter must be one bare reference")
        check_references([source], everything)


def check_task(program: Program, task: Task, known: set[str]) -> None:
    check_call(program, task.template, {argument.name for argument in task.arguments.parameters}, "it")
    if task.with_param is not None:
        check_references([task.with_param], known)
        if isinstance(program.templates[task.template], DagTemplate):
            raise BadInput("withParam over a DAG is nothing the local runner knows")
    for text in [task.when or "", *(argument.value or "" for argument in task.arguments.parameters)]:
        items = {name for name in references(text) if task.with_param and (name == "item" or name.startswith("item."))}
        check_references([text], known | items)
    if task.when is not None:
        when(substitute(task.when, defaultdict(lambda: "anything")))


def check_call(program: Program, name: str, arguments: set[str], caller: str) -> None:
    if name not in program.templates:
        raise BadInput(f"{caller} calls template `{name}`, which does not exist")
    for parameter in program.templates[name].inputs.parameters:
        if parameter.name not in arguments and parameter.value is None and parameter.default is None:
            raise BadInput(f"{caller} calls template `{name}` without its parameter `{parameter.name}`")


def check_references(texts: Iterable[str], known: set[str]) -> None:
    for text in texts:
        for name in references(text):
            if name not in known:
                raise BadInput(f"`{{{{{name}}}}}` is nothing it can know")


def ancestors(dag: Dag) -> Mapping[str, set[str]]:
    """Of each task all that it waits for. Raises BadInput for an unknown task and for a cycle."""
    waits = {task.name: read_depends(task.depends, task.dependencies).tasks for task in dag.tasks}
    for name, others in waits.items():
        if unknown := others - waits.keys():
            raise BadInput(f"task `{name}` depends on `{min(unknown)}`, which is no task here")
    found: dict[str, set[str]] = {}
    while len(found) < len(waits):
        free = [name for name, others in waits.items() if name not in found and others <= found.keys()]
        if not free:
            raise BadInput(f"tasks wait for each other: {', '.join(sorted(waits.keys() - found.keys()))}")
        for name in free:
            found[name] = {*waits[name]}.union(*(found[other] for other in waits[name]))
    return found


def puts_out(program: Program, task: Task) -> Iterator[str]:
    """What the tasks after `task` may refer to."""
    template = program.templates[task.template]
    if isinstance(template, Leaf) and template.daemon:
        yield f"tasks.{task.name}.hostNodeName"
    if task.with_param is not None:
        yield f"tasks.{task.name}.outputs.parameters"
    for output in template.outputs.parameters:
        yield f"tasks.{task.name}.outputs.parameters.{output.name}"
