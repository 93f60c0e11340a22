"""A wrong newsreel.yaml is refused before anything is bought, with the line and what to do."""

import re
from contextlib import suppress
from copy import deepcopy

import pytest
import yaml

from cluster.controllers.manager.gke_cluster_spec import cluster_spec
from cluster.durations import speed_of, stories_a_node
from newsreel.config.file import DEFAULT, changed, read_gke_config, validate
from newsreel.config.model import GkeConfig
from newsreel.config.settings import Settings, config_text, settings_of
from newsreel.errors import BadInput
from newsreel.yaml_source import SourceTree

SOUND = DEFAULT.read_text()


def refusal(tmp_path, old, new):
    assert old in SOUND
    path = tmp_path / "newsreel.yaml"
    path.write_text(SOUND.replace(old, new, 1))
    with pytest.raises(BadInput) as refused:
        read_gke_config(path)
    return str(refused.value)


def test_the_example_is_valid_and_its_demo_takes_62_seconds():
    parameters = read_gke_config()
    cpu = speed_of(parameters, "cpu").seconds(39.9, 0)
    assert sum(cpu.values()) == pytest.approx(61.9)
    assert stories_a_node(parameters) >= 1


def test_a_typo_has_its_line_and_the_right_word(tmp_path):
    said = refusal(tmp_path, "idle_minutes", "idle_minuets")
    line = SOUND[: SOUND.index("idle_minutes")].count("\n") + 1
    assert f"newsreel.yaml:{line}: policy.idle_minuets: is unknown; did you mean 'idle_minutes'?" in said


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("most: 60", "most: -3", "must be at least 1"),
        ("warm_nodes: 0", "warm_nodes: -1", "must be at least 0"),
        ("warm_nodes: 0", "warm_nodes: 61", "policy.warm_nodes: 61 is more than the 60 nodes of l4-spot-a"),
        ("aim: 0.5", "aim: 1.5", "must be at most 1"),
        ("idle_minutes: 5", "idle_minutes: .nan", "must be a number"),
        ("away_minutes: 5", "away_minutes: 0.5", "at least two rounds"),
        ("mode: pool", "mode: pools", "'pool' or 'cluster'"),
        ("pool: l4-spot-b", "pool: l4-spot-a", "two have the same pool"),
        ("speed: gpu", "speed: warp", "no speed 'warp'"),
        (
            "quotas: {}",
            "quotas: {NVIDIA_L4_GPU: 8}",
            "NVIDIA_L4_GPU: no node pool counts against it; they do against NVIDIA_L4_GPUS",
        ),
        ("quotas: {}", "quotas: {NVIDIA_L4_GPUS: -8}", "must be at least 0"),
        ("{least: 35, usual: 55, most: 150}", "{least: 35, usual: 25, most: 150}", "least <= usual <= most"),
        ("zone: europe-west4-a", "zone: europe-west4", "'europe-west4' must be a zone of Compute Engine, such as europe-west4-a"),
        ("name: newsreel", "name: '{{workflow.name}}'", "'{{workflow.name}}' must be at most 20 lower-case letters"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(tmp_path, old, new, why):
    assert why in refusal(tmp_path, old, new)


def test_a_zone_without_the_gpu_names_those_that_have_it(tmp_path):
    said = refusal(tmp_path, "accelerator: nvidia-l4", "accelerator: nvidia-tesla-v100")
    assert "l4-spot-a: zone europe-west4-a has no nvidia-tesla-v100; it is in europe-west4-b, europe-west4-c" in said


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("warm_nodes: 0", "warm_nodes: 61", "policy.warm_nodes"),
        ("away_minutes: 5", "away_minutes: 0.5", "policy.away_minutes"),
        ("backoff_most_minutes: 60", "backoff_most_minutes: 1", "policy.backoff_most_minutes"),
        ("pool: l4-spot-b", "pool: l4-spot-a", "node_pools[1].pool"),
        ("speed: gpu", "speed: warp", "node_pools[0].speed"),
        ("accelerator: nvidia-l4", "accelerator: nvidia-tesla-v100", "node_pools[0].accelerator"),
        ("quotas: {}", "quotas: {NVIDIA_L4_GPU: 8}", "market.quotas.NVIDIA_L4_GPU"),
        ("zones: [europe-west4-a, europe-west4-b", "zones: [europe-west1-b, europe-west4-b", "site.system.zones[0]"),
    ],
)
def test_of_places_that_disagree_the_one_to_change_is_named(tmp_path, old, new, where):
    said = refusal(tmp_path, old, new)
    line = SOUND[: SOUND.index(old)].count("\n") + 1
    assert f"newsreel.yaml:{line}: {where}: " in said
    assert len(said.splitlines()) == 1


def test_all_disagreements_are_reported_at_once(tmp_path):
    path = tmp_path / "newsreel.yaml"
    path.write_text(SOUND.replace("warm_nodes: 0", "warm_nodes: 61").replace("quotas: {}", "quotas: {A: 8, B: 9}"))
    with pytest.raises(BadInput) as refused:
        read_gke_config(path)
    assert [line.split(": ")[1] for line in str(refused.value).splitlines()[1:]] == [
        "policy.warm_nodes",
        "market.quotas.A",
        "market.quotas.B",
    ]


