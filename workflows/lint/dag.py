"""Rules about a workflow's graph: names, references between templates and tasks, dependencies, retries and its end."""

import re
from collections import Counter
from collections.abc import Iterator

from workflows.lint.document import (
    STATUS_WORDS,
    Document,
    Findings,
    Node,
    awaited,
    dependencies,
    parameters,
    references,
    rule,
    tasks,
)

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
MAX_LABEL_LENGTH = 63
YAML_CONSTANTS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"))
WORKFLOW_VARIABLES = frozenset(("workflow.name", "workflow.namespace", "workflow.uid"))
WORKFLOW_METRIC_VARIABLES = frozenset(("workflow.status", "workflow.duration"))
TEMPLATE_METRIC_VARIABLES = frozenset(("status", "duration"))
DOTTED_NAME = re.compile(r"\b[a-z]\w*(?:\.[\w-]+)+")
PLACEMENT_KEYS = ("nodeSelector", "tolerations", "affinity", "volumes", "podSpecPatch")
TEMPLATE_KINDS = ("container", "containerSet", "dag", "data", "http", "plugin", "resource", "script", "steps", "suspend")
UNSUPPORTED_KEYS = (
    "sidecars",
    "initContainers",
    "podSpecPatch",
    "templateDefaults",
    "templateRef",
    "workflowTemplateRef",
    "inline",
)


@rule
def name_is_a_dns_label(document: Document) -> Findings:
    """Names of objects, templates, tasks, parameters, containers and volumes become pod names, labels and host names: use
    lower-case letters, digits and inner hyphens. A Secret's name may have dots, since Argo looks for the executor's token
    under such a name."""
    for named in named_nodes(document):
        labels = named.name.split(".") if document.root.at("kind").text == "Secret" else [named.name]
        if not all(map(DNS_LABEL.fullmatch, labels)):
            yield named.at("name"), f"{named.name!r} is not a DNS label"


@rule
def name_fits_a_label(document: Document) -> Findings:
    """Kubernetes refuses labels and host names of over 63 characters when the pod is created: shorten the name."""
    for named in named_nodes(document):
        if len(named.name) > MAX_LABEL_LENGTH:
            yield named.at("name"), f"{len(named.name)} characters; at most {MAX_LABEL_LENGTH}"


@rule
def name_is_not_a_yaml_constant(document: Document) -> Findings:
    """YAML 1.1 reads `n`, `y`, `on` and the like as booleans where a tool writes them without quotes: choose another name."""
    for named in named_nodes(document):
        value = named.at("name").value
        if isinstance(value, bool) or (isinstance(value, str) and value.lower() in YAML_CONSTANTS):
            yield named.at("name"), f"{value!r} reads as a constant"


def named_nodes(document: Document) -> Iterator[Node]:
    """Whatever has a name that Kubernetes or Argo uses: the object, templates, tasks, parameters, containers, volumes."""
    yield document.root.at("metadata")
    yield from parameters(document.root.at("spec", "arguments"))
    for template in document.templates:
        yield template
        yield from tasks(template)
        yield from parameters(template.at("inputs"))
        yield from parameters(template.at("outputs"))
        yield from template.at("volumes").entries
    pod = document.root.at("spec", "template", "spec")
    yield from pod.at("containers").entries
    yield from pod.at("volumes").entries


@rule
def template_exists(document: Document) -> Findings:
    """Neither Hera nor an edit by hand checks that the template named by a task, the entrypoint or the exit handler exists:
    correct the name or add the template."""
    spec = document.root.at("spec")
    callers = [spec.at("entrypoint"), spec.at("onExit")] if document.is_workflow else []
    callers += [task.at("template") for dag in document.dags for task in tasks(dag)]
    for caller in callers:
        if caller.text and not document.template(caller.text):
            yield caller, f"there is no template {caller.text!r}"


@rule
def template_name_is_unique(document: Document) -> Findings:
    """Of two templates with the same name Argo silently uses one: rename or remove the other."""
    yield from duplicates(document.templates)


@rule
def task_name_is_unique(document: Document) -> Findings:
    """Dependencies refer to tasks by name, so each name may appear once in a DAG: rename the other task."""
    for dag in document.dags:
        yield from duplicates(tasks(dag))


@rule
def template_is_used(document: Document) -> Findings:
    """A template that neither the entrypoint nor the exit handler leads to never runs: remove it, or call it."""
    spec = document.root.at("spec")
    used = document.below(spec.at("entrypoint").text, spec.at("onExit").text)
    for template in document.templates:
        if template not in used:
            yield template, "nothing calls it"


@rule
def argument_is_given(document: Document) -> Findings:
    """A task must pass every input that its template has no value for: add the argument."""
    for task, template in calls(document):
        given = {argument.name for argument in parameters(task.at("arguments"))}
        for wanted in parameters(template.at("inputs")):
            if wanted.name not in given and wanted.at("value").value is None and wanted.at("default").value is None:
                yield task.at("arguments"), f"template {template.name!r} needs {wanted.name!r}"


