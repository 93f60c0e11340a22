"""Rules about what refers to what: templates, arguments, inputs, outputs and the `{{...}}` between them."""

import re
from collections import Counter
from collections.abc import Iterator

from workflows.lint.document import Document, Node, awaited, parameters, references, tasks
from workflows.lint.rule import Findings, rule

OF_THE_WORKFLOW = frozenset(("workflow.name", "workflow.namespace", "workflow.uid"))
OF_ITS_METRICS = frozenset(("workflow.status", "workflow.duration"))
OF_A_METRIC = frozenset(("status", "duration"))
DOTTED = re.compile(r"\b[a-z]\w*(?:\.[\w-]+)+")


@rule
def template_exists(document: Document) -> Findings:
    """Hera and a hand-made change both let a task, the entrypoint or the exit handler name a template that is not there:
    correct the name or add the template."""
    spec = document.root.at("spec")
    callers = [spec.at("entrypoint"), spec.at("onExit")] if document.is_workflow else []
    callers += [task.at("template") for dag in document.dags for task in tasks(dag)]
    for caller in callers:
        if caller.text and not document.template(caller.text):
            yield caller, f"there is no template {caller.text!r}"


@rule
def template_name_is_unique(document: Document) -> Findings:
    """Of two templates with one name Argo takes one and says nothing: rename or remove the other."""
    yield from repeated(document.templates)


@rule
def task_name_is_unique(document: Document) -> Findings:
    """Dependencies name tasks, so a name can stand for one task of a DAG alone: rename the other."""
    for dag in document.dags:
        yield from repeated(tasks(dag))


@rule
def template_is_used(document: Document) -> Findings:
    """A template that neither the entrypoint nor the exit handler leads to is never run: remove it, or call it."""
    spec = document.root.at("spec")
    used = document.below(spec.at("entrypoint").text, spec.at("onExit").text)
    for template in document.templates:
        if template not in used:
            yield template, "nothing calls it"


@rule
def argument_is_given(document: Document) -> Findings:
    """A task must hand over every input its template has no value for: add the argument."""
    for task, template in calls(document):
        given = {argument.name for argument in parameters(task.at("arguments"))}
        for wanted in parameters(template.at("inputs")):
            if wanted.name not in given and wanted.at("value").value is None and wanted.at("default").value is None:
                yield task.at("arguments"), f"template {template.name!r} wants {wanted.name!r}"


@rule
def argument_is_wanted(document: Document) -> Findings:
    """Argo drops an argument that the template has no input for, so a misspelt one is lost in silence: correct its name."""
    for task, template in calls(document):
        wanted = {parameter.name for parameter in parameters(template.at("inputs"))}
        for given in parameters(task.at("arguments")):
            if given.name not in wanted:
                yield given, f"template {template.name!r} has no input {given.name!r}"


@rule
def input_is_read(document: Document) -> Findings:
    """An input that nothing in its template reads is a leftover or a misspelt reference: remove it or use it."""
    for template in document.templates:
        read = {name for text in template.strings() for name in references(text.text)}
        for parameter in parameters(template.at("inputs")):
            if f"inputs.parameters.{parameter.name}" not in read:
                yield parameter, f"nothing reads {parameter.name!r}"


@rule
def output_is_read(document: Document) -> Findings:
    """A file that nobody reads is written, found and kept in the workflow's status for nothing: remove the output."""
    read = {
        (template.name, name)
        for dag in document.dags
        for text in dag.strings()
        for name in references(text.text)
        for task in tasks(dag)
        if name.startswith(f"tasks.{task.name}.") and (template := document.template(task.at("template").text))
    }
    names = {(template, reference.rpartition(".")[2]) for template, reference in read}
    for template in document.templates:
        for output in parameters(template.at("outputs")):
            if (template.name, output.name) not in names:
                yield output, f"nothing reads {output.name!r}"


@rule
def reference_resolves(document: Document) -> Findings:
    """Argo leaves a `{{...}}` it does not know as it stands, or fails when the story is already under way: refer to a declared
    input, to an output of a task of the same DAG, to an argument of the workflow, to workflow.uid, name or namespace; to
    workflow.status in the exit handler and in metrics alone, to workflow.failures in the exit handler alone, to item in a task
    with withParam alone."""
    arguments = parameters(document.root.at("spec", "arguments"))
    everywhere = OF_THE_WORKFLOW | {f"workflow.parameters.{argument.name}" for argument in arguments}
    at_exit = document.below(document.root.at("spec", "onExit").text)
    for template in document.templates:
        here = everywhere | {f"inputs.parameters.{parameter.name}" for parameter in parameters(template.at("inputs"))}
        here |= {"workflow.status", "workflow.failures"} if template in at_exit else set()
        here |= told_by_tasks(document, template)
        for task in tasks(template):
            yield from unresolved(task, here | ({"item"} if task.at("withParam") else set()))
        for key in template.keys:
            if key != "dag":
                yield from unresolved(template.at(key), here | (OF_A_METRIC if key == "metrics" else set()))
    for key in document.root.at("spec").keys:
        if document.is_workflow and key != "templates":
            yield from unresolved(document.root.at("spec", key), everywhere | (OF_ITS_METRICS if key == "metrics" else set()))


@rule
def producer_is_awaited(document: Document) -> Findings:
    """A task that uses what another tells may start before it, unless it waits: add the producer to `depends`, at first or second
    hand."""
    for dag in document.dags:
        for task in tasks(dag):
            before = awaited(dag, task)
            for text in task.strings():
                for name in references(text.text):
                    producer = name.split(".")[1] if name.startswith("tasks.") and "." in name else None
                    if producer and producer not in before:
                        yield text, f"does not wait for {producer!r}"


def repeated(nodes: list[Node]) -> Findings:
    counted = Counter(node.name for node in nodes)
    for node in nodes:
        if counted[node.name] > 1:
            yield node.at("name"), f"{node.name!r} is there {counted[node.name]} times"


def calls(document: Document) -> Iterator[tuple[Node, Node]]:
    """Each task with the template it runs."""
    for dag in document.dags:
        for task in tasks(dag):
            if template := document.template(task.at("template").text):
                yield task, template


def told_by_tasks(document: Document, dag: Node) -> set[str]:
    """What a DAG's tasks tell each other: the outputs of their templates, and a daemon's node."""
    told = set()
    for task in tasks(dag):
        if template := document.template(task.at("template").text):
            told |= {f"tasks.{task.name}.outputs.parameters.{output.name}" for output in parameters(template.at("outputs"))}
            told |= {f"tasks.{task.name}.hostNodeName"} if template in document.daemons else set()
    return told


def unresolved(node: Node, known: set[str] | frozenset[str]) -> Findings:
    for text in node.strings():
        if text.text.count("{{") != text.text.count("}}"):
            yield text, "`{{` and `}}` do not pair"
        for name in references(text.text):
            used = DOTTED.findall(name) if name.startswith("=") else [name]
            if not known.issuperset(used):
                yield text, f"{{{{{name}}}}} is not known here"
