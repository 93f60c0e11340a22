"""The types of Argo's and Kubernetes' API that the runner reads, and which of their fields it ignores or refuses."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from workflows.local.specification import ALL_OTHERS, ApiType

Count = int | Annotated[str, Field(pattern=r"^\d{1,9}$")]
Duration = Annotated[str, Field(pattern=r"^(\d+|(\d+(\.\d+)?(h|m|s|ms))+)$")]

SCHEDULING = "there is one node"
PERMISSIONS = "processes run as the calling user"
CLUSTER_OBJECTS = "describes objects in the cluster"
RESOURCES = "no limits are enforced"
PROBES = "a process that exits is noticed, one that hangs is not"
IMAGE = "programs are installed on this machine"
DOCUMENTATION = "documentation"
VOLUME_OPTIONS = "volumes are folders"


class ObjectMeta(
    ApiType,
    ignored={CLUSTER_OBJECTS: "namespace", DOCUMENTATION: "annotations"},
    refused=(
        "creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation managedFields "
        "ownerReferences resourceVersion selfLink uid"
    ),
):
    name: str = ""
    labels: dict[str, str] = Field(default_factory=dict)


class Metadata(ApiType, ignored={CLUSTER_OBJECTS: "labels"}):
    annotations: dict[str, str] = Field(default_factory=dict)


# Containers


class EnvVar(ApiType, refused="valueFrom"):
    name: str
    value: str = ""


class VolumeMount(
    ApiType, ignored={VOLUME_OPTIONS: "readOnly"}, refused="mountPropagation recursiveReadOnly subPath subPathExpr"
):
    name: str
    mount_path: str


class HostPathVolumeSource(ApiType):
    path: str
    type: Literal["Directory", "DirectoryOrCreate"]


class EmptyDirVolumeSource(ApiType, ignored={VOLUME_OPTIONS: "medium sizeLimit"}):
    pass


class Volume(
    ApiType,
    refused=(
        "awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI ephemeral fc flexVolume flocker "
        "gcePersistentDisk gitRepo glusterfs image iscsi nfs persistentVolumeClaim photonPersistentDisk portworxVolume projected "
        "quobyte rbd scaleIO secret storageos vsphereVolume"
    ),
):
    name: str
    host_path: HostPathVolumeSource | None = None
    empty_dir: EmptyDirVolumeSource | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.host_path is None) is (self.empty_dir is None):
            raise ValueError("needs either `hostPath` or `emptyDir`")
        return self


class ExecAction(ApiType):
    command: Annotated[tuple[str, ...], Field(min_length=1)]


class HTTPGetAction(ApiType, ignored={"a container has one port": "port"}, refused="host httpHeaders scheme"):
    path: str = "/"


class Probe(
    ApiType,
    ignored={"repeated until it succeeds": "failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds"},
    refused="grpc tcpSocket terminationGracePeriodSeconds",
):
    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None


class ContainerPort(ApiType, ignored={"a container has one port": "name protocol"}, refused="hostIP hostPort"):
    container_port: int


class Container(
    ApiType,
    ignored={
        IMAGE: "image imagePullPolicy",
        DOCUMENTATION: "name",
        PROBES: "lifecycle livenessProbe startupProbe",
        RESOURCES: "resources",
        PERMISSIONS: "securityContext",
    },
    refused=(
        "envFrom resizePolicy restartPolicy stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices "
        "workingDir"
    ),
):
    command: Annotated[tuple[str, ...], Field(min_length=1)]
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = ()
    readiness_probe: Probe | None = None
    ports: tuple[ContainerPort, ...] = ()


# Services that steps call


class PodSpec(
    ApiType,
    ignored={
        SCHEDULING: "affinity nodeSelector priorityClassName tolerations topologySpreadConstraints",
        PERMISSIONS: "automountServiceAccountToken securityContext serviceAccountName",
        CLUSTER_OBJECTS: "enableServiceLinks terminationGracePeriodSeconds",
    },
    refused=ALL_OTHERS,
):
    containers: Annotated[tuple[Container, ...], Field(min_length=1, max_length=1)]
    volumes: tuple[Volume, ...] = ()


class PodTemplateSpec(ApiType):
    metadata: ObjectMeta
    spec: PodSpec


class DeploymentSpec(
    ApiType,
    ignored={"one process runs, however many replicas": "replicas revisionHistoryLimit selector strategy"},
    refused=ALL_OTHERS,
):
    template: PodTemplateSpec


class Deployment(ApiType, refused=ALL_OTHERS):
    api_version: Literal["apps/v1"]
    kind: Literal["Deployment"]
    metadata: ObjectMeta
    spec: DeploymentSpec


class ServicePort(ApiType, ignored={"a service has one port": "name protocol targetPort"}, refused="appProtocol nodePort"):
    port: int


class ServiceSpec(ApiType, ignored={"one process runs": "sessionAffinity sessionAffinityConfig type"}, refused=ALL_OTHERS):
    selector: dict[str, str]
    ports: Annotated[tuple[ServicePort, ...], Field(min_length=1, max_length=1)]


class Service(ApiType, refused=ALL_OTHERS):
    api_version: Literal["v1"]
    kind: Literal["Service"]
    metadata: ObjectMeta
    spec: ServiceSpec


# Templates


class Argument(
    ApiType, api_name="Parameter (arguments)", ignored={DOCUMENTATION: "description"}, refused="default globalName valueFrom"
):
    """A value for a parameter; one of the workflow may be left to the caller."""

    name: str
    value: str | None = None
    enum: tuple[str, ...] | None = None


class Input(
    ApiType,
    api_name="Parameter (inputs)",
    ignored={DOCUMENTATION: "description"},
    refused="default enum globalName value valueFrom",
):
    name: str


class ValueFrom(ApiType, refused="configMapKeyRef event expression jqFilter jsonPath supplied"):
    """The source of an output: `path` in a container's template, `parameter` of a task in a DAG's; `default` if missing."""

    path: str | None = None
    parameter: str | None = None
    default: str | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.path is None) is (self.parameter is None):
            raise ValueError("needs either `path` or `parameter`")
        return self


class Output(
    ApiType, api_name="Parameter (outputs)", ignored={DOCUMENTATION: "description"}, refused="default enum globalName value"
):
    name: str
    value_from: ValueFrom


class Arguments(ApiType, refused="artifacts"):
    parameters: tuple[Argument, ...] = ()


class Inputs(ApiType, refused="artifacts"):
    parameters: tuple[Input, ...] = ()


class Outputs(ApiType, ignored={"files stay where the step wrote them": "artifacts"}, refused="exitCode result"):
    parameters: tuple[Output, ...] = ()


class Backoff(ApiType, refused="cap maxDuration"):
    duration: Duration
    factor: Count = 1


class RetryAffinity(ApiType):
    node_anti_affinity: dict[str, object] | None = None


class RetryStrategy(ApiType):
    limit: Count | None = None
    retry_policy: Literal["Always"]
    backoff: Backoff | None = None
    expression: str | None = None
    affinity: RetryAffinity | None = None

    @property
    def needs_another_node(self) -> bool:
        return self.affinity is not None and self.affinity.node_anti_affinity is not None


class DAGTask(ApiType, refused="continueOn dependencies hooks inline onExit templateRef withItems withSequence"):
    name: str
    template: str
    arguments: Arguments = Arguments()
    depends: str | None = None
    when: str | None = None
    with_param: str | None = None


class DAG(
    ApiType,
    api_name="DAGTemplate",
    ignored={"changes nothing without a limit on parallelism": "failFast", "all tasks run": "target"},
):
    """`failFast` changes nothing in Argo either while no template limits its parallelism: a task whose dependencies are met is
    started although another branch has failed, and a DAG ends only when none of its nodes runs any more (argo-workflows, dag.go:
    executeDAGTask comes before assessDAGPhase, which returns Running as long as any node does)."""

    tasks: Annotated[tuple[DAGTask, ...], Field(min_length=1)]


TEMPLATE_IGNORED = {
    SCHEDULING: "affinity nodeSelector priorityClassName tolerations",
    PERMISSIONS: "automountServiceAccountToken executor securityContext serviceAccountName",
    CLUSTER_OBJECTS: "metrics",
}
TEMPLATE_REFUSED = (
    "annotations archiveLocation containerSet data failFast hostAliases http initContainers memoize parallelism plugin "
    "podSpecPatch resource schedulerName script sidecars steps suspend synchronization timeout"
)


class ContainerTemplate(ApiType, api_name="Template (container)", ignored=TEMPLATE_IGNORED, refused=f"dag {TEMPLATE_REFUSED}"):
    name: str
    container: Container
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()
    volumes: tuple[Volume, ...] = ()
    retry_strategy: RetryStrategy | None = None
    active_deadline_seconds: Count | Annotated[str, Field(pattern=r"^\{\{[^{}]+\}\}$")] | None = None
    """Seconds, or a reference to them."""
    daemon: bool = False
    metadata: Metadata = Metadata()


class DAGTemplate(
    ApiType,
    api_name="Template (dag)",
    ignored={**TEMPLATE_IGNORED, CLUSTER_OBJECTS: "metadata metrics"},
    refused=f"activeDeadlineSeconds container daemon volumes {TEMPLATE_REFUSED}",
):
    name: str
    dag: DAG
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()
    retry_strategy: RetryStrategy | None = None


def template_type(document: object) -> str:
    return "dag" if isinstance(document, dict) and "dag" in document else "container"


Template = Annotated[
    Annotated[DAGTemplate, Tag("dag")] | Annotated[ContainerTemplate, Tag("container")], Discriminator(template_type)
]


class WorkflowSpec(
    ApiType,
    ignored={
        SCHEDULING: "affinity nodeSelector podDisruptionBudget podPriorityClassName tolerations",
        PERMISSIONS: "automountServiceAccountToken executor imagePullSecrets securityContext serviceAccountName",
        CLUSTER_OBJECTS: "archiveLogs metrics podGC podMetadata ttlStrategy workflowMetadata",
    },
    refused=(
        "artifactGC artifactRepositoryRef dnsConfig dnsPolicy hooks hostAliases hostNetwork parallelism podSpecPatch priority "
        "retryStrategy schedulerName shutdown suspend synchronization templateDefaults volumeClaimGC volumeClaimTemplates "
        "volumes workflowTemplateRef"
    ),
):
    entrypoint: str
    templates: tuple[Template, ...]
    arguments: Arguments = Arguments()
    on_exit: str | None = None
    active_deadline_seconds: Count | None = None


class WorkflowTemplate(ApiType):
    api_version: Literal["argoproj.io/v1alpha1"]
    kind: Literal["WorkflowTemplate"]
    metadata: ObjectMeta
    spec: WorkflowSpec
