"""The few calls of the Kubernetes API that people's commands make, with their errors as ours: one line, and what to do.

The rights they take are those of the Role `newsreel-editor` (workflows/installation/accounts.py).
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from cluster.connection import reason
from steps.errors import BadInput, NewsreelError, Unavailable
from workflows.submission.order import GROUP, VERSION

__all__ = ["Cluster"]

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
