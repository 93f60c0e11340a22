"""Rules about pods (image, resources, deadline, rights) and the objects around them (probes, budgets, roles, egress)."""

import re
from pathlib import PurePosixPath

from workflows.lint.document import Document, Findings, parameters, rule

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


@rule
def image_is_pinned(document: Document) -> Findings:
    """An image without a version, or `latest`, changes without notice, and Hera's default is a public image: set a version
    or a digest."""
    for container in document.containers:
        image = container.at("image")
        tag = image.text.rpartition("/")[2].partition(":")[2]
        if not DIGEST.search(image.text) and tag in ("", "latest"):
            yield image, f"{image.text!r} has no version"


@rule
def resources_are_stated(document: Document) -> Findings:
    """A pod without requests is evicted first, and one without a memory limit may get others killed: set requests.cpu,
    requests.memory and limits.memory."""
    for container in document.containers:
        for kind, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            value = container.at("resources", kind, resource)
            if not value:
                yield value, "is not set"


@rule
def leaf_has_a_deadline(document: Document) -> Findings:
    """A step that hangs would hold its GPU node until somebody intervenes: set activeDeadlineSeconds."""
    for leaf in document.leaves:
        if not leaf.at("activeDeadlineSeconds"):
            yield leaf.at("activeDeadlineSeconds"), "is not set"


@rule
def leaf_has_a_priority(document: Document) -> Findings:
    """Without a priority class breaking news queues behind everything else: set priorityClassName."""
    for leaf in document.leaves:
        if not leaf.at("priorityClassName"):
            yield leaf.at("priorityClassName"), "is not set"


@rule
def container_is_confined(document: Document) -> Findings:
    """Pictures, weights and stories are untrusted input: give every container `placement.confined()` as its security
    context."""
    for container in document.containers:
        context = container.at("securityContext")
        for key, wanted in (("readOnlyRootFilesystem", True), ("allowPrivilegeEscalation", False)):
            if context.at(key).value is not wanted:
                yield context.at(key), f"is not {str(wanted).lower()}"
        if context.at("capabilities", "drop").value != ["ALL"]:
            yield context.at("capabilities", "drop"), "does not drop ALL"
        if context.at("seccompProfile", "type").text != "RuntimeDefault":
            yield context.at("seccompProfile", "type"), "is not RuntimeDefault"


@rule
def only_the_anchor_is_root(document: Document) -> Findings:
    """A hostPath belongs to root, so the anchor must run as root, and nothing else may: give the container
    `placement.confined()`, which sets another user and adds no capabilities."""
    anchors = [daemon.at("container") for daemon in document.daemons]
    for container in document.containers:
        if container in anchors:
            continue
        context = container.at("securityContext")
        if context.at("runAsNonRoot").value is not True:
            yield context.at("runAsNonRoot"), "is not true"
        if context.at("runAsUser").value == 0:
            yield context.at("runAsUser"), "is root"
        if context.at("capabilities", "add"):
            yield context.at("capabilities", "add"), "adds capabilities"


@rule
def nothing_is_privileged(document: Document) -> Findings:
    """Privileged containers and the host's network, processes or IPC give untrusted input control of the machine: remove
    the setting."""
    for container in document.containers:
        if container.at("securityContext", "privileged"):
            yield container.at("securityContext", "privileged"), "gives control of the node"
    for pod in (document.root.at("spec"), document.root.at("spec", "template", "spec")):
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.at(key):
                yield pod.at(key), "gives control of the node"


@rule
def steps_get_no_token(document: Document) -> Findings:
    """Steps do not call the Kubernetes API: set automountServiceAccountToken to false, and name an executor account for
    Argo's own containers, which do."""
    spec = document.root.at("spec")
    pod = spec if document.is_workflow else spec.at("template", "spec")
    if pod and pod.at("automountServiceAccountToken").value is not False:
        yield pod.at("automountServiceAccountToken"), "is not false"
    for leaf in document.leaves:
        if leaf.at("automountServiceAccountToken"):
            yield leaf.at("automountServiceAccountToken"), "is not false"
    if document.is_workflow and not spec.at("executor", "serviceAccountName"):
        yield spec.at("executor", "serviceAccountName"), "is not set"


@rule
def step_counts_its_progress(document: Document) -> Findings:
    """The local runner shows the progress of a step in its own unit: annotate the template with
    newsreel/counts."""
    for step in document.steps:
        unit = step.at("metadata", "annotations", "newsreel/counts")
        if not unit.text:
            yield unit, "is not set"


@rule
def output_lies_on_a_volume(document: Document) -> Findings:
    """The root file system is read-only: put an output file below one of the container's volume mounts, such as /tmp."""
    for leaf in document.leaves:
        mounts = [mount.at("mountPath").text for mount in leaf.at("container", "volumeMounts").entries]
        files = [output.at("valueFrom", "path") for output in parameters(leaf.at("outputs"))]
        for path in (*files, *(artifact.at("path") for artifact in leaf.at("outputs", "artifacts").entries)):
            if path.text and not any(PurePosixPath(path.text).is_relative_to(mount) for mount in mounts if mount):
                yield path, f"{path.text!r} cannot be written"


@rule
def deployment_is_probed(document: Document) -> Findings:
    """Without probes a Deployment's pod gets requests before it is ready and is not restarted when it hangs: give the
    container startupProbe, readinessProbe and livenessProbe."""
    if document.root.at("kind").text == "Deployment":
        for container in document.containers:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if not container.at(probe):
                    yield container.at(probe), "is not set"


@rule
def budget_lets_machines_be_drained(document: Document) -> Findings:
    """A disruption budget whose minAvailable equals the number of replicas blocks every node drain: set maxUnavailable."""
    if document.root.at("kind").text == "PodDisruptionBudget":
        spec = document.root.at("spec")
        if spec.at("minAvailable").value is not None or not spec.at("maxUnavailable"):
            yield spec, "does not set maxUnavailable"


@rule
def role_names_what_it_allows(document: Document) -> Findings:
    """A `*` allows verbs and resources that nobody reviewed, and whoever may read secrets or exec into pods has the rights
    of every account: name groups, resources and verbs, without those."""
    if document.root.at("kind").text in ("Role", "ClusterRole"):
        for allowed in document.root.at("rules").entries:
            for key in ("apiGroups", "resources", "verbs"):
                for word in allowed.at(key).entries:
                    if word.text == "*" or (
                        key == "resources" and word.text in ("secrets", "pods/exec", "serviceaccounts/token")
                    ):
                        yield word, f"{word.text!r} grants more than is needed"


@rule
def egress_is_bounded(document: Document) -> Findings:
    """An egress rule without `to`, without ports, or to 0.0.0.0/0 lets a compromised decoder connect anywhere: name pods or
    address blocks, and the ports."""
    if document.root.at("kind").text == "NetworkPolicy":
        for egress in document.root.at("spec", "egress").entries:
            for key in ("to", "ports"):
                if not egress.at(key):
                    yield egress.at(key), "is not set"
            for end in egress.at("to").entries:
                if end.at("ipBlock", "cidr").text in ("0.0.0.0/0", "::/0"):
                    yield end.at("ipBlock", "cidr"), "is every address"
