"""Rules about the order of things: dependencies, retries, and what a DAG may and may not carry."""

from collections.abc import Iterator

from workflows.lint.document import STATUS_WORDS, Document, Node, awaited, dependencies, tasks
from workflows.lint.rule import Findings, rule

PLACING = ("nodeSelector", "tolerations", "affinity", "volumes", "podSpecPatch")
KINDS = ("container", "containerSet", "dag", "data", "http", "plugin", "resource", "script", "steps", "suspend")
UNWATCHED = ("sidecars", "initContainers", "podSpecPatch", "templateDefaults", "templateRef", "workflowTemplateRef", "inline")


@rule
def template_is_a_container_or_a_dag(document: Document) -> Findings:
    """The rules and our runner know containers and DAGs; a script, resource, containerSet, sidecar, patch, inline or foreign
    template would go unwatched: use one container a step."""
    for template in document.templates:
        kinds = [kind for kind in KINDS if template.at(kind).value is not None]
        if kinds not in (["container"], ["dag"]):
            yield template, f"is {' and '.join(kinds) or 'nothing'}, not a container or a DAG"
    for node in (document.root.at("spec"), *document.templates, *(task for dag in document.dags for task in tasks(dag))):
        for key in UNWATCHED:
            if node.at(key):
                yield node.at(key), "goes unwatched"


@rule
def dependency_exists(document: Document) -> Findings:
    """A task can wait for a task of its own DAG alone: correct the name in `depends`."""
    for dag in document.dags:
        names = {task.name for task in tasks(dag)}
        for task in tasks(dag):
            for name, _ in dependencies(task):
                if name not in names:
                    yield task.at("depends"), f"there is no task {name!r} in this DAG"


@rule
def task_leads_to_the_target(document: Document) -> Findings:
    """Where a DAG has a `target`, Argo runs that and what it waits for, and nothing else: name every task that is last."""
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
                    yield task.at("depends"), f"{name!r} says {word!r}" if word else f"{name!r} says no status"
            if task.at("dependencies"):
                yield task.at("dependencies"), "say it in `depends`, with a status"


@rule
def dependencies_have_an_end(document: Document) -> Findings:
    """Tasks that wait for each other never start: take one of the dependencies away."""
    for dag in document.dags:
        for task in tasks(dag):
            if task.name in awaited(dag, task):
                yield task.at("depends"), f"{task.name!r} waits for itself"


@rule
def calls_have_an_end(document: Document) -> Findings:
    """A DAG that leads back to itself never ends: call another template."""
    for dag in document.dags:
        for called in document.calls(dag):
            if dag in document.below(called.name):
                yield dag, f"{called.name!r} leads back to it"
                break


@rule
def retry_has_a_limit(document: Document) -> Findings:
    """Without a limit a step is tried for as long as the workflow may last: set retryStrategy.limit."""
    for retry in retries(document):
        limit = str(retry.at("limit").value)
        if not limit.isdecimal():
            yield retry, "is without a limit"


@rule
def retry_is_for_transient_faults(document: Document) -> Findings:
    """A bad story stays bad and a broken GPU broken: on the same node only exit status 75 and a vanished pod are tried again,
    see placement.retry_transient_faults."""
    for leaf in document.leaves:
        retry = leaf.at("retryStrategy")
        if retry and "lastRetry.exitCode" not in retry.at("expression").text:
            yield retry, "tries again whatever the fault"


@rule
def attempt_holds_no_step(document: Document) -> Findings:
    """What runs directly below a DAG that is retried on other nodes is told "not this node"; pinned to "this node" as well, or
    with a retry of its own, it hangs for ever: put it one DAG deeper, into `work`."""
    for task, called in directly_attempted(document):
        if called.at("retryStrategy"):
            yield task, f"{called.name!r} has a retry of its own"
        elif called.at("nodeSelector", "kubernetes.io/hostname"):
            yield task, f"{called.name!r} is pinned to a node"


@rule
def attempt_has_no_exit_hook(document: Document) -> Findings:
    """A hook directly below a DAG that is retried on other nodes is told "not this node" and hangs: use the workflow's
    onExit."""
    for attempt in document.attempts:
        for node in (attempt, *tasks(attempt)):
            for key in ("onExit", "hooks"):
                if node.at(key):
                    yield node.at(key), "hangs when the attempt is retried"


@rule
def exit_handler_outlives_the_story(document: Document) -> Findings:
    """Argo ends an exit handler that has a retryStrategy at the workflow's deadline, and fails one that is a DAG when the
    workflow was stopped, so nobody is told of that end: let onExit be a container that tries again itself."""
    at_exit = document.template(document.root.at("spec", "onExit").text) if document.is_workflow else None
    if at_exit:
        for key in ("retryStrategy", "dag"):
            if at_exit.at(key):
                yield at_exit.at(key), "does not outlive every end of the story"


@rule
def dag_places_nothing(document: Document) -> Findings:
    """A DAG's own node selector, tolerations or volumes do not reach its pods with their parameters filled in: give them to the
    leaf."""
    for dag in document.dags:
        for key in PLACING:
            if dag.at(key):
                yield dag.at(key), "does not reach the pods"


@rule
def workflow_comes_to_an_end(document: Document) -> Findings:
    """A workflow that may last, or lie about, for ever holds a GPU node or the API server's memory: set activeDeadlineSeconds,
    ttlStrategy and podGC."""
    if document.is_workflow:
        spec = document.root.at("spec")
        for key in ("activeDeadlineSeconds", "ttlStrategy", "podGC"):
            if not spec.at(key):
                yield spec.at(key), "is not set"


def retries(document: Document) -> Iterator[Node]:
    for node in (document.root.at("spec"), *document.templates):
        if node.at("retryStrategy"):
            yield node.at("retryStrategy")


def directly_attempted(document: Document) -> Iterator[tuple[Node, Node]]:
    for attempt in document.attempts:
        for task in tasks(attempt):
            called = document.template(task.at("template").text)
            if called and not called.at("dag"):
                yield task, called
