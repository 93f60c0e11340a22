"""Argo Workflows and Argo Events as they were released: fetched once, known by checksum, made into one list of objects."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import yaml

from cluster.gke.programs import Programs
from newsreel.argo.documents import documents_of
from newsreel.errors import BadInput, Unavailable
from newsreel.files import write_atomically

__all__ = ["Release", "documents", "fetched", "releases"]

FILE = Path(__file__).with_name("releases.yaml")
SECONDS = 60.0
MOST_BYTES = 16 << 20
"""The largest is 3 MB: the schema of a workflow."""
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True)
class Release:
    name: str
    version: str
    """Of the programs' images."""
    origin: str
    namespace: str
    build: str
    """A file, or a folder that `kubectl kustomize` makes one of."""
    files: dict[str, str]
    """sha256 by path below the origin."""


def releases() -> tuple[Release, Release]:
    """Workflows and Events."""
    listed = yaml.safe_load(FILE.read_bytes())
    workflows, events = (Release(name=name, origin=told.pop("from"), **told) for name, told in listed.items())
    return workflows, events


def fetch(address: str) -> bytes:
    """Raises Unavailable."""
    try:
        with urlopen(Request(address, headers={"User-Agent": "newsreel"}), timeout=SECONDS) as answer:  # noqa: S310 - https, from our own list
            content: bytes = answer.read(MOST_BYTES + 1)
    except (URLError, OSError, ValueError) as fault:
        raise Unavailable(f"{address}: {fault}; with no way there, lay the file where it is kept yourself") from fault
    return content


def fetched(release: Release, folder: Path, fetch: Fetch = fetch) -> Path:
    """The release's files, in a folder of its own. Raises Unavailable, BadInput for a file that is not the one we know."""
    home = folder / f"{release.name}-{release.version}"
    for path, known in release.files.items():
        kept = home / path
        if kept.is_file() and digest(kept.read_bytes()) == known:
            continue
        content = fetch(release.origin + path)
        if digest(content) != known:
            raise BadInput(f"{release.origin}{path}: is not the file that {release.name} {release.version} was tried with")
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, content.decode())
    return home


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def documents(release: Release, home: Path, programs: Programs) -> list[dict[str, Any]]:
    """All objects of the release. Raises MissingProgram, Unavailable."""
    source = home / release.build
    text = programs.read("kubectl", "kustomize", str(source)) if source.is_dir() else source.read_text()
    return documents_of(text, str(source))
