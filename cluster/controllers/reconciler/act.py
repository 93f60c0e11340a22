"""Perform the reconciler's actions. Each is idempotent, also between two reconcilers at once."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from kubernetes import client

from cluster.controllers.reconciler.observe import (
    SECONDS_A_CALL,
    TOUCHED_ANNOTATION,
    UNFINISHED_PHASES,
    WORKFLOW_LABEL,
)
from cluster.controllers.reconciler.types import Action, Collect, Run, Succeed, Terminate, Touch
from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS, build_successor


def act(api: client.ApiClient, namespace: str, action: Action, now: datetime) -> bool:
    """False if there was nothing left to do. Raises ApiException for what the API server refuses."""
    match action:
        case Succeed(run, name, _):
            return succeeds_unless(HTTPStatus.CONFLICT, lambda: submit(api, namespace, build_successor(run.workflow, name)))
        case Terminate(run, _):
            change: dict[str, Any] = {"spec": {"shutdown": "Terminate"}}
            return succeeds_unless(HTTPStatus.NOT_FOUND, lambda: patch(api, namespace, run, change))
        case Touch(run, _):
            touched = {"metadata": {"annotations": {TOUCHED_ANNOTATION: now.isoformat()}}}
            return succeeds_unless(HTTPStatus.NOT_FOUND, lambda: patch(api, namespace, run, touched))
        case Collect(run, _):
            return delete_pods(api, namespace, run)


def submit(api: client.ApiClient, namespace: str, workflow: dict[str, Any]) -> None:
    client.CustomObjectsApi(api).create_namespaced_custom_object(
        GROUP, VERSION, namespace, WORKFLOWS, workflow, _request_timeout=SECONDS_A_CALL
    )


def patch(api: client.ApiClient, namespace: str, run: Run, change: dict[str, Any]) -> None:
    client.CustomObjectsApi(api).patch_namespaced_custom_object(
        GROUP, VERSION, namespace, WORKFLOWS, run.name, change, _request_timeout=SECONDS_A_CALL
    )


def delete_pods(api: client.ApiClient, namespace: str, run: Run) -> bool:
    """Without a grace period: no kubelet is left to observe it."""
    pods = client.CoreV1Api(api)
    selector = f"{WORKFLOW_LABEL}={run.name}"
    found = pods.list_namespaced_pod(namespace, label_selector=selector, _request_timeout=SECONDS_A_CALL)
    left = [pod.metadata.name for pod in found.items if pod.status.phase in UNFINISHED_PHASES]
    delete = partial(pods.delete_namespaced_pod, namespace=namespace, grace_period_seconds=0, _request_timeout=SECONDS_A_CALL)
    deleted = [succeeds_unless(HTTPStatus.NOT_FOUND, partial(delete, name)) for name in left]
    return any(deleted)


def succeeds_unless(expected: HTTPStatus, call: Callable[[], object]) -> bool:
    """False if the API server answers with the expected status."""
    try:
        call()
    except client.ApiException as fault:
        if fault.status == expected:
            return False
        raise
    return True
