"""The local runner is independent: it imports the standard library, PyYAML, pydantic and rich, and nothing of newsreel."""

import ast
import sys
from pathlib import Path

import pytest

import workflows.local

MODULES = sorted(Path(workflows.local.__file__).parent.glob("*.py"))
ALLOWED = {*sys.stdlib_module_names, "yaml", "pydantic", "pydantic_core", "rich"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_nothing_of_newsreel_is_imported(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] in ALLOWED or name.startswith("workflows.local."), f"imports {name}"
