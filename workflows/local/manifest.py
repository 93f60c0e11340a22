"""Manifests read back from disk into a `Program`; what this runner does not know is refused by name before anything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from newsreel.argo.documents import read_documents
from newsreel.errors import BadInput
from workflows.local.model import DagTemplate, Leaf, Workflow, WorkflowSpec
from workflows.local.pod import Deployment, Service

__all__ = ["Backend", "Program", "read_program"]

FOR_THE_CLUSTER = frozenset(
    {
        "ClusterRole", "ClusterRoleBinding", "ClusterRules", "ConfigMap", "EventBus", "EventSource", "GCPBackendPolicy",
        "Gateway", "HTTPRoute", "HealthCheckPolicy", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "PodMonitor",
        "PodMonitoring", "PriorityClass", "PrometheusRule", "ResourceQuota", "Role", "RoleBinding", "Secret", "Sensor",
        "ServiceAccount", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    }
)  # fmt: skip
"""Kinds that say who may do what, what starts a workflow or is asked about it; there is nothing in them to run."""
AT_MOST = 3
"""Faults told at once."""

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A service's name and port in the cluster, and the program behind it."""

    service: Service
    deployment: Deployment

    @property
    def name(self) -> str:
        return self.service.metadata.name


@dataclass(frozen=True, kw_only=True)
class Program:
    """A workflow and the services it may call."""

    name: str
    spec: WorkflowSpec
    templates: Mapping[str, Leaf | DagTemplate]
    backends: Mapping[str, Backend]


def read_program(manifests: Path, name: str) -> Program:
    """Read the WorkflowTemplate `name` and the services from a file, or from all `*.yaml` of a folder. Raises BadInput."""
    documents = [*objects(manifests)]
    workflows = [document for document in named(documents, "WorkflowTemplate") if name_of(document) == name]
    if len(workflows) != 1:
        raise BadInput(f"{manifests}: {len(workflows)} WorkflowTemplates are named {name}, not one; run `newsreel emit`")
    unknown = {str(document.get("kind")) for document in documents} - FOR_THE_CLUSTER
    if unknown := unknown - {"WorkflowTemplate", "Deployment", "Service"}:
        raise BadInput(f"{manifests}: kind {', '.join(sorted(unknown))}: the local runner does not know it")
    spec = accept(workflows[0], Workflow).spec
    templates = {template.name: template for template in spec.templates}
    if len(templates) < len(spec.templates):
        raise BadInput(f"{manifests}: two templates of {name} have the same name")
    services = [accept(document, Service) for document in named(documents, "Service")]
    deployments = named(documents, "Deployment")
    backends = {service.metadata.name: Backend(service=service, deployment=behind(service, deployments)) for service in services}
    return Program(name=name, spec=spec, templates=templates, backends=backends)


def objects(manifests: Path) -> Iterator[dict[str, Any]]:
    paths = sorted(manifests.glob("*.yaml")) if manifests.is_dir() else [manifests]
    for path in paths:
        for document in read_documents(path):
            if not isinstance(document, dict):
                raise BadInput(f"{path}: a document is no mapping")
            yield document


def named(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [document for document in documents if document.get("kind") == kind]


def name_of(document: dict[str, Any]) -> str:
    metadata = document.get("metadata")
    return str(metadata.get("name", "")) if isinstance(metadata, dict) else ""


def behind(service: Service, deployments: list[dict[str, Any]]) -> Deployment:
    """The deployment whose pods a service selects. One that is behind no service watches over a cluster: here is none."""
    chosen = [one for one in deployments if service.spec.selector.items() <= labels_of_pods(one).items()]
    if len(chosen) != 1:
        raise BadInput(f"service {service.metadata.name}: {len(chosen)} deployments are behind it, not one")
    return accept(chosen[0], Deployment)


def labels_of_pods(deployment: dict[str, Any]) -> dict[str, str]:
    found: Any = deployment
    for key in ("spec", "template", "metadata", "labels"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def accept(document: dict[str, Any], kind: type[Kind]) -> Kind:
    try:
        return kind.model_validate(document)
    except ValidationError as fault:
        told = [explain(error["loc"], error["type"], error["msg"], document) for error in foremost(fault)]
        more = f" (and {len(told) - AT_MOST} more)" if len(told) > AT_MOST else ""
        raise BadInput("workflows/local: " + "; ".join(told[:AT_MOST]) + more) from fault


def foremost(fault: ValidationError) -> list[Any]:
    """Where something is unknown, all else that is wrong (such as what is then missing) follows from it."""
    errors = fault.errors(include_url=False)
    return [error for error in errors if error["type"] == "extra_forbidden"] or errors


def explain(where: tuple[int | str, ...], kind: str, message: str, document: dict[str, Any]) -> str:
    """``template `x` uses `suspend`, which the local runner does not know``."""
    place, inside = f"{document.get('kind')} `{name_of(document)}`", where
    if where[:2] == ("spec", "templates") and len(where) > 2:
        number, inside = int(where[2]), where[4:]
        template = document["spec"]["templates"][number]
        place = f"template `{template.get('name', number) if isinstance(template, dict) else number}`"
    field = ".".join(str(part) for part in inside)
    if kind == "extra_forbidden":
        return f"{place} uses `{field}`, which the local runner does not know"
    return f"{place}: `{field}`: {message}"