@rule
def argument_is_wanted(document: Document) -> Findings:
    """Argo silently drops an argument that the template has no input for, a misspelt one included: correct its name."""
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
    """An output that no task reads is still collected and stored in the workflow's status: remove the output."""
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
    """Argo leaves an unknown `{{...}}` as it is, or fails when the story already runs: refer to a declared input, to an
    output of a task of the same DAG, to an argument of the workflow, to workflow.uid, name or namespace; to workflow.status
    only in the exit handler and in metrics, to workflow.failures only in the exit handler, to item only in a task with
    withParam."""
    arguments = parameters(document.root.at("spec", "arguments"))
    everywhere = WORKFLOW_VARIABLES | {f"workflow.parameters.{argument.name}" for argument in arguments}
    at_exit = document.below(document.root.at("spec", "onExit").text)
    for template in document.templates:
        here = everywhere | {f"inputs.parameters.{parameter.name}" for parameter in parameters(template.at("inputs"))}
        here |= {"workflow.status", "workflow.failures"} if template in at_exit else set()
        here |= task_outputs(document, template)
        for task in tasks(template):
            yield from unresolved(task, here | ({"item"} if task.at("withParam") else set()))
        for key in template.keys:
            if key != "dag":
                yield from unresolved(template.at(key), here | (TEMPLATE_METRIC_VARIABLES if key == "metrics" else set()))
    for key in document.root.at("spec").keys:
        if document.is_workflow and key != "templates":
            known = everywhere | (WORKFLOW_METRIC_VARIABLES if key == "metrics" else set())
            yield from unresolved(document.root.at("spec", key), known)


@rule
def producer_is_awaited(document: Document) -> Findings:
    """A task that uses another task's output may start before it unless it depends on it: add the producer to `depends`,
    directly or through another task."""
    for dag in document.dags:
        for task in tasks(dag):
            before = awaited(dag, task)
            for text in task.strings():
                for name in references(text.text):
                    producer = name.split(".")[1] if name.startswith("tasks.") and "." in name else None
                    if producer and producer not in before:
                        yield text, f"does not wait for {producer!r}"


def duplicates(nodes: list[Node]) -> Findings:
    counted = Counter(node.name for node in nodes)
    for node in nodes:
        if counted[node.name] > 1:
            yield node.at("name"), f"{node.name!r} appears {counted[node.name]} times"


def calls(document: Document) -> Iterator[tuple[Node, Node]]:
    """Tasks, each with the template it runs."""
    for dag in document.dags:
        for task in tasks(dag):
            if template := document.template(task.at("template").text):
                yield task, template


def task_outputs(document: Document, dag: Node) -> set[str]:
    """References that the tasks of a DAG may make to each other: outputs of their templates, and a daemon's node."""
    found = set()
    for task in tasks(dag):
        if template := document.template(task.at("template").text):
            found |= {f"tasks.{task.name}.outputs.parameters.{output.name}" for output in parameters(template.at("outputs"))}
            found |= {f"tasks.{task.name}.hostNodeName"} if template in document.daemons else set()
    return found


def unresolved(node: Node, known: set[str] | frozenset[str]) -> Findings:
    for text in node.strings():
        if text.text.count("{{") != text.text.count("}}"):
            yield text, "`{{` and `}}` are not balanced"
        for name in references(text.text):
            used = DOTTED_NAME.findall(name) if name.startswith("=") else [name]
            if not known.issuperset(used):
                yield text, f"{{{{{name}}}}} is not known here"


@rule
def template_is_a_container_or_a_dag(document: Document) -> Findings:
    """These rules and the local runner know containers and DAGs only; a script, resource, containerSet, sidecar, patch,
    inline or foreign template would not be checked: use one container a step."""
    for template in document.templates:
        kinds = [kind for kind in TEMPLATE_KINDS if template.at(kind).value is not None]
        if kinds not in (["container"], ["dag"]):
            yield template, f"is {' and '.join(kinds) or 'nothing'}, not a container or a DAG"
    for node in (document.root.at("spec"), *document.templates, *(task for dag in document.dags for task in tasks(dag))):
        for key in UNSUPPORTED_KEYS:
            if node.at(key):
                yield node.at(key), "is not covered by these rules"


@rule
def dependency_exists(document: Document) -> Findings:
    """A task can only wait for a task of its own DAG: correct the name in `depends`."""
    for dag in document.dags:
        names = {task.name for task in tasks(dag)}
        for task in tasks(dag):
            for name, _ in dependencies(task):
                if name not in names:
                    yield task.at("depends"), f"there is no task {name!r} in this DAG"


