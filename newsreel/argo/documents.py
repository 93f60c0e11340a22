"""Manifests read back: the documents of a YAML file, or why it has none, in one line."""

from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer

from newsreel.errors import BadInput


class Loader(Composer, yaml.CSafeLoader):
    """Reads in C, since what defines a workflow has 180,000 lines, and puts together in Python: of a file that is nested too
    deeply that says so, where C ends the process."""

    def __init__(self, text: str | bytes) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


def read_documents(file: Path) -> list[Any]:
    """Raises BadInput for what cannot be read, and what `documents_of` raises."""
    try:
        return documents_of(file.read_bytes(), str(file))
    except OSError as fault:
        raise BadInput(f"{file}: {(fault.strerror or str(fault)).lower()}") from fault


def documents_of(text: str | bytes, source: str) -> list[Any]:
    """All documents that are not empty; `source` is what to call the text. Raises BadInput with the line for what is no YAML."""
    try:
        return [document for document in yaml.load_all(text, Loader=Loader) if document is not None]
    except RecursionError as fault:
        raise BadInput(f"{source}: is nested too deeply to be a manifest") from fault
    except yaml.MarkedYAMLError as fault:
        place = f"{source}:{fault.problem_mark.line + 1}" if fault.problem_mark else source
        raise BadInput(f"{place}: is not YAML: {fault.problem}") from fault
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as fault:  # what PyYAML raises of 2026-99-99, or `!!bool x`
        raise BadInput(f"{source}: is not YAML: {' '.join(str(fault).split())}") from fault
