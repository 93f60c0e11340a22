"""What no pod in the namespace may do, whoever submits it: the manifests keep to it already, but who may submit a workflow could
submit another. Checked by the API server itself, in CEL; no webhook that may be down.

Source: Kubernetes, "Validating Admission Policy"; "Pod Security Standards", restricted, of which all but the hostPath is here.
"""

from typing import Any

from newsreel.config.settings import Settings
from workflows.placement import ROLE


def admission(settings: Settings) -> list[dict[str, Any]]:
    return [the_policy(settings), binding(settings)]


def the_policy(settings: Settings) -> dict[str, Any]:
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
    """`paths`: the hostPaths; `containers`: all of them, init containers too; `anchor`: whether the pod holds a node."""
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
"""Each what must hold, and what a person is told where it does not."""


def binding(settings: Settings) -> dict[str, Any]:
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
