"""The namespace: priority classes, quota, and an admission policy for its pods.

The admission policy denies what our manifests do not need, since whoever may submit a workflow could submit another one. The API
server evaluates it itself, in CEL: there is no webhook that may be down. Source: Kubernetes, "Validating Admission Policy"; "Pod
Security Standards", of which it has all of `restricted` except the rule on hostPath.
"""

from typing import Any

from newsreel.config.settings import Settings
from newsreel.story.priority import PRIORITY_VALUE
from workflows.placement import ROLE, SERVICE_PRIORITY


def namespace(settings: Settings) -> list[dict[str, Any]]:
    classes = [
        priority_class(f"newsreel-{name}", value, f"Stories of priority `{name}`") for name, value in PRIORITY_VALUE.items()
    ]
    service = priority_class(SERVICE_PRIORITY, 2 * max(PRIORITY_VALUE.values()), "What all stories need")
    return [namespace_object(settings), *classes, service, quota(settings)]


def namespace_object(settings: Settings) -> dict[str, Any]:
    """No pod security level is enforced, since a story's hostPath violates `baseline`. 30-admission.yaml enforces the rest of
    `restricted`, and the audit log has violations of it."""
    levels = {"enforce": "privileged", "warn": "privileged", "audit": "restricted"}
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": settings.namespace, "labels": {"app.kubernetes.io/part-of": "newsreel"} | labels},
    }


def priority_class(name: str, value: int, described: str) -> dict[str, Any]:
    """Without preemption: breaking news gets the next free node, and no running story loses its own."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "newsreel"}},
        "description": described,
        "value": value,
        "preemptionPolicy": "Never",
        "globalDefault": False,
    }


def quota(settings: Settings) -> dict[str, Any]:
    """Limits the cost of a mistake: the GPUs and pods that the maximum of parallel stories can use."""
    stories = settings.stories_at_once
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "newsreel", "namespace": settings.namespace},
        "spec": {
            "hard": {
                "requests.nvidia.com/gpu": str(stories * GPUS_A_NODE),
                "pods": str(stories * PODS_A_STORY),
            }
        },
    }


GPUS_A_NODE = 1
PODS_A_STORY = 40
"""Far more than a story has, completed pods included."""


def admission(settings: Settings) -> list[dict[str, Any]]:
    return [admission_policy(settings), policy_binding(settings)]


def admission_policy(settings: Settings) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": f"{settings.namespace}-pods", "labels": {"app.kubernetes.io/part-of": "newsreel"}},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["pods"]}
                ]
            },
            "variables": variables(settings),
            "validations": [{"expression": expression, "message": message} for expression, message in VALIDATIONS],
        },
    }


def variables(settings: Settings) -> list[dict[str, str]]:
    """`paths`: hostPaths; `containers`: all containers; `anchor`: whether the pod is an anchor, which reserves a node."""
    host_paths = "variables.volumes.filter(v, has(v.hostPath)).map(v, v.hostPath.path)"
    of_the_pod = "object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([])"
    described = {
        "volumes": "object.spec.?volumes.orValue([])",
        "paths": host_paths,
        "containers": of_the_pod,
        "anchor": f"object.metadata.?labels[?'{ROLE}'].orValue('') == 'anchor'",
        "root": f"'{settings.ssd_root}'",
    }
    return [{"name": name, "expression": expression} for name, expression in described.items()]


VALIDATIONS = (
    (
        "variables.paths.all(p, p.startsWith(variables.root + '/') || (variables.anchor && p == variables.root))",
        "of the node's disk a pod may mount its story's directory, and the anchor the directory of stories",
    ),
    (
        "variables.paths.all(p, p == variables.root || p.substring(size(variables.root) + 1).matches('^[a-z0-9-]+$'))",
        "a story's directory lies directly below the directory of stories",
    ),
    (
        "!object.spec.?hostNetwork.orValue(false) && !object.spec.?hostPID.orValue(false) "
        "&& !object.spec.?hostIPC.orValue(false)",
        "the node's network, processes and IPC are not for pods",
    ),
    (
        "variables.containers.all(c, !c.?securityContext.?privileged.orValue(false) "
        "&& !c.?securityContext.?allowPrivilegeEscalation.orValue(true))",
        "set securityContext.allowPrivilegeEscalation to false in every container",
    ),
    (
        "variables.containers.all(c, c.?securityContext.?capabilities.?drop.orValue([]).exists(d, d == 'ALL'))",
        "every container drops ALL capabilities",
    ),
    (
        "variables.anchor || variables.containers.all(c, c.?securityContext.?capabilities.?add.orValue([]).size() == 0)",
        "only the anchor is given capabilities back",
    ),
    (
        "variables.anchor || variables.containers.all(c, c.?securityContext.?runAsUser.orValue("
        "object.spec.?securityContext.?runAsUser.orValue(1)) != 0)",
        "only the anchor is root",
    ),
)
"""Expressions that must be true, each with its message for people."""


def policy_binding(settings: Settings) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"{settings.namespace}-pods", "labels": {"app.kubernetes.io/part-of": "newsreel"}},
        "spec": {
            "policyName": f"{settings.namespace}-pods",
            "validationActions": ["Deny"],
            "matchResources": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": settings.namespace}},
            },
        },
    }
