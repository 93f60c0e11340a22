"""Service accounts and RBAC: the API calls that were observed, and no other.

A step has no token. Argo's own containers beside it may report its result.
"""

from typing import Any

from newsreel.config.names import EXECUTOR_ACCOUNT, RECONCILER_ACCOUNT, STEP_ACCOUNT, STORAGE_ACCOUNT
from newsreel.config.settings import Settings


def rbac(settings: Settings) -> list[dict[str, Any]]:
    return [
        account(STEP_ACCOUNT, settings),
        account(STORAGE_ACCOUNT, settings, google=settings.google_account),
        account(EXECUTOR_ACCOUNT, settings),
        token(EXECUTOR_ACCOUNT, settings),
        role(EXECUTOR_ACCOUNT, settings.namespace, EXECUTOR),
        binding(EXECUTOR_ACCOUNT, settings.namespace, settings),
        *reconciler(settings),
        *editor(settings),
    ]


def rule(group: str, resource: str, *verbs: str) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


EXECUTOR = [rule("argoproj.io", "workflowtaskresults", "create", "patch")]
RECONCILER = [rule("argoproj.io", "workflows", "list", "create", "patch"), rule("", "pods", "list", "delete")]
EDITOR = [
    rule("argoproj.io", "workflowtemplates", "get"),
    rule("argoproj.io", "workflows", "create", "get", "list", "watch"),
    rule("", "pods", "get", "list", "watch"),
    rule("", "pods/log", "get"),
]
"""`newsreel submit`, `status` and `logs`, and `argo submit --from`, `list`, `get`, `watch`, `logs`: tested with these alone."""
HEARTBEATS = "kube-node-lease"
"""Namespace of the node heartbeats (Kubernetes, "Leases")."""


def reconciler(settings: Settings) -> list[dict[str, Any]]:
    """Submits and terminates workflows, deletes pods of lost nodes, reads nodes and their heartbeats."""
    name, everywhere = RECONCILER_ACCOUNT, f"{settings.namespace}-reconciler"
    return [
        account(name, settings),
        role(name, settings.namespace, RECONCILER),
        binding(name, settings.namespace, settings),
        role(everywhere, HEARTBEATS, [rule("coordination.k8s.io", "leases", "list")]),
        binding(everywhere, HEARTBEATS, settings, account=name),
        role(everywhere, None, [rule("", "nodes", "list")]),
        binding(everywhere, None, settings, account=name),
    ]


def editor(settings: Settings) -> list[dict[str, Any]]:
    """The people of the newsroom: submit stories by the installed templates, and read their workflows, pods and logs."""
    bound = binding("newsreel-editor", settings.namespace, settings)
    groups = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name} for name in settings.editors]
    return [role("newsreel-editor", settings.namespace, EDITOR), *([bound | {"subjects": groups}] if groups else [])]


def account(name: str, settings: Settings, google: str | None = None) -> dict[str, Any]:
    """A service account whose token is not mounted by default; `google` is its Google account, by Workload Identity."""
    annotations = {"annotations": {"iam.gke.io/gcp-service-account": google}} if google else {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": settings.namespace} | annotations,
        "automountServiceAccountToken": False,
    }


def token(name: str, settings: Settings) -> dict[str, Any]:
    """Argo mounts the executor's token from a Secret of this name; without it pods stay in PodInitializing.

    Source: argo-workflows 4.0, workflow/controller/workflowpod.go, `getServiceAccountTokenName`.
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"{name}.service-account-token",
            "namespace": settings.namespace,
            "annotations": {"kubernetes.io/service-account.name": name},
        },
        "type": "kubernetes.io/service-account-token",
    }


def role(name: str, namespace: str | None, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """A Role, or a ClusterRole without a namespace."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": {"name": name} | ({"namespace": namespace} if namespace else {}),
        "rules": rules,
    }


def binding(name: str, namespace: str | None, settings: Settings, account: str | None = None) -> dict[str, Any]:
    """The role of this name to an account of ours, by default the one of the same name."""
    kind = "Role" if namespace else "ClusterRole"
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": f"{kind}Binding",
        "metadata": {"name": name} | ({"namespace": namespace} if namespace else {}),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account or name, "namespace": settings.namespace}],
    }
