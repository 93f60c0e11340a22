"""Rules about the node: a story's steps are on its node, in its directory, and nowhere else."""

from workflows.lint.document import Document, Node, parameters, tasks
from workflows.lint.rule import Findings, rule

THE_NODE = "{{inputs.parameters.node}}"
THE_DIRECTORY = "{{inputs.parameters.dir}}"


@rule
def leaf_chooses_its_node(document: Document) -> Findings:
    """Without a nodeSelector a pod may land on any machine, a GPU node among them: give the template a placement."""
    for leaf in document.leaves:
        if not leaf.at("nodeSelector"):
            yield leaf, "has no nodeSelector"


@rule
def step_is_pinned(document: Document) -> Findings:
    """Every step must run on the story's node: give the template `placement.pinned(...)`."""
    for step in document.steps:
        selector = step.at("nodeSelector", "kubernetes.io/hostname")
        if selector.text != THE_NODE:
            yield selector, f"is not {THE_NODE}"


@rule
def step_tolerates_the_pool(document: Document) -> Findings:
    """A story's node is tainted so that nothing else lands on it: give step and anchor the toleration of each taint, see
    `Settings.story_pool`."""
    for leaf in (*document.steps, *document.daemons):
        tolerated = {toleration.at("key").text for toleration in leaf.at("tolerations").entries}
        for taint in document.settings.story_pool.tolerates:
            if taint not in tolerated:
                yield leaf.at("tolerations"), f"{taint} is not tolerated"


@rule
def step_mounts_the_story(document: Document) -> Findings:
    """A step reads and writes the story's directory on the node's SSD: give the template `placement.pinned(...)`."""
    for step in document.steps:
        volumes = {volume.name for volume in step.at("volumes").entries if host_path(volume).text == THE_DIRECTORY}
        mounted = {mount.name for mount in step.at("container", "volumeMounts").entries}
        if not volumes & mounted:
            yield step, "does not mount the story's directory"


@rule
def host_path_is_a_storys(document: Document) -> Findings:
    """Of the node's disk a step sees its story's directory and the anchor the SSD root; a symbolic or wider path would give
    away the machine: use `placement.pinned(...)` or `placement.anchored(...)`."""
    pod = document.root.at("spec", "template", "spec")
    for volume in pod.at("volumes").entries:
        if host_path(volume):
            yield host_path(volume), "only a story's step sees the node's disk"
    for leaf in document.leaves:
        allowed = document.settings.ssd_root if leaf in document.daemons else THE_DIRECTORY
        for volume in leaf.at("volumes").entries:
            if volume.at("hostPath") and host_path(volume).text != allowed:
                yield host_path(volume), f"is not {allowed}"


@rule
def directory_is_the_workflows_own(document: Document) -> Findings:
    """The directory handed to the steps is ROOT/{{workflow.uid}}: the one name no other run has, not even the same story's."""
    own = f"{document.settings.ssd_root}/{{{{workflow.uid}}}}"
    for dag in document.dags:
        for task in tasks(dag):
            for argument in parameters(task.at("arguments")):
                if argument.name == "dir" and argument.at("value").text not in (own, THE_DIRECTORY):
                    yield argument.at("value"), f"is neither {own} nor handed on"


@rule
def attempt_holds_an_anchor(document: Document) -> Findings:
    """Without a live daemon another story's pod takes the node as soon as its GPU is idle: start an anchor beside the work."""
    for attempt in document.attempts:
        if not any(called in document.daemons for called in document.calls(attempt)):
            yield attempt, "starts no daemon"


@rule
def daemon_has_a_readiness_probe(document: Document) -> Findings:
    """Argo lets the work start as soon as the daemon is ready, and without a probe that is before the directory is
    there: give the container a readinessProbe that waits for the lease."""
    for daemon in document.daemons:
        if not daemon.at("container", "readinessProbe"):
            yield daemon.at("container", "readinessProbe"), "is not set"


@rule
def anchor_repels_anchors(document: Document) -> Findings:
    """One story a node: the anchor needs a required podAntiAffinity, by host name, to a label that it carries itself."""
    for daemon in document.daemons:
        required = daemon.at("affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
        if not any(repels_itself(daemon, term) for term in required.entries):
            yield required, "does not keep two anchors apart"


@rule
def no_sub_path_expression(document: Document) -> Findings:
    """`subPathExpr` breaks Argo's wait container and the pod hangs: use a templated hostPath or `subPath`."""
    for container in document.containers:
        for mount in container.at("volumeMounts").entries:
            if mount.at("subPathExpr"):
                yield mount.at("subPathExpr"), "hangs the pod"


@rule
def pod_keeps_its_node(document: Document) -> Findings:
    """The autoscaler may move a pod away from a node it finds half empty, and a story's SSD stays behind: annotate the template
    cluster-autoscaler.kubernetes.io/safe-to-evict: "false"."""
    for leaf in (*document.steps, *document.daemons):
        annotation = leaf.at("metadata", "annotations", "cluster-autoscaler.kubernetes.io/safe-to-evict")
        if annotation.value != "false":
            yield annotation, 'is not "false"'


def host_path(volume: Node) -> Node:
    return volume.at("hostPath", "path")


def repels_itself(leaf: Node, term: Node) -> bool:
    wanted = term.at("labelSelector", "matchLabels").value
    carried = leaf.at("metadata", "labels").value
    return (
        term.at("topologyKey").text == "kubernetes.io/hostname"
        and isinstance(wanted, dict)
        and isinstance(carried, dict)
        and bool(wanted)
        and wanted.items() <= carried.items()
    )
