"""What the tests ask of a cluster: install, submit, wait by watch, read the records."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kubernetes import client, dynamic, watch

from cli.runs import readable_lines
from tests.cluster.live.place import Place
from tests.cluster.live.records import Record

__all__ = ["Cluster"]

GROUP, VERSION = "argoproj.io", "v1alpha1"
MANAGER = "newsreel-live"


@dataclass(frozen=True)
class Cluster:
    api: client.ApiClient
    place: Place

    @property
    def namespace(self) -> str:
        return self.place.settings.namespace

    @cached_property
    def kinds(self) -> dynamic.DynamicClient:
        return dynamic.DynamicClient(self.api)

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api)

    @property
    def objects(self) -> client.CustomObjectsApi:
        return client.CustomObjectsApi(self.api)

    def apply(self, document: dict[str, Any], *, dry_run: bool = False) -> None:
        """As `kubectl apply --server-side` does. Raises ApiException with what the API server says."""
        kind = self.kinds.resources.get(api_version=document["apiVersion"], kind=document["kind"])
        metadata = document["metadata"]
        kind.server_side_apply(
            document,
            name=metadata["name"],
            namespace=metadata.get("namespace"),
            field_manager=MANAGER,
            force_conflicts=True,
            **({"dry_run": "All"} if dry_run else {}),
        )

    def submit(self, name: str, template: str = "story", *, seconds: int | None = None, **parameters: str) -> None:
        """A workflow that is a reference to a template and nothing else; `seconds` is its own deadline."""
        arguments = {"parameters": [{"name": key, "value": value} for key, value in parameters.items()]}
        spec: dict[str, Any] = {"workflowTemplateRef": {"name": template}, "arguments": arguments}
        spec |= {"activeDeadlineSeconds": seconds} if seconds else {}
        self.create({"metadata": {"name": name}, "spec": spec})

    def submit_on(self, node: str, name: str, template: str = "story", **parameters: str) -> None:
        """The same, and it gets this node first."""
        self.cordon(*(other for other in self.story_nodes() if other != node))
        self.submit(name, template, **parameters)
        self.wait(name, lambda record: record.over or any(pod.host for pod in record.of("anchor")), 120)
        self.cordon(*self.story_nodes(), closed=False)

    def create(self, workflow: dict[str, Any]) -> None:
        whole = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Workflow", **workflow}
        self.objects.create_namespaced_custom_object(GROUP, VERSION, self.namespace, "workflows", whole)

    def patch(self, name: str, change: dict[str, Any]) -> None:
        self.objects.patch_namespaced_custom_object(GROUP, VERSION, self.namespace, "workflows", name, change)

    def remove(self, name: str) -> None:
        self.objects.delete_namespaced_custom_object(GROUP, VERSION, self.namespace, "workflows", name)

    def record(self, name: str) -> Record:
        return Record(self.objects.get_namespaced_custom_object(GROUP, VERSION, self.namespace, "workflows", name))

    def records(self) -> list[Record]:
        listed = self.objects.list_namespaced_custom_object(GROUP, VERSION, self.namespace, "workflows")
        return [Record(workflow) for workflow in listed["items"]]

    def wait(self, name: str, until: Callable[[Record], bool], seconds: float) -> Record:
        """The first state of a workflow that is wanted. Raises TimeoutError, which tells where it stands."""
        deadline = time.monotonic() + seconds
        record = self.record(name)
        while not until(record):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{name} after {seconds:.0f} s: {told(record)}")
            record = next((seen for seen in self.seen(name, min(left, 30)) if until(seen)), None) or self.record(name)
        return record

    def seen(self, name: str, seconds: float) -> Iterator[Record]:
        events = watch.Watch().stream(
            self.objects.list_namespaced_custom_object,
            GROUP,
            VERSION,
            self.namespace,
            "workflows",
            field_selector=f"metadata.name={name}",
            timeout_seconds=max(1, round(seconds)),
        )
        yield from (Record(event["object"]) for event in events)

    def over(self, name: str, seconds: float = 600) -> Record:
        return self.wait(name, lambda record: record.over, seconds)

    def until_step(self, name: str, step: str, seconds: float = 300) -> Record:
        """Once a step's container runs."""
        return self.wait(name, lambda record: record.running(step) or record.over, seconds)

    def pods(self, name: str) -> list[client.V1Pod]:
        return list(self.core.list_namespaced_pod(self.namespace, label_selector=f"workflows.argoproj.io/workflow={name}").items)

    def living(self, name: str) -> list[str]:
        """Pods of a workflow that still hold something of a machine."""
        return [pod.metadata.name for pod in self.pods(name) if pod.status.phase in ("Pending", "Running", "Unknown")]

    def log(self, name: str, step: str) -> str:
        """What the newest pod of a step has said."""
        ours = [pod for pod in self.pods(name) if pod.metadata.labels.get("newsreel/system") == step]
        newest = max(ours, key=lambda pod: pod.metadata.creation_timestamp)
        return self.said(newest.metadata.name)

    def said(self, pod: str) -> str:
        """All that the step's own container has said, as `newsreel logs` tells it."""
        return "\n".join(
            readable_lines(str(self.core.read_namespaced_pod_log(pod, self.namespace, container="main")).splitlines())
        )

    def story_nodes(self) -> list[str]:
        key, value = self.place.settings.story_pool.selector
        return sorted(node.metadata.name for node in self.core.list_node(label_selector=f"{key}={value}").items)

    def cordon(self, *nodes: str, closed: bool = True) -> None:
        """Let nothing new onto these nodes."""
        for node in nodes:
            self.core.patch_node(node, {"spec": {"unschedulable": closed}})


def told(record: Record) -> str:
    pods = ", ".join(
        f"{pod.step} {pod.phase}{f' ({pod.message})' if pod.message else ''}"
        for pod in record.of(*{pod.step for pod in record.pods})
    )
    return f"{record.phase} {record.message}: {pods}"
