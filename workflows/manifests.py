"""From a profile to the files that are applied to a cluster or run by the local runner: the same bytes on every machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from steps.workspace import write_atomically
from workflows.events import events
from workflows.installation import installation
from workflows.installation.manager import manager
from workflows.installation.monitoring import monitoring
from workflows.installation.newsroom import newsroom
from workflows.settings import Settings
from workflows.story import story_template
from workflows.systems import Profile
from workflows.training import training_template

__all__ = ["emit", "manifests"]

HEADER = "# Made by `newsreel emit`; change workflows/ instead.\n"


def emit(profile: Profile, folder: Path, settings: Settings) -> list[Path]:
    """Write the installation's files, our WorkflowTemplates and a file for each service into a folder; return the paths.

    What other settings have left there goes, lest `newsreel apply` installs it; files that are not ours stay. Raises NoRoom.
    """
    texts = manifests(profile, settings)
    for name, text in texts.items():
        write_atomically(folder / name, text)
    for file in folder.glob("*.yaml"):
        if file.name not in texts and is_ours(file):
            file.unlink(missing_ok=True)
    return [folder / name for name in texts]


def is_ours(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(len(HEADER)) == HEADER.encode()


def manifests(profile: Profile, settings: Settings) -> dict[str, str]:
    """The text of every file, by its name."""
    files = installation(settings) | (events(settings, settings.events) if settings.events else {})
    if settings.newsroom:
        files["51-newsroom.yaml"] = newsroom(settings, settings.newsroom, profile.voice[0].name)
    if settings.manager:
        files["52-manager.yaml"] = manager(settings, settings.manager)
    if settings.monitoring:
        files["70-monitoring.yaml"] = monitoring(settings, settings.monitoring)
    files |= {
        f"{service.name}.yaml": [in_namespace(part, settings) for part in service.build(settings)] for service in profile.services
    }
    templates = (story_template(profile, settings), training_template(profile, settings))
    files |= {f"{template.name}.yaml": [in_namespace(template.to_dict(), settings)] for template in templates}
    return {name: as_yaml(files[name]) for name in sorted(files)}


def in_namespace(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return document | {"metadata": document["metadata"] | {"namespace": settings.namespace}}


def as_yaml(documents: Iterable[dict[str, Any]]) -> str:
    """Keys in the order given, no line folded: Hera's own `to_yaml` damages strings with an unbalanced `{{`."""
    readable = [name_first(document) for document in documents]
    return HEADER + yaml.dump_all(readable, Dumper=yaml.CSafeDumper, sort_keys=False, width=10**9, allow_unicode=True)


def name_first(node: Any) -> Any:
    """The same document; what has a name says it first, since that is what a reader looks for."""
    if isinstance(node, list):
        return [name_first(entry) for entry in node]
    if isinstance(node, dict):
        named = sorted(node, key=lambda key: key != "name")
        return {key: name_first(node[key]) for key in named}
    return node
