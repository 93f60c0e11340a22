"""What differs from one cluster to the next, as the package's docstring lists it."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from cluster.manifests.emit import manifests
from newsreel.config.model import NodeSelection
from newsreel.config.settings import Settings
from workflows.profiles import EMBEDDED

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def told(self, name: str, default: str) -> str:
        return self.environment.get(f"NEWSREEL_LIVE_{name}", default)

    @property
    def storage(self) -> str:
        return self.told("STORAGE", "http://10.250.0.1:4443")

    @property
    def lab(self) -> Path | None:
        program = self.told("LAB", "")
        return Path(program) if program else None

    @property
    def settings(self) -> Settings:
        taint = self.told("STORY_TAINT", "nvidia.com/gpu")
        storage = urlsplit(self.storage)
        return Settings(
            image_prefix=self.told("IMAGES", "localhost/newsreel"),
            ssd_root=self.told("SSD", "/mnt/local/newsreel"),
            story_pool=NodeSelection(
                selector=label(self.told("STORY_POOL", "cloud.google.com/gke-nodepool=gpu")),
                tolerates=() if taint == "-" else (taint,),
            ),
            system_pool=NodeSelection(selector=label(self.told("SYSTEM_POOL", "cloud.google.com/gke-nodepool=system"))),
            api_servers=(self.told("API", "10.250.0.1/32"),),
            storage_addresses=(f"{storage.hostname}/32",),
            storage_port=storage.port or 80,
            units="gs://newsreel-units",
            service_replicas=1,
        )

    def documents(self) -> list[dict[str, Any]]:
        """Everything `newsreel emit` writes, in the order in which it is applied.

        One thing is added: where Cloud Storage's stand-in is, to each container that may use buckets, and to Argo's own.
        """
        texts = manifests(EMBEDDED, self.settings)
        documents = [document for name in sorted(texts) for document in yaml.safe_load_all(texts[name])]
        emulator = {"name": "STORAGE_EMULATOR_HOST", "value": self.storage}
        for document in documents:
            if document["metadata"]["name"] == "workflow-controller-configmap":
                executor = yaml.safe_load(document["data"]["executor"])
                document["data"]["executor"] = yaml.safe_dump(executor | {"env": [*executor.get("env", []), emulator]})
        for container in containers(documents):
            if any(entry["name"] == "NEWSREEL_ADDRESSES" for entry in container["env"]):
                container["env"].append(emulator)
        return documents

    def template(self) -> dict[str, Any]:
        """The WorkflowTemplate `story`."""
        return next(
            told for told in self.documents() if (told["kind"], told["metadata"]["name"]) == ("WorkflowTemplate", "story")
        )


def containers(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    templates = [part for told in documents if told["kind"] == "WorkflowTemplate" for part in told["spec"]["templates"]]
    return [part["container"] for part in templates if "container" in part]


def label(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key, value
