"""ConfigMap of Argo's workflow controller: parallelism, restrictions, retention, columns of its list.

Source: argo-workflows 4.0, docs/workflow-controller-configmap.md, and config/config.go for the fields' names.
"""

from typing import Any

import yaml

from newsreel.config.settings import Settings
from workflows.placement import USER


def argo_controller(settings: Settings) -> list[dict[str, Any]]:
    """It lies in Argo's namespace and replaces all settings of the controller."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "workflow-controller-configmap", "namespace": settings.argo_namespace},
            "data": {name: yaml_entry(value) for name, value in controller_settings(settings).items() if value is not None},
        }
    ]


def controller_settings(settings: Settings) -> dict[str, Any]:
    return {
        "namespaceParallelism": settings.stories_at_once,
        # Only references to installed templates run: whoever may submit a story may not submit another program.
        "workflowRestrictions": {"templateReferencing": "Strict"},
        "artifactRepository": previews_repository(settings.previews_bucket) if settings.previews_bucket else None,
        "executor": EXECUTOR,
        "metricsConfig": {"enabled": True, "path": "/metrics", "port": 9090, "metricsTTL": "24h"},
        "failedPodRestart": {"enabled": True, "maxRestarts": 3},
        "retentionPolicy": {"completed": 500, "failed": 200, "errored": 200},
        "columns": [{"name": title, "type": "label", "key": f"newsreel/{label}"} for title, label in COLUMNS.items()],
        "links": links(page) if (page := newsroom_page(settings)) else None,
        "persistence": workflow_archive(settings.archive_host) if settings.archive_host else None,
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
"""Settings of Argo's own containers beside each step."""

COLUMNS = {"Priority": "priority"}
"""Argo's list has space for one more column; the title names story and revision, and the filter knows all labels."""


def previews_repository(bucket: str) -> dict[str, Any]:
    """For previews only: the cluster has its own logging."""
    return {"archiveLogs": False, "gcs": {"bucket": bucket, "keyFormat": PREVIEWS}}


def newsroom_page(settings: Settings) -> str | None:
    """URL of the newsroom: the configured one, else the installed one."""
    ours = f"https://{settings.newsroom.host}" if settings.newsroom else None
    return settings.newsroom_url or ours


def links(newsroom: str) -> list[dict[str, str]]:
    """A button on a story's page in the Argo UI."""
    return [{"name": "Newsroom", "scope": "workflow", "url": f"{newsroom}/stories/${{metadata.labels.newsreel/story}}"}]


def workflow_archive(host: str) -> dict[str, Any]:
    """Archive of deleted workflows in PostgreSQL; the Secret `argo-archive` has user and password."""
    secrets = {f"{key}Secret": {"name": "argo-archive", "key": key} for key in ("userName", "password")}
    return {
        "archive": True,
        "archiveTTL": "180d",
        "postgresql": {"host": host, "port": 5432, "database": "argo", "tableName": "argo_workflows", **secrets},
    }


def yaml_entry(value: Any) -> str:
    """The controller reads each entry as a YAML document of its own."""
    return yaml.safe_dump(value, sort_keys=False, width=10**9).removesuffix("...\n")
