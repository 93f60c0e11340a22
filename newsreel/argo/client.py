"""The one client of the Kubernetes API: how our programs connect, which calls they make, and their errors as ours.

A `Cluster` is a namespace and what command line and newsroom ask of it; the controllers list metadata alone, page by page, since
a whole Workflow may have a megabyte. `translate_kubernetes_error` is the one translation of errors: one line, and what to do.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import yaml
from kubernetes import client, config
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from newsreel.argo.workflow import GROUP, PART_OF, VERSION, WORKFLOWS
from newsreel.errors import BadInput, NewsreelError, Unavailable

MAX_REASON_CHARACTERS = 300
CONNECT_SECONDS, ANSWER_SECONDS = 5, 30
FOLLOW_SECONDS = 3600
"""Without a line: a step may be quiet for as long as it works on a scene."""
TIMEOUT: dict[str, Any] = {"_request_timeout": (CONNECT_SECONDS, ANSWER_SECONDS)}
OURS = ",".join(f"{name}={value}" for name, value in PART_OF.items())
ANCHORS = "newsreel/system=anchor"
"""The pod that takes a node for its story, see `workflows.placement`."""
WAITING = "status.phase=Pending"
"""Without a machine, or on one that still pulls the image."""
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""Kubernetes, "API concepts", partial object metadata; a server that does not know it sends the whole."""
SECONDS_A_CALL = 20
PAGE_SIZE = 500


class NoCluster(BadInput):
    """There is no configuration of a cluster, or it cannot be read."""


class AlreadyExists(BadInput):
    """An object of this name is there already."""


def connect_api(retries: int | None = None) -> client.ApiClient:
    """By KUBECONFIG, else the pod's own service account, else ~/.kube/config. Raises NoCluster.

    `retries` of a connection that fails; by default those of the Kubernetes client.
    """
    settings = client.Configuration()
    try:
        load_configuration(settings)
    except (config.ConfigException, OSError, yaml.YAMLError) as fault:
        advice = "set KUBECONFIG, or run `gcloud container clusters get-credentials`"
        raise NoCluster(f"no cluster: {config_reason(fault)}; {advice}") from fault
    if retries is not None:
        settings.retries = retries
    return client.ApiClient(settings)


def load_configuration(settings: client.Configuration) -> None:
    kubeconfig = os.environ.get("KUBECONFIG")
    if not kubeconfig:
        with suppress(config.ConfigException):
            config.load_incluster_config(client_configuration=settings)
            return
    config.load_kube_config(config_file=kubeconfig, client_configuration=settings)


def config_reason(fault: Exception) -> str:
    """The library's own message, as a part of our sentence."""
    text = " ".join(str(fault).split()).removeprefix("Invalid kube-config file. ").rstrip(". ")
    return text[:1].lower() + text[1:]


def error_text(fault: Exception) -> str:
    """What the API server answered, without its headers; else what the connection or our own code raised."""
    text = f"{fault.status} {fault.reason} {fault.body or ''}" if isinstance(fault, client.ApiException) else str(fault)
    return " ".join(text.split())[:MAX_REASON_CHARACTERS]


@dataclass(frozen=True)
class Cluster:
    """A namespace of a cluster. Every call raises BadInput for what is refused, Unavailable where it may work later."""

    api: client.ApiClient
    namespace: str
    role: str = "newsreel-editor"
    """The Role that allows what is asked for (cluster/manifests/rbac.py), named when the API server refuses it."""

    @classmethod
    def connect(cls, namespace: str) -> "Cluster":
        """For people's commands. Raises NoCluster."""
        return cls(connect_api(retries=1), namespace)

    def create_workflow(self, workflow: dict[str, Any]) -> bool:
        """False where the name is taken."""
        try:
            with self.errors("submit a story"):
                self.objects.create_namespaced_custom_object(*self.workflows, workflow, **TIMEOUT)
        except AlreadyExists:
            return False
        return True

    def find_workflow(self, name: str) -> dict[str, Any] | None:
        """None where there is none of this name."""
        with self.errors("look at stories"):
            try:
                found: dict[str, Any] = self.objects.get_namespaced_custom_object(*self.workflows, name, **TIMEOUT)
            except client.ApiException as fault:
                if fault.status == HTTPStatus.NOT_FOUND:
                    return None
                raise
        return found

    def list_workflows(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """The workflows that have all these labels, whole."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        with self.errors("look at stories"):
            found = self.objects.list_namespaced_custom_object(*self.workflows, label_selector=selector, **TIMEOUT)
        return list(found["items"])

    def patch_workflow(self, name: str, change: dict[str, Any]) -> bool:
        """False where it is gone."""
        with self.errors("change a story's run"):
            try:
                self.objects.patch_namespaced_custom_object(*self.workflows, name, change, **TIMEOUT)
            except client.ApiException as fault:
                if fault.status == HTTPStatus.NOT_FOUND:
                    return False
                raise
        return True

    def list_pods(self, workflow: str) -> list[Any]:
        """A workflow's pods that are still there, the oldest first."""
        selector = f"workflows.argoproj.io/workflow={workflow}"
        with self.errors("look at pods"):
            found = self.core.list_namespaced_pod(self.namespace, label_selector=selector, **TIMEOUT)
        return sorted(found.items, key=lambda pod: (pod.metadata.creation_timestamp, pod.metadata.name))

    def read_log(self, pod: str, *, follow: bool) -> Iterator[str]:
        """The lines that a pod's step has written; with `follow` until it ends."""
        timeout = (CONNECT_SECONDS, FOLLOW_SECONDS if follow else ANSWER_SECONDS)
        with self.errors("read logs"):
            answer = self.core.read_namespaced_pod_log(
                pod, self.namespace, container="main", follow=follow, _preload_content=False, _request_timeout=timeout
            )
            with answer:
                yield from split_lines(answer.stream(1 << 16))

    def errors(self, doing: str) -> AbstractContextManager[None]:
        return translate_kubernetes_error(doing, self.api, self.namespace, self.role)

    @property
    def workflows(self) -> tuple[str, str, str, str]:
        return GROUP, VERSION, self.namespace, WORKFLOWS

    @property
    def objects(self) -> client.CustomObjectsApi:
        return client.CustomObjectsApi(self.api)

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api)


