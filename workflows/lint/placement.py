"""Rules about placement: a story's steps run on the story's node, in the story's directory, and nowhere else."""

from workflows.lint.document import Document, Findings, Node, parameters, rule, tasks

NODE_PARAMETER = "{{inputs.parameters.node}}"
DIRECTORY_PARAMETER = "{{inputs.parameters.dir}}"


@rule
def leaf_chooses_its_node(document: Document) -> Findings:
    """Without a nodeSelector a pod may run on any machine, a GPU node included: give the template a placement."""
    for leaf in document.leaves:
        if not leaf.at("nodeSelector"):
            yield leaf, "has no nodeSelector"


@rule
def step_is_pinned(document: Document) -> Findings:
    """Every step must run on the story's node: give the template `placement.pinned(...)`."""
    for step in document.steps:
        selector = step.at("nodeSelector", "kubernetes.io/hostname")
        if selector.text != NODE_PARAMETER:
            yield selector, f"is not {NODE_PARAMETER}"


@rule
def step_tolerates_the_pool(document: Document) -> Findings:
    """Story nodes are tainted so that nothing else runs there: give steps and anchor a toleration for each taint of
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
        volumes = {volume.name for volume in step.at("volumes").entries if host_path(volume).text == DIRECTORY_PARAMETER}
        mounted = {mount.name for mount in step.at("container", "volumeMounts").entries}
        if not volumes & mounted:
            yield step, "does not mount the story's directory"


@rule
def host_path_is_a_storys(document: Document) -> Findings:
    """Of the node's disk a step may mount its story's directory and the anchor the SSD root; any wider path exposes the
    machine: use `placement.pinned(...)` or `placement.anchored(...)`."""
    pod = document.root.at("spec", "template", "spec")
    for volume in pod.at("volumes").entries:
        if host_path(volume):
            yield host_path(volume), "only a story's steps may mount the node's disk"
    for leaf in document.leaves:
        allowed = document.settings.ssd_root if leaf in document.daemons else DIRECTORY_PARAMETER
        for volume in leaf.at("volumes").entries:
            if volume.at("hostPath") and host_path(volume).text != allowed:
                yield host_path(volume), f"is not {allowed}"


@rule
def directory_is_the_workflows_own(document: Document) -> Findings:
    """Two runs must not share a directory, even those of the same story: pass the steps ROOT/{{workflow.uid}}."""
    own = f"{document.settings.ssd_root}/{{{{workflow.uid}}}}"
    for dag in document.dags:
        for task in tasks(dag):
            for argument in parameters(task.at("arguments")):
                if argument.name == "dir" and argument.at("value").text not in (own, DIRECTORY_PARAMETER):
                    yield argument.at("value"), f"is neither {own} nor the caller's own"


@rule
def attempt_holds_an_anchor(document: Document) -> Findings:
    """Without a running daemon another story's pod is scheduled to the node as soon as its GPU is idle: start an anchor
    beside the work."""
    for attempt in document.attempts:
        if not any(called in document.daemons for called in document.calls(attempt)):
            yield attempt, "starts no daemon"


@rule
def daemon_has_a_readiness_probe(document: Document) -> Findings:
    """Argo starts the work as soon as the daemon is ready, which without a probe is before the directory exists: give the
    container a readinessProbe that waits for the lease."""
    for daemon in document.daemons:
        if not daemon.at("container", "readinessProbe"):
            yield daemon.at("container", "readinessProbe"), "is not set"


@rule
def anchor_repels_anchors(document: Document) -> Findings:
    """A node takes one story at a time: give the anchor a required podAntiAffinity, by host name, to a label that it has
    itself."""
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
    """The autoscaler may evict a pod from an underused node, away from the story's files on its SSD: annotate the template
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