def test_a_story_asks_for_the_label_that_every_story_pool_bears():
    shape = cluster_spec(read_gke_config())
    key, value = Settings().story_pool.selector
    pools = {pool.name: pool.config for pool in shape.node_pools}
    assert all(pools[offer.pool].labels[key] == value for offer in read_gke_config().node_pools)
    assert pools["system"].labels[key] != value
    assert {taint.key for offer in read_gke_config().node_pools for taint in pools[offer.pool].taints} <= set(
        settings_of(read_gke_config()).story_pool.tolerates
    )


def test_what_the_file_says_can_be_written_down_and_read_again(tmp_path):
    path = tmp_path / "newsreel.yaml"
    path.write_text(config_text(read_gke_config()))
    assert read_gke_config(path) == read_gke_config()


def test_every_fault_is_reported_at_once(tmp_path):
    path = tmp_path / "newsreel.yaml"
    path.write_text(SOUND.replace("most: 60", "most: 0"))
    with pytest.raises(BadInput) as refused:
        read_gke_config(path)
    assert len(str(refused.value).splitlines()) == 1 + 3


def test_values_of_the_command_line_are_checked_as_the_files():
    assert changed(read_gke_config(), policy={"wait_minutes": 5}).policy.wait_minutes == 5
    with pytest.raises(BadInput, match="wait_minutes"):
        changed(read_gke_config(), policy={"wait_minutes": -5})


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("zones: [europe-west4-a, europe-west4-b", "zones: [europe-west1-b, europe-west4-b", "is not in europe-west4"),
        ("location: europe-west4 ", "location: europe-west4-a ", "has its machines there"),
        ("pods: 10.16.0.0/14", "pods: 10.16.0.0/18", "addresses for 64 machines, node_pools and system want 186"),
        ("pods: 10.16.0.0/14", "pods: 10.0.0.0/8", "overlap"),
        ("pods: 10.16.0.0/14", "pods: 10.16.0.1/14", "'10.16.0.1/14' must be a whole block of IPv4 addresses"),
        ("nodes: 10.0.0.0/20", "nodes: 8.0.0.0/20", "not a private block"),
        ("control_plane: 172.16.0.0/28", "control_plane: 172.16.0.0/24", "must be a /28"),
        ("least: 3\n", "least: 1\n", "must be at least 3"),
        ("most: 6\n", "most: 3000\n", "must be at most 100"),
        ("hours: 4,", "hours: 2,", "must be at least 4"),
        ("days: [MO, TU, WE, TH, FR, SA, SU]", "days: [MO]", "must leave GKE 48 hours"),
        ("previews_days: 30", "previews_days: 0", "must be at least 1"),
        ("    ssds: 1 ", "    ssds: 0 ", "must be at least 1"),
        ("expected: 100/day", "expected: 100/0day", "'100/0day' must be a number of stories by time"),
        ("editors: []", "editors: [desk]", "cluster.editors[0]: 'desk' must be the e-mail address of a Google group"),
        ("  name: newsreel ", "  name: newsreel-of-the-northern-desk ", "must be at most 20 lower-case letters"),
    ],
)
def test_a_site_that_cannot_be_built_is_refused(tmp_path, old, new, why):
    assert why in refusal(tmp_path, old, new)


def places(document, path=()):
    """Where each key and each entry of the file is."""
    for part, value in document.items() if isinstance(document, dict) else enumerate(document):
        yield (*path, part)
        if isinstance(value, dict | list):
            yield from places(value, (*path, part))


def after(change):
    """The file as it comes, after `change(parent, part)` at one place."""

    def at(path):
        document = parent = deepcopy(DOCUMENT)
        for part in path[:-1]:
            parent = parent[part]
        change(parent, path[-1])
        return validate(SourceTree(value=document), "newsreel.yaml", GkeConfig)

    return at


DOCUMENT = yaml.safe_load(SOUND)
NAMED_BY_THE_FILE = re.compile(r"(work\.speeds\.\w+|work\.speeds\.\w+\.(fixed|scaled)\..+|zones\..+|market\.quotas\..+)")


def test_a_typo_in_any_key_names_the_right_word():
    def misspell(parent, part):
        parent[f"{part}x"] = parent.pop(part)

    for path in [path for path in places(DOCUMENT) if isinstance(path[-1], str)]:
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
        if not NAMED_BY_THE_FILE.fullmatch(name):
            with pytest.raises(BadInput, match=rf"{re.escape(name)}x: is unknown; did you mean '{path[-1]}'\?"):
                after(misspell)(path)


@pytest.mark.parametrize("value", [None, -1, "{{x}}", [], {}, 1e308, float("nan"), [[]], {"a": 1}], ids=repr)
def test_no_value_anywhere_is_a_defect_of_ours(value):
    def replaced(parent, part):
        parent[part] = value

    for path in places(DOCUMENT):
        with suppress(BadInput):
            after(replaced)(path)


def test_a_nested_typo_names_the_right_word(tmp_path):
    assert "site.network.podz: is unknown; did you mean 'pods'?" in refusal(tmp_path, "    pods:", "    podz:")
