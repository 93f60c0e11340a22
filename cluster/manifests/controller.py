"""What Argo's controller is told: how many stories at once, what may be submitted, what it keeps, what its list shows.

Source: argo-workflows 4.0, docs/workflow-controller-configmap.md, and config/config.go for the fields' names.
"""

from typing import Any

import yaml

from newsreel.config.settings import Settings
from workflows.placement import USER


def controller(settings: Settings) -> list[dict[str, Any]]:
    """The ConfigMap. It lies in Argo's namespace, and is all of the controller's settings, not some."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "workflow-controller-configmap", "namespace": settings.argo_namespace},
            "data": {name: written(value) for name, value in told(settings).items() if value is not None},
        }
    ]


def told(settings: Settings) -> dict[str, Any]:
    return {
        "namespaceParallelism": settings.stories_at_once,
        # Who may submit a story may not submit another program: only references to what is installed are run.
        "workflowRestrictions": {"templateReferencing": "Strict"},
        "artifactRepository": kept_in(settings.previews_bucket) if settings.previews_bucket else None,
        "executor": EXECUTOR,
        "metricsConfig": {"enabled": True, "path": "/metrics", "port": 9090, "metricsTTL": "24h"},
        "failedPodRestart": {"enabled": True, "maxRestarts": 3},
        "retentionPolicy": {"completed": 500, "failed": 200, "errored": 200},
        "columns": [{"name": title, "type": "label", "key": f"newsreel/{label}"} for title, label in COLUMNS.items()],
        "links": links(page) if (page := page_of(settings)) else None,
        "persistence": archive(settings.archive_host) if settings.archive_host else None,
    }


PREVIEWS = "{{workflow.name}}/{{pod.name}}"
EXECUTOR = {
    "imagePullPolicy": "IfNotPresent",
    "resources": {"requests": {"cpu": "20m", "memory": "48Mi"}, "limits": {"memory": "256Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
"""Argo's own containers beside each step."""

COLUMNS = {"Priority": "priority"}
"""Argo's list has room for one more in a line; the title tells the story and its revision, and the filter has all labels."""


def kept_in(bucket: str) -> dict[str, Any]:
    """Previews, not logs: those are the cluster's own."""
    return {"archiveLogs": False, "gcs": {"bucket": bucket, "keyFormat": PREVIEWS}}


def page_of(settings: Settings) -> str | None:
    """Where the newsroom page is: one that is told, else the one that comes along."""
    ours = f"https://{settings.newsroom.host}" if settings.newsroom else None
    return settings.newsroom_url or ours


def links(newsroom: str) -> list[dict[str, str]]:
    """A button on a story's page in the Argo UI."""
    return [{"name": "Newsroom", "scope": "workflow", "url": f"{newsroom}/stories/${{metadata.labels.newsreel/story}}"}]


def archive(host: str) -> dict[str, Any]:
    """What is collected from the cluster stays to be seen, in a PostgreSQL; the Secret `argo-archive` holds user and password."""
    secrets = {f"{key}Secret": {"name": "argo-archive", "key": key} for key in ("userName", "password")}
    return {
        "archive": True,
        "archiveTTL": "180d",
        "postgresql": {"host": host, "port": 5432, "database": "argo", "tableName": "argo_workflows", **secrets},
    }


def written(value: Any) -> str:
    """As the controller reads it: each entry is YAML of its own."""
    return yaml.safe_dump(value, sort_keys=False, width=10**9).removesuffix("...\n")
