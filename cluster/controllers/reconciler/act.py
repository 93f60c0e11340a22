"""Do what was decided. Each action may be done twice, and by two reconcilers at once."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from kubernetes import client

from cluster.controllers.reconciler.observe import HOLDING, NUMBER, ORIGIN, OURS, SECONDS_A_CALL, TOUCHED, WORKFLOW
from cluster.controllers.reconciler.world import Action, Collect, Run, Succeed, Terminate, Touch
from newsreel.argo.workflow import GROUP, VERSION


def act(api: client.ApiClient, namespace: str, action: Action, now: datetime) -> bool:
    """Do it; False where it was done already, or what it was about is gone. Raises ApiException for any other refusal."""
    match action:
        case Succeed(run, name, _):
            return unless(HTTPStatus.CONFLICT, lambda: submit(api, namespace, successor(run, name)))
        case Terminate(run, _):
            return unless(HTTPStatus.NOT_FOUND, lambda: patch(api, namespace, run, {"spec": {"shutdown": "Terminate"}}))
        case Touch(run, _):
            note = {"metadata": {"annotations": {TOUCHED: now.isoformat()}}}
            return unless(HTTPStatus.NOT_FOUND, lambda: patch(api, namespace, run, note))
        case Collect(run, _):
            return collect(api, namespace, run)


def successor(run: Run, name: str) -> dict[str, Any]:
    """The same story, submitted anew: all that was asked for, nothing of how far it came."""
    part_of, _, newsreel = OURS.partition("=")
    labels = {part_of: newsreel, **run.submission["labels"], NUMBER: str(run.number + 1), ORIGIN: run.origin or run.name}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workflow",
        "metadata": {"name": name, "labels": labels, "annotations": run.submission["annotations"]},
        "spec": run.submission["spec"],
    }


def submit(api: client.ApiClient, namespace: str, workflow: dict[str, Any]) -> None:
    client.CustomObjectsApi(api).create_namespaced_custom_object(
        GROUP, VERSION, namespace, "workflows", workflow, _request_timeout=SECONDS_A_CALL
    )


def patch(api: client.ApiClient, namespace: str, run: Run, change: dict[str, Any]) -> None:
    client.CustomObjectsApi(api).patch_namespaced_custom_object(
        GROUP, VERSION, namespace, "workflows", run.name, change, _request_timeout=SECONDS_A_CALL
    )


def collect(api: client.ApiClient, namespace: str, run: Run) -> bool:
    """Without grace: there is no kubelet that could grant any."""
    pods = client.CoreV1Api(api)
    mine = pods.list_namespaced_pod(namespace, label_selector=f"{WORKFLOW}={run.name}", _request_timeout=SECONDS_A_CALL)
    left = [pod.metadata.name for pod in mine.items if pod.status.phase in HOLDING]
    delete = partial(pods.delete_namespaced_pod, namespace=namespace, grace_period_seconds=0, _request_timeout=SECONDS_A_CALL)
    done = [unless(HTTPStatus.NOT_FOUND, partial(delete, name)) for name in left]
    return any(done)


def unless(expected: HTTPStatus, call: Callable[[], object]) -> bool:
    try:
        call()
    except client.ApiException as fault:
        if fault.status == expected:
            return False
        raise
    return True
