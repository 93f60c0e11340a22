"""From a profile to the files that are applied to a cluster: the same bytes on every machine."""

from pathlib import Path

from cluster.manifests.events import events
from cluster.manifests.installation import installation
from cluster.manifests.manager import manager
from cluster.manifests.monitoring import monitoring
from cluster.manifests.newsroom import newsroom
from newsreel.config.settings import Settings
from workflows.emit import to_texts, workflow_documents, write_manifests
from workflows.profiles import Profile


def emit(profile: Profile, folder: Path, settings: Settings) -> list[Path]:
    """Write the installation's files, WorkflowTemplates and a file for each service into a folder; return the paths.

    Files that earlier settings left there are removed. Raises DiskFull.
    """
    return write_manifests(manifests(profile, settings), folder)


def manifests(profile: Profile, settings: Settings) -> dict[str, str]:
    """The text of every file, by its name."""
    files = installation(settings) | (events(settings, settings.events) if settings.events else {})
    if settings.newsroom:
        files["51-newsroom.yaml"] = newsroom(settings, settings.newsroom, profile.voice.name)
    if settings.manager:
        files["52-manager.yaml"] = manager(settings, settings.manager)
    if settings.monitoring:
        files["70-monitoring.yaml"] = monitoring(settings, settings.monitoring)
    return to_texts(files | workflow_documents(profile, settings))
