"""Who a pod is. A step is nobody: it has no token. Argo's own containers beside it may report its result, and nothing else."""

from typing import Any

from workflows.settings import Settings

__all__ = ["accounts"]


def accounts(settings: Settings) -> list[dict[str, Any]]:
    return [
        account(settings.step_account, settings),
        account(settings.storage_account, settings, google=settings.google_account),
        account(settings.executor_account, settings),
        token(settings.executor_account, settings),
        role(settings.executor_account, settings, [{**TASK_RESULTS, "verbs": ["create", "patch"]}]),
        binding(settings.executor_account, settings),
    ]


TASK_RESULTS = {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"]}


def account(name: str, settings: Settings, google: str | None = None) -> dict[str, Any]:
    """An account whose token no pod is given unasked; `google` is who it is to Google Cloud, by Workload Identity."""
    annotations = {"annotations": {"iam.gke.io/gcp-service-account": google}} if google else {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": settings.namespace} | annotations,
        "automountServiceAccountToken": False,
    }


def token(name: str, settings: Settings) -> dict[str, Any]:
    """Argo mounts the executor's token from a Secret of this very name; without it pods wait in PodInitializing for ever.

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


def role(name: str, settings: Settings, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": settings.namespace},
        "rules": rules,
    }


def binding(name: str, settings: Settings) -> dict[str, Any]:
    """The role to the account of the same name."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": settings.namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": settings.namespace}],
    }
