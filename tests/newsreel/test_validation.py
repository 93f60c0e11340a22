"""Errors of strict models in our words: file, line, path and what to write instead."""

import re
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field, RootModel

from newsreel.errors import BadInput
from newsreel.validation import Matches, OneOf, StrictModel, known_fields, parse_document


class Node(StrictModel, allow_inf_nan=False):
    machine: Annotated[str, Matches("^[a-z0-9-]+$", "must be a machine's name")]
    hours: Annotated[float, Field(gt=0, lt=24)] = 1
    spot: bool = False
    since: AwareDatetime | None = None


class Cluster(StrictModel):
    name: Annotated[str, Field(min_length=3, max_length=8)]
    zone: Annotated[str, OneOf("zone", frozenset({"a", "b"}))] = "a"
    mode: Literal["inside", "outside"] = "inside"
    nodes: Annotated[list[Node], Field(max_length=2)] = Field(default=[])
    limits: dict[str, Node] = Field(default={})


class Clusters(RootModel[dict[str, Cluster]]):
    pass


def faults(text, model=Cluster):
    with pytest.raises(BadInput) as refused:
        parse_document(text.encode(), "c.yaml", model)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "c.yaml:1: name: is missing"),
        ("name: ab", "c.yaml:1: name: must be at least 3 characters, has 2"),
        ("name: abc\nzone: c", "c.yaml:2: zone: unknown zone 'c'; known: a, b"),
        ("name: abc\nmode: none", "c.yaml:2: mode: must be 'inside' or 'outside'"),
        ("name: abc\nzon: a", "c.yaml:2: zon: is unknown; did you mean 'zone'?"),
        ("name: abc\ncolour: a", "c.yaml:2: colour: is unknown; known: name, zone, mode, nodes, limits"),
        ("name: abc\nnodes: a", "c.yaml:2: nodes: must be a list; begin each entry with '- '"),
        ("name: abc\nnodes:\n- machine: N 2", "c.yaml:3: nodes[0].machine: must be a machine's name"),
        ("name: abc\nnodes:\n- machine: n2\n  hour: 2", "c.yaml:4: nodes[0].hour: is unknown; did you mean 'hours'?"),
        ("name: abc\nlimits:\n  x: {machine: n2, spots: yes}", "c.yaml:3: limits.x.spots: is unknown; did you mean 'spot'?"),
        ("name: abc\nlimits:\n  x: {machine: n2, spot: maybe}", "c.yaml:3: limits.x.spot: must be true or false"),
        ("name: abc\nnodes: [{machine: n2, hours: 0}]", "c.yaml:2: nodes[0].hours: must be more than 0"),
        ("name: abc\nnodes: [{machine: n2, hours: 24}]", "c.yaml:2: nodes[0].hours: must be less than 24"),
        ("name: abc\nnodes: [{machine: n2, hours: long}]", "c.yaml:2: nodes[0].hours: must be a number"),
        ("name: abc\nnodes: [{machine: n2, since: 2026-05-03 12:00}]", "c.yaml:2: nodes[0].since: must be a date and time"),
        ("name: abc\nnodes: [{machine: a}, {machine: b}, {machine: c}]", "c.yaml:2: nodes: must be at most 2 entries, has 3"),
        ("- a", "c.yaml:1: must be keys with values, one a line"),
        ("name: [", "c.yaml:"),
    ],
)
def test_a_fault_has_its_line_path_and_remedy(text, expected):
    (line,) = faults(text)
    assert line.startswith(expected)


def test_fields_of_a_root_models_entries_are_known():
    assert known_fields(Clusters, ("a", "nodes", 0)) == ["machine", "hours", "spot", "since"]
    assert faults("a: {name: abc, zon: b}", Clusters) == ["c.yaml:1: a.zon: is unknown; did you mean 'zone'?"]


SCALARS = st.none() | st.booleans() | st.integers(-3, 30) | st.sampled_from(["abc", "n2", "x", "", "2026-05-03 00:00:00"])
KEYS = st.sampled_from([*Cluster.model_fields, *Node.model_fields])


@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=12))
def test_no_fault_shows_pydantics_words(value):
    text = str(value).replace("None", "null").replace("True", "true").replace("False", "false")
    try:
        parse_document(text.encode(), "c.yaml", Cluster)
    except BadInput as fault:
        assert not re.search("should|[Ii]nput|validation|pydantic|is not valid", str(fault)), str(fault)
