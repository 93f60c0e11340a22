"""Manifests read back: the documents of a YAML file, or why it has none, in one line."""

from pathlib import Path
from typing import Any

from newsreel.errors import BadInput
from newsreel.yaml_text import load_documents


def read_documents(file: Path) -> list[Any]:
    """Raises BadInput for what cannot be read, and what `documents_of` raises."""
    try:
        return documents_of(file.read_bytes(), str(file))
    except OSError as fault:
        raise BadInput(f"{file}: {(fault.strerror or str(fault)).lower()}") from fault


def documents_of(text: str | bytes, source: str) -> list[Any]:
    """All documents that are not empty; `source` is what to call the text. Raises BadInput with the line for what is no YAML."""
    return [document for document in load_documents(text, source) if document is not None]
