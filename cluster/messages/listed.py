"""What the cluster lists for watch and manager: metadata alone, since a workflow whole may have a megabyte, and page by page."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from kubernetes import client
from urllib3 import HTTPResponse

__all__ = ["A_PAGE", "GROUP", "OURS", "VERSION", "WORKFLOWS", "anchors_waiting", "list_workflows"]

GROUP, VERSION, WORKFLOWS = "argoproj.io", "v1alpha1", "workflows"
OURS = "app.kubernetes.io/part-of=newsreel"
ANCHORS = "newsreel/system=anchor"
"""The pod that takes a node for its story, see `workflows.placement`."""
WAITING = "status.phase=Pending"
"""Without a machine, or on one that still fetches the image."""
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""Kubernetes, "API concepts", partial object metadata; who does not know it sends the whole."""
SECONDS_A_CALL = 20
A_PAGE = 500


def list_workflows(api: client.ApiClient, namespace: str, selector: str = OURS) -> list[dict[str, Any]]:
    """Metadata of all workflows of ours, ended ones too; Argo keeps their phase in a label. Raises ApiException, HTTPError."""
    workflows = client.CustomObjectsApi(api)
    return list(listed(workflows.list_namespaced_custom_object, GROUP, VERSION, namespace, WORKFLOWS, label_selector=selector))


def anchors_waiting(api: client.ApiClient, namespace: str) -> list[datetime]:
    """Since when each anchor waits that is Pending. Raises ApiException, HTTPError.

    Argo 4 calls a workflow Running from its first look at it, while its anchor may wait until a pool that was empty has bought
    a machine: most of what a story waits, and nothing that a workflow's phase tells.
    """
    pods = client.CoreV1Api(api)
    waiting = listed(pods.list_namespaced_pod, namespace, label_selector=ANCHORS, field_selector=WAITING)
    return [datetime.fromisoformat(pod["creationTimestamp"]) for pod in waiting]


def listed(call: Callable[..., HTTPResponse], *where: str, **chosen: str) -> Iterator[dict[str, Any]]:
    """Metadata, page by page. Read here and not by the client, which takes `items: null` for a fault: what the server says where
    there is nothing (Kubernetes 1.34)."""
    asked = {"limit": A_PAGE, "_headers": {"Accept": METADATA}, "_request_timeout": SECONDS_A_CALL, "_preload_content": False}
    following = ""
    while True:
        more = {"_continue": following} if following else {}
        answer = call(*where, **asked, **chosen, **more)
        page = json.loads(answer.data)
        yield from (item["metadata"] for item in page["items"] or ())
        following = page["metadata"].get("continue")
        if not following:
            return