@rule
def task_leads_to_the_target(document: Document) -> Findings:
    """Where a DAG has a `target`, Argo runs the target and its dependencies and nothing else: list every final task in it."""
    for dag in document.dags:
        target = dag.at("dag", "target")
        named = target.text.split()
        by_name = {task.name: task for task in tasks(dag)}
        for name in named:
            if name not in by_name:
                yield target, f"there is no task {name!r} in this DAG"
        reached = {*named}.union(*(awaited(dag, by_name[name]) for name in named if name in by_name))
        for name in by_name.keys() - reached if named else ():
            yield by_name[name], "leads to no target"


@rule
def dependency_says_its_status(document: Document) -> Findings:
    """A bare task name also means Skipped and Daemoned: write `task.Succeeded`, or whichever status is meant."""
    for dag in document.dags:
        for task in tasks(dag):
            for name, word in dependencies(task):
                if word not in STATUS_WORDS:
                    yield task.at("depends"), f"{name!r} has the unknown status {word!r}" if word else f"{name!r} has no status"
            if task.at("dependencies"):
                yield task.at("dependencies"), "use `depends`, with a status"


@rule
def dependencies_have_an_end(document: Document) -> Findings:
    """Tasks that wait for each other never start: remove one of the dependencies."""
    for dag in document.dags:
        for task in tasks(dag):
            if task.name in awaited(dag, task):
                yield task.at("depends"), f"{task.name!r} waits for itself"


@rule
def calls_have_an_end(document: Document) -> Findings:
    """A DAG that calls itself, directly or through another, never ends: call another template."""
    for dag in document.dags:
        for called in document.calls(dag):
            if dag in document.below(called.name):
                yield dag, f"{called.name!r} calls it again"
                break


@rule
def retry_has_a_limit(document: Document) -> Findings:
    """Without a limit a step is retried until the workflow's deadline: set retryStrategy.limit."""
    for retry in retry_strategies(document):
        limit = str(retry.at("limit").value)
        if not limit.isdecimal():
            yield retry, "has no limit"


@rule
def retry_is_for_transient_faults(document: Document) -> Findings:
    """An invalid story or a broken GPU fails again on the same node, so only exit status 75 and a lost pod are retried
    there: use `placement.retry_transient_faults`."""
    for leaf in document.leaves:
        retry = leaf.at("retryStrategy")
        if retry and "lastRetry.exitCode" not in retry.at("expression").text:
            yield retry, "retries after every failure"


@rule
def attempt_holds_no_step(document: Document) -> Findings:
    """Retrying a DAG elsewhere gives its direct children a node anti-affinity; a child that is also pinned to its node, or
    has a retry of its own, hangs for ever: move it one DAG deeper, into `work`."""
    for task, called in leaves_of_attempts(document):
        if called.at("retryStrategy"):
            yield task, f"{called.name!r} has a retry of its own"
        elif called.at("nodeSelector", "kubernetes.io/hostname"):
            yield task, f"{called.name!r} is pinned to a node"


@rule
def attempt_has_no_exit_hook(document: Document) -> Findings:
    """A hook directly below a DAG that is retried elsewhere gets the same node anti-affinity and hangs: use the workflow's
    onExit."""
    for attempt in document.attempts:
        for node in (attempt, *tasks(attempt)):
            for key in ("onExit", "hooks"):
                if node.at(key):
                    yield node.at(key), "hangs when the attempt is retried"


@rule
def exit_handler_outlives_the_story(document: Document) -> Findings:
    """Argo ends an exit handler with a retryStrategy at the workflow's deadline, and fails one that is a DAG when the
    workflow was stopped, so that this end is not reported: let onExit be a container that retries by itself."""
    at_exit = document.template(document.root.at("spec", "onExit").text) if document.is_workflow else None
    if at_exit:
        for key in ("retryStrategy", "dag"):
            if at_exit.at(key):
                yield at_exit.at(key), "does not run after every end of the workflow"


@rule
def dag_places_nothing(document: Document) -> Findings:
    """A DAG's own node selector, tolerations or volumes reach its pods with their parameters not filled in: set them on the
    leaf templates."""
    for dag in document.dags:
        for key in PLACEMENT_KEYS:
            if dag.at(key):
                yield dag.at(key), "does not reach the pods"


@rule
def workflow_comes_to_an_end(document: Document) -> Findings:
    """A workflow that never ends, or is never deleted, holds a GPU node or the API server's memory: set
    activeDeadlineSeconds, ttlStrategy and podGC."""
    if document.is_workflow:
        spec = document.root.at("spec")
        for key in ("activeDeadlineSeconds", "ttlStrategy", "podGC"):
            if not spec.at(key):
                yield spec.at(key), "is not set"


def retry_strategies(document: Document) -> Iterator[Node]:
    for node in (document.root.at("spec"), *document.templates):
        if node.at("retryStrategy"):
            yield node.at("retryStrategy")


def leaves_of_attempts(document: Document) -> Iterator[tuple[Node, Node]]:
    """Tasks directly in a retried DAG that run a container, each with its template."""
    for attempt in document.attempts:
        for task in tasks(attempt):
            called = document.template(task.at("template").text)
            if called and not called.at("dag"):
                yield task, called
