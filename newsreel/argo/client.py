"""The few calls of the Kubernetes API that people's commands make, with their errors as ours: one line, and what to do.

The rights they take are those of the Role `newsreel-editor` (cluster/manifests/rbac.py).

How programs of ours find their cluster, and what they say in one line where there is none, or where it refuses.

What the cluster lists for watch and manager: metadata alone, since a workflow whole may have a megabyte, and page by page.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import yaml
from kubernetes import client, config
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from newsreel.argo.workflow import GROUP, VERSION, WORKFLOWS
from newsreel.errors import BadInput, NewsreelError, Unavailable

LONGEST = 300


class NoCluster(Exception):
    """One line on why, and what to set."""


def connected() -> client.ApiClient:
    """Inside a cluster by the pod's own account, outside by KUBECONFIG or ~/.kube/config. Raises NoCluster."""
    try:
        config.load_incluster_config()
    except config.ConfigException:
        try:
            config.load_kube_config()
        except (config.ConfigException, OSError, yaml.YAMLError) as fault:
            raise NoCluster(f"no cluster to talk to: {reason(fault)}; set KUBECONFIG") from fault
    return client.ApiClient()


def reason(fault: Exception) -> str:
    """The library's own, as a part of our sentence."""
    said = " ".join(str(fault).split()).removeprefix("Invalid kube-config file. ").rstrip(". ")
    return said[:1].lower() + said[1:]


def refusal(fault: Exception) -> str:
    """What the API server said, without the headers it said it with; else what the connection or our own code did."""
    told = f"{fault.status} {fault.reason} {fault.body or ''}" if isinstance(fault, client.ApiException) else str(fault)
    return " ".join(told.split())[:LONGEST]


SECONDS_TO_CONNECT_AND_ANSWER = (5, 30)
SECONDS_WITHOUT_A_LINE = 3600
"""A step may be quiet for as long as it works on a scene."""


@dataclass(frozen=True)
class Cluster:
    """A namespace of a cluster. Every call raises BadInput for what is refused, Unavailable where it may work later."""

    api: client.ApiClient
    namespace: str

    @classmethod
    def connect(cls, namespace: str) -> "Cluster":
        """By KUBECONFIG, or ~/.kube/config, and the context that is chosen there."""
        settings = client.Configuration()
        try:
            config.load_kube_config(config_file=os.environ.get("KUBECONFIG"), client_configuration=settings)
        except (config.ConfigException, OSError) as fault:
            advice = "set KUBECONFIG, or run `gcloud container clusters get-credentials`"
            raise BadInput(f"no cluster: {reason(fault)}; {advice}") from fault
        settings.retries = 1
        return cls(client.ApiClient(settings), namespace)

    def create(self, workflow: dict[str, Any]) -> bool:
        """False where the name is taken."""
        try:
            with self.told("submit a story"):
                self.objects.create_namespaced_custom_object(*self.workflows, workflow, **PATIENCE)
        except Taken:
            return False
        return True

    def workflow(self, name: str) -> dict[str, Any] | None:
        """None where there is none of this name."""
        with self.told("look at stories"):
            try:
                found: dict[str, Any] = self.objects.get_namespaced_custom_object(*self.workflows, name, **PATIENCE)
            except client.ApiException as fault:
                if fault.status == HTTPStatus.NOT_FOUND:
                    return None
                raise
        return found

    def listed(self, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """The workflows that have all these labels."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        with self.told("look at stories"):
            found = self.objects.list_namespaced_custom_object(*self.workflows, label_selector=selector, **PATIENCE)
        return list(found["items"])

    def pods(self, workflow: str) -> list[Any]:
        """A workflow's pods that are still there, the oldest first."""
        selector = f"workflows.argoproj.io/workflow={workflow}"
        with self.told("look at pods"):
            found = self.core.list_namespaced_pod(self.namespace, label_selector=selector, **PATIENCE)
        return sorted(found.items, key=lambda pod: (pod.metadata.creation_timestamp, pod.metadata.name))

    def log(self, pod: str, *, follow: bool) -> Iterator[str]:
        """The lines that a pod's step has written; with `follow` until it ends."""
        patience = (SECONDS_TO_CONNECT_AND_ANSWER[0], SECONDS_WITHOUT_A_LINE if follow else SECONDS_TO_CONNECT_AND_ANSWER[1])
        with self.told("read logs"):
            answer = self.core.read_namespaced_pod_log(
                pod, self.namespace, container="main", follow=follow, _preload_content=False, _request_timeout=patience
            )
            with answer:
                yield from lines_of(answer.stream(1 << 16))

    @property
    def workflows(self) -> tuple[str, str, str, str]:
        return GROUP, VERSION, self.namespace, "workflows"

    @property
    def objects(self) -> client.CustomObjectsApi:
        return client.CustomObjectsApi(self.api)

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api)

    @contextmanager
    def told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except client.ApiException as fault:
            raise self.in_our_words(fault, doing) from fault
        except (HTTPError, OSError) as fault:
            reason = " ".join(str(getattr(fault, "reason", fault)).split())[:200]
            raise Unavailable(f"the cluster at {self.api.configuration.host} does not answer: {reason}") from fault

    def in_our_words(self, fault: client.ApiException, doing: str) -> NewsreelError:
        said = " ".join(message_of(fault).split())[:300]
        match fault.status:
            case HTTPStatus.UNAUTHORIZED:
                return BadInput("the cluster does not know you; log in again, for instance with `gcloud auth login`")
            case HTTPStatus.FORBIDDEN:
                return BadInput(f"you may not {doing} in namespace {self.namespace}; ask for its role newsreel-editor ({said})")
            case HTTPStatus.NOT_FOUND:
                where = f"namespace {self.namespace}, or Argo Workflows, is not there; see --namespace and `newsreel emit`"
                return BadInput(f"{where} ({said})")
            case HTTPStatus.CONFLICT:
                return Taken(said)
            case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.REQUEST_TIMEOUT:
                return Unavailable(f"the cluster is busy: {said}")
            case status if status is None or status >= 500:
                return Unavailable(f"the cluster cannot answer now: {status} {said}")
        return BadInput(f"the cluster refuses it: {fault.status} {said}")


PATIENCE: dict[str, Any] = {"_request_timeout": SECONDS_TO_CONNECT_AND_ANSWER}


class Taken(BadInput):
    """Something of this name is there already."""


def message_of(fault: client.ApiException) -> str:
    """The API server's own sentence."""
    try:
        return str(json.loads(fault.body)["message"])
    except (TypeError, ValueError, KeyError):
        return str(fault.reason)


def lines_of(parts: Iterator[bytes]) -> Iterator[str]:
    """Lines as they become whole; the last one also without its end."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


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
    return list(
        list_metadata(workflows.list_namespaced_custom_object, GROUP, VERSION, namespace, WORKFLOWS, label_selector=selector)
    )


def anchors_waiting(api: client.ApiClient, namespace: str) -> list[datetime]:
    """Since when each anchor waits that is Pending. Raises ApiException, HTTPError.

    Argo 4 calls a workflow Running from its first look at it, while its anchor may wait until a pool that was empty has bought
    a machine: most of what a story waits, and nothing that a workflow's phase tells.
    """
    pods = client.CoreV1Api(api)
    waiting = list_metadata(pods.list_namespaced_pod, namespace, label_selector=ANCHORS, field_selector=WAITING)
    return [datetime.fromisoformat(pod["creationTimestamp"]) for pod in waiting]


def list_metadata(call: Callable[..., HTTPResponse], *where: str, **chosen: str) -> Iterator[dict[str, Any]]:
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
