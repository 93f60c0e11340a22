"""What Argo and Kubernetes have on record about one story."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Pod", "Record"]


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A node of the workflow that is a pod."""

    step: str
    phase: str
    host: str | None
    began: datetime | None
    ended: datetime | None
    message: str
    exit_status: str | None


@dataclass(frozen=True)
class Record:
    workflow: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.workflow["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.workflow["metadata"]["uid"])

    @property
    def status(self) -> dict[str, Any]:
        return self.workflow.get("status") or {}

    @property
    def phase(self) -> str:
        return str(self.status.get("phase", "Pending"))

    @property
    def message(self) -> str:
        return str(self.status.get("message", ""))

    @property
    def over(self) -> bool:
        return self.phase in ("Succeeded", "Failed", "Error")

    @property
    def pods(self) -> list[Pod]:
        return [pod_of(node) for node in self.status.get("nodes", {}).values() if node["type"] == "Pod"]

    def of(self, *steps: str) -> list[Pod]:
        """The pods of these steps, in the order in which they began."""
        return sorted(
            (pod for pod in self.pods if pod.step in steps), key=lambda pod: pod.began or datetime.max.replace(tzinfo=UTC)
        )

    @property
    def placed(self) -> list[Pod]:
        """All that runs on the story's node."""
        return [pod for pod in self.pods if pod.step not in ("check", "report", "refuse") and pod.host]

    @property
    def hosts(self) -> set[str]:
        return {pod.host for pod in self.placed if pod.host}

    def running(self, step: str) -> bool:
        return any(pod.phase == "Running" for pod in self.of(step))


def pod_of(node: dict[str, Any]) -> Pod:
    return Pod(
        step=node["templateName"],
        phase=node.get("phase", "Pending"),
        host=node.get("hostNodeName"),
        began=moment(node.get("startedAt")),
        ended=moment(node.get("finishedAt")),
        message=node.get("message", ""),
        exit_status=(node.get("outputs") or {}).get("exitCode"),
    )


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
