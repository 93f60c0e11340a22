"""Rules about a pod itself: its image, what it takes of the machine, for how long, and with which rights."""

import re
from pathlib import PurePosixPath

from workflows.lint.document import Document, parameters
from workflows.lint.rule import Findings, rule

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


@rule
def image_is_pinned(document: Document) -> Findings:
    """An image without a version, or `latest`, is another program tomorrow, and Hera's default is somebody else's: name a
    version or a digest."""
    for container in document.containers:
        image = container.at("image")
        tag = image.text.rpartition("/")[2].partition(":")[2]
        if not DIGEST.search(image.text) and tag in ("", "latest"):
            yield image, f"{image.text!r} has no version"


@rule
def resources_are_stated(document: Document) -> Findings:
    """A pod that asks for nothing is the first to be killed, and one without a memory limit may kill others: state
    requests.cpu, requests.memory and limits.memory."""
    for container in document.containers:
        for kind, resource in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            stated = container.at("resources", kind, resource)
            if not stated:
                yield stated, "is not stated"


@rule
def leaf_has_a_deadline(document: Document) -> Findings:
    """A hung step would hold its GPU node until somebody looks: set activeDeadlineSeconds."""
    for leaf in document.leaves:
        if not leaf.at("activeDeadlineSeconds"):
            yield leaf.at("activeDeadlineSeconds"), "is not set"


@rule
def leaf_has_a_priority(document: Document) -> Findings:
    """Breaking news waits behind everything else where its pods do not say what they are: set priorityClassName."""
    for leaf in document.leaves:
        if not leaf.at("priorityClassName"):
            yield leaf.at("priorityClassName"), "is not set"


@rule
def container_is_confined(document: Document) -> Findings:
    """Pictures, weights and stories are hostile: every container has `placement.confined()` as its security context."""
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
    """A hostPath belongs to root, so the anchor must be, and nothing else: give the container `placement.confined()`, which is
    another user without added capabilities."""
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
            yield context.at("capabilities", "add"), "gives back what was dropped"


@rule
def nothing_is_privileged(document: Document) -> Findings:
    """Privileged containers and the host's network, processes or IPC give a story the machine: take the setting away."""
    for container in document.containers:
        if container.at("securityContext", "privileged"):
            yield container.at("securityContext", "privileged"), "gives away the machine"
    for pod in (document.root.at("spec"), document.root.at("spec", "template", "spec")):
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.at(key):
                yield pod.at(key), "gives away the machine"


@rule
def steps_get_no_token(document: Document) -> Findings:
    """A step talks to no Kubernetes API: set automountServiceAccountToken false, and an executor account for Argo's own
    containers, which need one."""
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
    """People and the local runner show how far a step is, in its own unit: annotate the template newsreel/counts, see
    `System.counts`."""
    for step in document.steps:
        unit = step.at("metadata", "annotations", "newsreel/counts")
        if not unit.text:
            yield unit, "is not set"


@rule
def output_lies_on_a_volume(document: Document) -> Findings:
    """The root file system is read-only: an output file must lie below one of the container's volume mounts, such as /tmp."""
    for leaf in document.leaves:
        mounts = [mount.at("mountPath").text for mount in leaf.at("container", "volumeMounts").entries]
        files = [output.at("valueFrom", "path") for output in parameters(leaf.at("outputs"))]
        for path in (*files, *(artifact.at("path") for artifact in leaf.at("outputs", "artifacts").entries)):
            if path.text and not any(PurePosixPath(path.text).is_relative_to(mount) for mount in mounts if mount):
                yield path, f"{path.text!r} cannot be written"
