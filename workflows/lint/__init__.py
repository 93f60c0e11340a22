"""Lint of emitted manifests, beyond what Argo checks: each rule is one function, and all faults are listed.

A rule is added by writing it in the module of its subject: `dag`, `parameters`, `placement` or `pods`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from newsreel.argo.documents import read_documents
from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.lint import dag, parameters, placement, pods
from workflows.lint.document import Document, Fault, Node, Rule

__all__ = ["RULES", "Fault", "Rule", "lint", "lint_files"]

RULES: tuple[Rule, ...] = tuple(
    found for module in (dag, parameters, placement, pods) for found in vars(module).values() if isinstance(found, Rule)
)


def lint_files(paths: Iterable[Path], settings: Settings | None = None) -> Iterator[Fault]:
    """Yield all faults of files, and of every `.yaml` below folders; `settings` are those they were emitted with.

    Raises BadInput for a file that is not YAML, and for a path without a manifest.
    """
    for path in paths:
        files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        documents = [(document, str(file)) for file in files for document in read_documents(file)]
        if not any(isinstance(document, dict) and document.get("kind") for document, _ in documents):
            raise BadInput(f"{path}: no manifests; run `newsreel emit`")
        for document, source in documents:
            yield from lint(document, source, settings)


def lint(document: Any, source: str = "manifest", settings: Settings | None = None) -> list[Fault]:
    """List all faults of one parsed YAML document; `source` is its name in them."""
    seen = Document(Node(document), settings or Settings())
    return [fault for rule in RULES for fault in rule.faults(seen, source)]
