"""The part of a pod, a Deployment and a Service that this runner knows: exactly what `workflows` emits.

A field that is not named here is refused by name. A field typed `Cluster` is known and says nothing about this machine: which
node, whose rights, how much memory, when a pod's remains are removed.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

__all__ = ["Cluster", "Container", "Deployment", "HttpGet", "Known", "Metadata", "Service", "Volume"]

Cluster = Annotated[Any, Field(default=None, repr=False)]


class Known(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Metadata(Known):
    name: str = ""
    annotations: dict[str, str] = {}
    namespace: str = ""
    labels: dict[str, str] = {}


class EnvironmentVariable(Known):
    name: str
    value: str = ""


class VolumeMount(Known):
    name: str
    mount_path: str
    read_only: Cluster


class HostPath(Known):
    path: str
    type: Literal["Directory", "DirectoryOrCreate"]


class EmptyDir(Known):
    size_limit: Cluster
    medium: Cluster


class Volume(Known):
    name: str
    host_path: HostPath | None = None
    empty_dir: EmptyDir | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.host_path is None) is (self.empty_dir is None):
            raise ValueError("takes either `hostPath` or `emptyDir`")
        return self


class Exec(Known):
    command: Annotated[tuple[str, ...], Field(min_length=1)]


class HttpGet(Known):
    path: str = "/"
    port: str | int


class Probe(Known):
    """When to try again and how often is the cluster's; here a probe is repeated until it succeeds."""

    exec: Exec | None = None
    http_get: HttpGet | None = None
    period_seconds: Cluster
    initial_delay_seconds: Cluster
    timeout_seconds: Cluster
    failure_threshold: Cluster
    success_threshold: Cluster


class ContainerPort(Known):
    name: str | None = None
    container_port: int
    protocol: Cluster


class Container(Known):
    name: str | None = None
    image: str
    """Not used: its programs are installed on this machine."""
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    args: tuple[str, ...] = ()
    env: tuple[EnvironmentVariable, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    readiness_probe: Probe | None = None
    ports: tuple[ContainerPort, ...] = ()
    lifecycle: Cluster
    liveness_probe: Cluster
    startup_probe: Cluster
    image_pull_policy: Cluster
    resources: Cluster
    security_context: Cluster


class PodSpec(Known):
    containers: Annotated[tuple[Container, ...], Field(min_length=1, max_length=1)]
    volumes: tuple[Volume, ...] = ()
    affinity: Cluster
    automount_service_account_token: Cluster
    enable_service_links: Cluster
    node_selector: Cluster
    priority_class_name: Cluster
    security_context: Cluster
    service_account_name: Cluster
    termination_grace_period_seconds: Cluster
    tolerations: Cluster
    topology_spread_constraints: Cluster


class PodTemplate(Known):
    metadata: Metadata
    spec: PodSpec


class DeploymentSpec(Known):
    template: PodTemplate
    replicas: Cluster
    revision_history_limit: Cluster
    selector: Cluster
    strategy: Cluster


class Deployment(Known):
    """Its pods' one program runs here once, however many replicas it has."""

    api_version: Literal["apps/v1"]
    kind: Literal["Deployment"]
    metadata: Metadata
    spec: DeploymentSpec


class ServicePort(Known):
    name: str | None = None
    port: int
    target_port: str | int | None = None
    protocol: Cluster


class ServiceSpec(Known):
    selector: dict[str, str]
    ports: Annotated[tuple[ServicePort, ...], Field(min_length=1, max_length=1)]
    session_affinity: Cluster
    session_affinity_config: Cluster
    type: Cluster


class Service(Known):
    api_version: Literal["v1"]
    kind: Literal["Service"]
    metadata: Metadata
    spec: ServiceSpec
