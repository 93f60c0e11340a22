"""Text that is nested too deeply is refused in our own sentence, whatever the installed PyYAML does with it."""

import pytest
import yaml

from newsreel.errors import BadInput
from newsreel.story.source import read_tree
from newsreel.yaml_text import load_document, load_documents

DEEP = ["[" * 900, "[" * 5000, "- " * 5000, "- " + "{a: " * 5000, "[" * 5000 + "]" * 5000]
"""Below the 1,000 levels that PyYAML 6.0.4 reads, and beyond."""


def refusing(*_, **__):
    """A PyYAML since 6.0.4: the scanner ends."""
    raise yaml.scanner.ScannerError(
        "while increasing flow level", None, "exceeded maximum nesting depth", yaml.Mark("", 0, 2, 9, "", 0)
    )


def recursing(*_, **__):
    """A PyYAML before: nothing but the stack ends it."""
    raise RecursionError("maximum recursion depth exceeded")


@pytest.mark.parametrize("text", DEEP, ids=range(len(DEEP)))
def test_deep_nesting_is_one_fault_in_our_words(text):
    with pytest.raises(BadInput, match=r"^here\.yaml: is nested too deeply$"):
        load_documents(text, "here.yaml")
    assert list(map(str, read_tree(text.encode()).faults)) == ["1: is nested too deeply or too long"]


@pytest.mark.parametrize(("pyyaml", "line"), [(refusing, 3), (recursing, 1)])
def test_deep_nesting_reads_the_same_with_any_pyyaml(monkeypatch, pyyaml, line):
    monkeypatch.setattr(yaml, "load_all", pyyaml)
    monkeypatch.setattr(yaml, "parse", pyyaml)
    with pytest.raises(BadInput, match=r"^here\.yaml: is nested too deeply$"):
        load_documents("a: 1", "here.yaml")
    assert list(map(str, read_tree(b"a: 1").faults)) == [f"{line}: is nested too deeply or too long"]


def test_a_text_of_two_documents_is_not_one():
    with pytest.raises(BadInput, match=r"^here\.yaml: has 2 YAML documents; one is expected$"):
        load_document("a: 1\n---\nb: 2\n", "here.yaml")
    assert load_document("", "here.yaml") is None
