"""A file of manifests is its documents, or one line that says why it is none: for lint, runner, picture and apply alike."""

import pytest

from newsreel.argo.documents import documents_of, read_documents
from newsreel.errors import BadInput

WRONG = {
    "a: b\nc: [\n": "story.yaml:3: is not YAML: did not find expected node content",
    "a: 1\nb: *c\n": "story.yaml:2: is not YAML: found undefined alias 'c'",
    "a: !!python/object:os.system 1": "story.yaml:1: is not YAML: could not determine a constructor for the tag",
    "a: 2026-99-99": "story.yaml: is not YAML: month must be in 1..12",
    "a: !!bool perhaps": "story.yaml: is not YAML: ",
    "a: !!timestamp soon": "story.yaml: is not YAML: ",
    "a: \0": "story.yaml: is not YAML: unacceptable character",
    b"\x89PNG\r\n\x1a\n\xff": "story.yaml: is not YAML: unacceptable character",
    "[" * 100_000: "story.yaml: is nested too deeply",
    "- " * 100_000: "story.yaml: is nested too deeply",
}


@pytest.mark.parametrize(("text", "told"), WRONG.items(), ids=[told.partition("story.yaml")[2][:40] for told in WRONG.values()])
def test_invalid_yaml_is_one_line_and_ends_no_process(text, told):
    with pytest.raises(BadInput) as refused:
        documents_of(text, "story.yaml")
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)


def test_empty_documents_are_none():
    assert documents_of("---\n---\nkind: Pod\n---\n# nothing\n", "story.yaml") == [{"kind": "Pod"}]


def test_an_unreadable_file_is_one_line(tmp_path):
    with pytest.raises(BadInput, match=r"none\.yaml: no such file or directory"):
        read_documents(tmp_path / "none.yaml")
    with pytest.raises(BadInput, match="is a directory"):
        read_documents(tmp_path)
