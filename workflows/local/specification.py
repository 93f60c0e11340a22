"""What of Argo's specification is executed, ignored and refused: the base class of the types in `model`, and the table of them.

The model fields of a type are executed; its `ignored` fields are dropped, since they mean nothing on one machine; all others are
refused by name before anything runs. `supported_table` prints this as Markdown; a test compares it with Argo's own types.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

ALL_OTHERS = "all others"
EXECUTED_KINDS = ("WorkflowTemplate", "Deployment", "Service")
IGNORED_KINDS = frozenset(
    {
        "ClusterRole", "ClusterRoleBinding", "ClusterRules", "ConfigMap", "EventBus", "EventSource", "GCPBackendPolicy",
        "Gateway", "HTTPRoute", "HealthCheckPolicy", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "PodMonitor",
        "PodMonitoring", "PriorityClass", "PrometheusRule", "ResourceQuota", "Role", "RoleBinding", "Secret", "Sensor",
        "ServiceAccount", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    }
)  # fmt: skip
"""Kinds of objects in which nothing runs; any kind that is in neither list is refused."""


class ApiType(BaseModel):
    """A type of Argo's or Kubernetes' API."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    api_name: ClassVar[str]
    ignored: ClassVar[Mapping[str, str]]
    refused: ClassVar[str]

    def __init_subclass__(cls, api_name: str = "", ignored: Mapping[str, str] | None = None, refused: str = "", **_: Any) -> None:
        """`api_name` is the type's name in the API, if not the class's own; `ignored` has field names by reason; `refused` has
        field names, or ALL_OTHERS for a type that is not Argo's own."""
        cls.api_name, cls.ignored, cls.refused = api_name or cls.__name__, ignored or {}, refused

    @classmethod
    def executed_fields(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def ignored_fields(cls) -> list[str]:
        return " ".join(cls.ignored.values()).split()

    @classmethod
    def refused_fields(cls) -> list[str]:
        return [] if cls.refused == ALL_OTHERS else cls.refused.split()

    @model_validator(mode="before")
    @classmethod
    def drop_ignored_refuse_others(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        read = {name: content for name, content in value.items() if name not in cls.ignored_fields()}
        if (name := next((name for name in read if name not in cls.executed_fields()), None)) is not None:
            known = cls.refused == ALL_OTHERS or name in cls.refused_fields()
            reason = "which the local runner does not execute" if known else f"which is not a field of {cls.api_name}"
            raise PydanticCustomError("refused_field", "{reason}", {"field": str(name), "reason": reason})
        return read


def supported_table() -> str:
    """What of the specification is executed, as a Markdown table with one row per type, those that contain others first."""
    rows = [
        f"| `{one.api_name}` | {code(one.executed_fields())} | {ignored_cell(one)} | {refused_cell(one)} |"
        for one in reversed(ApiType.__subclasses__())
    ]
    kinds = f"| kinds of objects | {code(EXECUTED_KINDS)} | {code(sorted(IGNORED_KINDS))} | {ALL_OTHERS} |"
    return "\n".join(["| Type | Executed | Ignored | Refused by name |", "| --- | --- | --- | --- |", *rows, kinds]) + "\n"


def ignored_cell(one: type[ApiType]) -> str:
    return "; ".join(f"{code(names.split())} ({reason})" for reason, names in one.ignored.items())


def refused_cell(one: type[ApiType]) -> str:
    return ALL_OTHERS if one.refused == ALL_OTHERS else code(one.refused_fields())


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
