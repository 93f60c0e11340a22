"""WorkflowTemplates and the services that their steps call, as YAML: the same bytes on every machine."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from newsreel.config.settings import Settings
from newsreel.files import write_atomically
from workflows.profiles import Profile
from workflows.services import services_of
from workflows.story import story_template
from workflows.training import training_template

HEADER = "# Made by `newsreel emit`; change workflows/ instead.\n"


def workflow_documents(profile: Profile, settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The documents of a profile's services and WorkflowTemplates by file name."""
    services = services_of(profile.steps)
    files = {f"{service.name}.yaml": [in_namespace(part, settings) for part in service.build(settings)] for service in services}
    templates = (story_template(profile, settings), training_template(profile, settings))
    return files | {f"{template.name}.yaml": [in_namespace(template.to_dict(), settings)] for template in templates}


def emit_workflows(profile: Profile, folder: Path, settings: Settings) -> list[Path]:
    """Write what the local runner executes: services and WorkflowTemplates. Raises DiskFull."""
    return write_manifests(to_texts(workflow_documents(profile, settings)), folder)


def to_texts(files: Mapping[str, Iterable[dict[str, Any]]]) -> dict[str, str]:
    """The text of every file by its name, sorted."""
    return {name: to_yaml(files[name]) for name in sorted(files)}


def write_manifests(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the files and remove those that an earlier `newsreel emit` left there: `newsreel apply` would install them.

    Files that are not ours stay. Raises DiskFull.
    """
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


def in_namespace(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return document | {"metadata": document["metadata"] | {"namespace": settings.namespace}}


def to_yaml(documents: Iterable[dict[str, Any]]) -> str:
    """Keys in the order given, no line folded: Hera's own `to_yaml` damages strings with an unbalanced `{{`."""
    readable = [name_first(document) for document in documents]
    return HEADER + yaml.dump_all(readable, Dumper=yaml.CSafeDumper, sort_keys=False, width=10**9, allow_unicode=True)


def name_first(node: Any) -> Any:
    """The same document with `name` as the first key of every mapping that has one."""
    if isinstance(node, list):
        return [name_first(entry) for entry in node]
    if isinstance(node, dict):
        named = sorted(node, key=lambda key: key != "name")
        return {key: name_first(node[key]) for key in named}
    return node