@contextmanager
def translate_kubernetes_error(doing: str, api: client.ApiClient, namespace: str, role: str) -> Iterator[None]:
    """Raises BadInput for what the API server refuses, AlreadyExists, and Unavailable where the same call may work later."""
    try:
        yield
    except client.ApiException as fault:
        raise as_newsreel_error(fault, doing, namespace, role) from fault
    except (HTTPError, OSError) as fault:
        reason = " ".join(str(getattr(fault, "reason", fault)).split())[:200]
        raise Unavailable(f"the cluster at {api.configuration.host} does not answer: {reason}") from fault


def as_newsreel_error(fault: client.ApiException, doing: str, namespace: str, role: str) -> NewsreelError:
    message = " ".join(server_message(fault).split())[:MAX_REASON_CHARACTERS]
    match fault.status:
        case HTTPStatus.UNAUTHORIZED:
            return BadInput("the cluster does not know you; log in again, for instance with `gcloud auth login`")
        case HTTPStatus.FORBIDDEN:
            return BadInput(f"you may not {doing} in namespace {namespace}; ask for its role {role} ({message})")
        case HTTPStatus.NOT_FOUND:
            where = f"namespace {namespace}, or Argo Workflows, is not there; see --namespace and `newsreel emit`"
            return BadInput(f"{where} ({message})")
        case HTTPStatus.CONFLICT:
            return AlreadyExists(message)
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.REQUEST_TIMEOUT:
            return Unavailable(f"the cluster is busy: {message}")
        case status if status is None or status >= 500:
            return Unavailable(f"the cluster cannot answer now: {status} {message}")
    return BadInput(f"the cluster refuses it: {fault.status} {message}")


def server_message(fault: client.ApiException) -> str:
    """The API server's own sentence."""
    try:
        return str(json.loads(fault.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(fault.reason)


def split_lines(parts: Iterator[bytes]) -> Iterator[str]:
    """Lines as they become whole; the last one also without its end."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def list_workflows(api: client.ApiClient, namespace: str, selector: str = OURS) -> list[dict[str, Any]]:
    """Metadata of all workflows of ours, ended ones too; Argo keeps their phase in a label. Raises ApiException, HTTPError."""
    workflows = client.CustomObjectsApi(api)
    return list(
        list_metadata(workflows.list_namespaced_custom_object, GROUP, VERSION, namespace, WORKFLOWS, label_selector=selector)
    )


def waiting_anchors(api: client.ApiClient, namespace: str) -> list[datetime]:
    """Since when each anchor waits that is Pending. Raises ApiException, HTTPError.

    Argo 4 calls a workflow Running from its first look at it, while its anchor may wait until the autoscaler has made a machine
    in an empty pool. That is most of a story's wait, and a workflow's phase does not show it.
    """
    pods = client.CoreV1Api(api)
    waiting = list_metadata(pods.list_namespaced_pod, namespace, label_selector=ANCHORS, field_selector=WAITING)
    return [datetime.fromisoformat(pod["creationTimestamp"]) for pod in waiting]


def list_metadata(call: Callable[..., HTTPResponse], *where: str, **selectors: str) -> Iterator[dict[str, Any]]:
    """Metadata, page by page. Decoded here: the Kubernetes client takes `items: null` for a fault, which the server answers
    where there is nothing (Kubernetes 1.34)."""
    options = {
        "limit": PAGE_SIZE,
        "_headers": {"Accept": METADATA},
        "_request_timeout": SECONDS_A_CALL,
        "_preload_content": False,
    }
    following = ""
    while True:
        more = {"_continue": following} if following else {}
        answer = call(*where, **options, **selectors, **more)
        page = json.loads(answer.data)
        yield from (item["metadata"] for item in page["items"] or ())
        following = page["metadata"].get("continue")
        if not following:
            return
