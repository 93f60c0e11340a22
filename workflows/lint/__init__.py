"""What a story's manifest must keep to beyond what Argo checks: each rule is one function, all faults are listed.

A rule lives in the module of its subject and is found there; adding one touches nothing else.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from newsreel.argo.documents import read_documents
from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from workflows.lint import cluster, flow, names, placement, pods, travel, wiring
from workflows.lint.document import Document, Node
from workflows.lint.rule import Fault, Rule

__all__ = ["RULES", "Fault", "Rule", "lint", "lint_files"]

RULES: tuple[Rule, ...] = tuple(
    found
    for module in (names, wiring, flow, travel, placement, pods, cluster)
    for found in vars(module).values()
    if isinstance(found, Rule)
)


def lint_files(paths: Iterable[Path], settings: Settings | None = None) -> Iterator[Fault]:
    """All faults of files, and of every `.yaml` below folders; `settings` are those they were emitted with.

    Raises BadInput for what cannot be read as YAML, and for a place without a manifest: nothing was checked there.
    """
    for path in paths:
        files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        documents = [(document, str(file)) for file in files for document in read_documents(file)]
        if not any(isinstance(document, dict) and document.get("kind") for document, _ in documents):
            raise BadInput(f"{path}: no manifests; run `newsreel emit`")
        for document, source in documents:
            yield from lint(document, source, settings)


def lint(document: Any, source: str = "manifest", settings: Settings | None = None) -> list[Fault]:
    """All faults of one document as YAML gave it; `source` is what to call it."""
    seen = Document(Node(document), settings or Settings())
    return [fault for rule in RULES for fault in rule.faults(seen, source)]
