"""Every environment variable of the product is in the table, and the table has no other."""

import ast
import re
from pathlib import Path

from newsreel.environment import VARIABLES, markdown_table

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"(NEWSREEL|NEWSROOM|GENTLE|KUBERNETES)_[A-Z_]+|[A-Z]+_(URL|EMULATOR_HOST)|ARGO_PROGRESS_FILE|KUBECONFIG")


def named_in_the_product():
    for room in ("newsreel", "steps", "workflows", "cluster", "cli"):
        for path in (ROOT / room).rglob("*.py"):
            if path != ROOT / "newsreel" / "environment.py":
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                        yield node.value


def test_each_variable_of_the_product_is_listed():
    assert set(named_in_the_product()) == {variable.name for variable in VARIABLES}


def test_the_table_has_a_row_for_each_variable():
    assert len(markdown_table().splitlines()) == 2 + len(VARIABLES) == 2 + len({variable.name for variable in VARIABLES})
