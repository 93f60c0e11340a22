"""Emits the manifests of a profile and its installation: the same bytes on every machine.

00-namespace.yaml   namespace, priority classes, quota
10-accounts.yaml    service accounts and RBAC
20-network.yaml     network policies
30-admission.yaml   admission policy for pods
40-controller.yaml  settings of Argo's controller
50-reconciler.yaml  the reconciler
51, 52              newsroom, manager (optional)
60 to 63            message trigger (optional), see `message_trigger`
70-monitoring.yaml  Prometheus and Grafana (optional)

They are applied in the order of their names, before the story's own manifests.
"""

from pathlib import Path
from typing import Any

from cluster.manifests.argo_controller import argo_controller
from cluster.manifests.controllers import manager, reconciler
from cluster.manifests.message_trigger import message_trigger
from cluster.manifests.monitoring import monitoring
from cluster.manifests.namespace import admission, namespace
from cluster.manifests.network import network
from cluster.manifests.newsroom import newsroom
from cluster.manifests.rbac import rbac
from newsreel.config.settings import Settings
from workflows.emit import to_texts, workflow_documents, write_manifests
from workflows.profiles import Profile


def installation(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The objects of each file, by its name."""
    return {
        "00-namespace.yaml": namespace(settings),
        "10-accounts.yaml": rbac(settings),
        "20-network.yaml": network(settings),
        "30-admission.yaml": admission(settings),
        "40-controller.yaml": argo_controller(settings),
        "50-reconciler.yaml": reconciler(settings),
    }


def emit(profile: Profile, folder: Path, settings: Settings) -> list[Path]:
    """Write the installation's files, WorkflowTemplates and a file for each service into a folder; return the paths.

    Files that earlier settings left there are removed. Raises DiskFull.
    """
    return write_manifests(manifests(profile, settings), folder)


def manifests(profile: Profile, settings: Settings) -> dict[str, str]:
    """The text of every file, by its name."""
    files = installation(settings) | (message_trigger(settings, settings.events) if settings.events else {})
    if settings.newsroom:
        files["51-newsroom.yaml"] = newsroom(settings, settings.newsroom, profile.voice.name)
    if settings.manager:
        files["52-manager.yaml"] = manager(settings, settings.manager)
    if settings.monitoring:
        files["70-monitoring.yaml"] = monitoring(settings, settings.monitoring)
    return to_texts(files | workflow_documents(profile, settings))
