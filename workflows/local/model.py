"""The part of a WorkflowTemplate that this runner knows: exactly what `workflows` emits, see `pod` for the rest."""

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from workflows.local.pod import Cluster, Container, Known, Metadata, Volume

__all__ = ["Dag", "DagTemplate", "Leaf", "RetryStrategy", "Task", "Workflow", "WorkflowSpec"]

Count = int | Annotated[str, Field(pattern=r"^\d{1,9}$")]
Duration = Annotated[str, Field(pattern=r"^(\d+|(\d+(\.\d+)?(h|m|s|ms))+)$")]


class Argument(Known):
    """A value for a parameter; of a workflow's own it may be left to the one who submits it."""

    name: str
    value: str | None = None
    enum: tuple[str, ...] | None = None
    description: Cluster


class Input(Known):
    name: str
    value: str | None = None
    default: str | None = None
    description: Cluster


class ValueFrom(Known):
    """A leaf's output is read from `path`, a DAG's is a task's `parameter`; `default` where there is none."""

    path: str | None = None
    parameter: str | None = None
    default: str | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if (self.path is None) is (self.parameter is None):
            raise ValueError("takes either `path` or `parameter`")
        return self


class Output(Known):
    name: str
    value_from: ValueFrom
    description: Cluster


class Arguments(Known):
    parameters: tuple[Argument, ...] = ()


class Inputs(Known):
    parameters: tuple[Input, ...] = ()


class Outputs(Known):
    parameters: tuple[Output, ...] = ()
    artifacts: Cluster = None
    """For Argo's page; here what they are made of stays in the workspace, and what is published lies in its folder."""


class Backoff(Known):
    duration: Duration
    factor: Count = 0
    max_duration: Duration | None = None
    cap: Duration | None = None


class RetryAffinity(Known):
    node_anti_affinity: dict[str, object] | None = None


class RetryStrategy(Known):
    limit: Count | None = None
    retry_policy: Literal["Always", "OnFailure", "OnError"] | None = None
    backoff: Backoff | None = None
    expression: str | None = None
    affinity: RetryAffinity | None = None

    @property
    def policy(self) -> Literal["Always", "OnFailure", "OnError"]:
        """Argo's own default depends on the expression (RetryPolicyActual in workflow_types.go)."""
        return self.retry_policy or ("Always" if self.expression else "OnFailure")

    @property
    def elsewhere(self) -> bool:
        """Whether another try must be on another node."""
        return self.affinity is not None and self.affinity.node_anti_affinity is not None


class Task(Known):
    name: str
    template: str
    arguments: Arguments = Arguments()
    depends: str | None = None
    dependencies: tuple[str, ...] = ()
    when: str | None = None
    with_param: str | None = None


class Dag(Known):
    tasks: Annotated[tuple[Task, ...], Field(min_length=1)]
    fail_fast: bool = True
    """Changes nothing here, see `dag`."""
    target: str = ""
    """Nor does this, where all tasks lead to it: `newsreel lint` asks for that."""


class DagTemplate(Known):
    name: str
    dag: Dag
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()
    retry_strategy: RetryStrategy | None = None
    metadata: Cluster


class Leaf(Known):
    """A template that runs a program."""

    name: str
    container: Container
    inputs: Inputs = Inputs()
    outputs: Outputs = Outputs()
    volumes: tuple[Volume, ...] = ()
    retry_strategy: RetryStrategy | None = None
    active_deadline_seconds: Count | Annotated[str, Field(pattern=r"^\{\{[^{}]+\}\}$")] | None = None
    """Seconds, or a reference to what tells them."""
    daemon: bool = False
    metadata: Metadata = Metadata()
    affinity: Cluster
    automount_service_account_token: Cluster
    executor: Cluster
    metrics: Cluster
    node_selector: Cluster
    priority_class_name: Cluster
    security_context: Cluster
    service_account_name: Cluster
    tolerations: Cluster


def kind_of_template(document: object) -> str:
    return "dag" if isinstance(document, dict) and "dag" in document else "leaf"


Template = Annotated[Annotated[DagTemplate, Tag("dag")] | Annotated[Leaf, Tag("leaf")], Discriminator(kind_of_template)]


class WorkflowSpec(Known):
    entrypoint: str
    templates: tuple[Template, ...]
    arguments: Arguments = Arguments()
    on_exit: str | None = None
    active_deadline_seconds: Count | None = None
    volumes: tuple[Volume, ...] = ()
    affinity: Cluster
    archive_logs: Cluster
    automount_service_account_token: Cluster
    executor: Cluster
    image_pull_secrets: Cluster
    metrics: Cluster
    node_selector: Cluster
    pod_disruption_budget: Cluster
    pod_g_c: Annotated[Any, Field(default=None, alias="podGC")]
    pod_metadata: Cluster
    pod_priority_class_name: Cluster
    security_context: Cluster
    service_account_name: Cluster
    tolerations: Cluster
    ttl_strategy: Cluster
    workflow_metadata: Cluster


class Workflow(Known):
    api_version: Literal["argoproj.io/v1alpha1"]
    kind: Literal["WorkflowTemplate"]
    metadata: Metadata
    spec: WorkflowSpec
