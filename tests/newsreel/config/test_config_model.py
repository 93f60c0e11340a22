"""One model of newsreel.yaml: the example shows all of it, each field is described, and no fault is in pydantic's words."""

import re
from copy import deepcopy
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from newsreel.config.file import DEFAULT, parse_config, read_gke_config, validate
from newsreel.config.model import Config, GkeConfig
from newsreel.config.settings import config_text, settings_of
from newsreel.errors import BadInput
from newsreel.yaml_source import SourceTree

EXAMPLE = DEFAULT.read_text()
UNCOMMENTED = re.sub(r"(?m)^(\s*)# (\s*[\w-]+:)", r"\1\2", EXAMPLE)
DOCUMENT = yaml.safe_load(UNCOMMENTED)
"""The example with all that it shows in comments."""
PYDANTICS_WORDS = re.compile(
    r"[Ii]nput should|should be|should have|should match|[Vv]alue error|[Vv]alidation error|[Ff]ield required|is not valid \(|"
    r"[Ee]xtra inputs|[Uu]nable to|pydantic|type="
)
WRONG: tuple[Any, ...] = (
    None,
    -1,
    10**12,
    1.5,
    True,
    "{{x}}",
    "",
    "a b",
    [],
    ["a b"],
    [[]],
    {},
    {"a b": -1},
    float("nan"),
    [None],
)


def record_in(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for each in get_args(kind) if (found := record_in(each))), None)


def fields_below(model: type[BaseModel], path: tuple[str, ...] = ()) -> Any:
    for name, field in model.model_fields.items():
        yield (*path, name), field
        if record := record_in(field.annotation):
            yield from fields_below(record, (*path, name))


FIELDS = dict(fields_below(Config))


def places(document: Any, path: tuple[Any, ...] = ()) -> Any:
    for part, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*path, part)
        if isinstance(value, dict | list):
            yield from places(value, (*path, part))


def changed_at(path: tuple[Any, ...], value: Any) -> Any:
    document = parent = deepcopy(DOCUMENT)
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return document


def test_the_example_shows_every_field_of_the_model():
    shown = {tuple(part for part in path if isinstance(part, str)) for path in places(DOCUMENT)}
    named_by_the_file = {("work", "speeds", *path[2:]) for path in FIELDS if path[:2] == ("work", "speeds")}
    shown |= {("work", "speeds", *path[3:]) for path in shown if path[:2] == ("work", "speeds")}
    assert named_by_the_file and set(FIELDS) - shown == set()


def test_the_example_is_valid_with_and_without_its_comments():
    assert parse_config(UNCOMMENTED.encode(), "newsreel.yaml").newsroom is not None
    assert read_gke_config().newsroom is None


def test_the_example_says_the_defaults_where_there_are_any():
    shortest = {"cluster": {"project": "my-project", "location": "europe-west4", "name": "newsreel"}}
    example = yaml.safe_load(EXAMPLE)
    shortest |= {"site": {"system": {"zones": example["site"]["system"]["zones"]}}}
    shortest |= {name: example[name] for name in ("node_pools", "zones")}
    assert validate(SourceTree(value=shortest), "", GkeConfig) == read_gke_config()


def test_the_comments_of_the_example_show_what_gke_derives():
    document = deepcopy(DOCUMENT)
    for group, name in (("prices", "nodes"), ("story", "at_once"), ("placement", "story_pool"), ("placement", "system_pool")):
        del document[group][name]
    full, derived = settings_of(validate(SourceTree(value=document), "", GkeConfig)), settings_of(read_gke_config())
    own = {"newsroom", "webhook", "webhook_receivers", "webhook_addresses", "archive_host", "newsroom_url", "events", "config"}
    for name in vars(derived).keys() - own:
        assert getattr(full, name) == getattr(derived, name), name
    assert full.events.model_copy(update={"storage_class": None}) == derived.events


def test_every_field_has_a_description_of_one_line():
    for path, field in FIELDS.items():
        assert field.description and "\n" not in field.description and len(field.description) <= 130, path


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_no_fault_of_any_field_is_in_pydantics_words(value):
    for path in places(DOCUMENT):
        try:
            validate(SourceTree(value=changed_at(path, value)), "newsreel.yaml", GkeConfig)
        except BadInput as refused:
            assert not PYDANTICS_WORDS.search(str(refused)), (path, str(refused))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("node_pools: [{machine: g2_standard_8}]", "machine: 'g2_standard_8' must be a machine type of Compute Engine"),
        ("node_pools: [{zone: europe-west-4a}]", "zone: 'europe-west-4a' must be a zone of Compute Engine, such as"),
        ("zones: {europe: [nvidia-l4]}", "zones.europe: 'europe' must be a zone of Compute Engine, such as"),
        ("cluster: {project: p, location: x, name: y}", "cluster.location: 'x' must be a region or zone of Compute Engine"),
        ("node_pools: []\ncluster: {name: a}", "cluster.name: is of a cluster on GKE: `site` must be there"),
    ],
)
def test_a_misspelt_zone_or_machine_has_an_example(text, told):
    with pytest.raises(BadInput) as refused:
        parse_config(text.encode(), "newsreel.yaml")
    assert told in str(refused.value)


def test_null_is_none_where_gke_would_derive_a_value():
    settings = settings_of(parse_config(f"{EXAMPLE}storage: {{units: null}}\nmanager: null\n".encode(), "newsreel.yaml"))
    assert settings.units is None and settings.manager is None and settings.events is not None
    assert settings.finals == "gs://my-project-newsreel-finals"


def test_nothing_that_is_derived_is_written_into_the_text():
    assert parse_config(config_text(read_gke_config()).encode(), "newsreel.yaml") == read_gke_config()
    assert "gs://" not in config_text(read_gke_config())


@pytest.mark.parametrize("text", ["offers: []\nsite: {}\n", "image_prefix: a\n", "namespace: video\nevents: {}\n"])
def test_a_file_of_earlier_releases_names_the_command_to_migrate(text):
    with pytest.raises(BadInput, match=r"^newsreel\.yaml: '\w+' is of settings\.yaml or pool\.yaml: newsreel config migrate"):
        parse_config(text.encode(), "newsreel.yaml")


def test_the_json_schema_accepts_the_example_and_no_typo():
    schema = Draft202012Validator(Config.model_json_schema())
    assert list(schema.iter_errors(DOCUMENT)) == []
    for path, value in ((("cluster", "namespace"), "a Bad Name b"), (("policy", "aim"), 2), (("story", "disk"), "40Gi!")):
        [fault] = schema.iter_errors(changed_at(path, value))
        assert tuple(fault.absolute_path) == path
