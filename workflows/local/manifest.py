"""Reads a workflow and its services from manifests; what the runner does not execute is refused by name before anything runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from workflows.local.model import ContainerTemplate, DAGTemplate, Deployment, PodSpec, Service, WorkflowSpec, WorkflowTemplate
from workflows.local.settings import InvalidWorkflow
from workflows.local.specification import EXECUTED_KINDS, IGNORED_KINDS

MAX_ERRORS = 3
"""Most errors of one manifest in a message."""

Kind = TypeVar("Kind", bound=BaseModel)
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A service's name and port in the cluster, and the pod behind it."""

    name: str
    port: int
    pod: PodSpec


@dataclass(frozen=True, kw_only=True)
class Program:
    """A workflow and the services it may call."""

    name: str
    spec: WorkflowSpec
    templates: Mapping[str, ContainerTemplate | DAGTemplate]
    backends: dict[str, Backend]


def read_program(manifests: Path, name: str) -> Program:
    """Read the WorkflowTemplate `name` and the services from a file, or from all `*.yaml` of a folder. Raises InvalidWorkflow."""
    documents = [*read_documents(manifests)]
    workflows = [one for one in of_kind(documents, "WorkflowTemplate") if name_of(one) == name]
    if len(workflows) != 1:
        raise InvalidWorkflow(f"{manifests}: {len(workflows)} WorkflowTemplates are named {name}, not one")
    if unknown := {str(one.get("kind")) for one in documents} - {*EXECUTED_KINDS, *IGNORED_KINDS}:
        raise InvalidWorkflow(f"{manifests}: kind {', '.join(sorted(unknown))}: the local runner does not execute it")
    spec = parse(workflows[0], WorkflowTemplate).spec
    templates = {template.name: template for template in spec.templates}
    if len(templates) < len(spec.templates):
        raise InvalidWorkflow(f"{manifests}: two templates of {name} have the same name")
    deployments = of_kind(documents, "Deployment")
    backends = [backend_of(parse(one, Service), deployments) for one in of_kind(documents, "Service")]
    return Program(name=name, spec=spec, templates=templates, backends={backend.name: backend for backend in backends})


def read_documents(manifests: Path) -> Iterator[Document]:
    for path in sorted(manifests.glob("*.yaml")) if manifests.is_dir() else [manifests]:
        try:
            documents = [one for one in yaml.load_all(path.read_bytes(), yaml.CSafeLoader) if one is not None]
        except OSError as error:
            raise InvalidWorkflow(f"{path}: {(error.strerror or str(error)).lower()}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise InvalidWorkflow(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
        for document in documents:
            if not isinstance(document, dict):
                raise InvalidWorkflow(f"{path}: a document is not a mapping")
            yield document


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    return [document for document in documents if document.get("kind") == kind]


def name_of(document: Document) -> str:
    return str(value_at(document, "metadata", "name") or "")


def value_at(document: Document, *keys: str) -> Any:
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def backend_of(service: Service, deployments: list[Document]) -> Backend:
    """A service and the deployment whose pods it selects. Deployments that no service selects are controllers of the cluster."""
    selector = service.spec.selector.items()
    labels = [value_at(one, "spec", "template", "metadata", "labels") for one in deployments]
    behind = [
        one for one, label in zip(deployments, labels, strict=True) if isinstance(label, dict) and selector <= label.items()
    ]
    if len(behind) != 1:
        raise InvalidWorkflow(f"service {service.metadata.name}: selects {len(behind)} deployments, not one")
    pod = parse(behind[0], Deployment).spec.template.spec
    return Backend(name=service.metadata.name, port=service.spec.ports[0].port, pod=pod)


def parse(document: Document, kind: type[Kind]) -> Kind:
    try:
        return kind.model_validate(document)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        errors = [error for error in errors if error["type"] == "refused_field"] or errors
        messages = [describe(error["loc"], error.get("ctx", {}).get("field"), error["msg"], document) for error in errors]
        more = f" (and {len(messages) - MAX_ERRORS} more)" if len(messages) > MAX_ERRORS else ""
        raise InvalidWorkflow("; ".join(messages[:MAX_ERRORS]) + more) from invalid


def describe(location: tuple[int | str, ...], refused: str | None, message: str, document: Document) -> str:
    """``template `x` uses `suspend`, which the local runner does not execute``."""
    place = f"{document.get('kind')} `{name_of(document)}`"
    if location[:2] == ("spec", "templates") and len(location) > 2:
        number, location = int(location[2]), location[4:]
        template = document["spec"]["templates"][number]
        place = f"template `{template.get('name', number) if isinstance(template, dict) else number}`"
    field = ".".join(str(part) for part in (*location, *([refused] if refused else [])))
    return f"{place} uses `{field}`, {message}" if refused else f"{place}: `{field}`: {message}"
