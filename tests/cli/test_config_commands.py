"""`newsreel config` and `newsreel schema --config`: two old files become one, and no value is lost unsaid."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from newsreel.config.file import DEFAULT, read_config, read_gke_config
from newsreel.config.model import GkeConfig
from newsreel.config.settings import settings_of
from tests.workflows.golden_manifests import WHOLE_SETTINGS

OLD = Path(__file__).parent / "old_configuration"
"""The two files as the release before had them: the whole installation of the golden tests, and its example of pool.yaml."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in OLD.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.fixture
def newsreel(monkeypatch, capsys):
    """Run it as a shell would; its exit status, standard output and standard error."""

    def run(*arguments):
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["newsreel", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def in_its_place(folder):
    """pool.yaml where the repository had it."""
    (folder / "cluster").mkdir()
    (folder / "pool.yaml").rename(folder / "cluster" / "pool.yaml")


def test_the_two_files_become_one_that_means_the_same(folder, newsreel):
    status, said, _ = newsreel("config", "migrate")
    assert status == 0 and "newsreel.yaml: 145 values of settings.yaml and pool.yaml; their comments are not in it\n" in said
    assert {"offers -> node_pools", "site.kept -> site.retention", "google_account -> storage.google_account"} < set(
        said.split("\n")
    )
    settings = settings_of(read_config(folder / "newsreel.yaml"))
    newsroom = settings.newsroom.model_copy(update={"admits": WHOLE_SETTINGS.newsroom.admits})
    assert replace(settings, newsroom=newsroom, config=WHOLE_SETTINGS.config) == WHOLE_SETTINGS
    assert newsreel("config", "check", "newsreel.yaml")[:2] == (0, "newsreel.yaml: no fault\n")


def test_former_options_read_former_files_for_one_release(folder, newsreel):
    status, _, said = newsreel("emit", "--settings", "settings.yaml", "--into", "former")
    assert status == 0
    assert said == (
        "--settings is now --config; the old name goes with the next release\n"
        "settings.yaml: is read as of earlier releases, until the next; newsreel config migrate makes a newsreel.yaml of it\n"
    )
    assert newsreel("config", "migrate")[0] == 0
    assert newsreel("emit", "--config", "newsreel.yaml", "--into", "present")[0] == 0
    former = {path.name: path.read_text() for path in (folder / "former" / "embedded").iterdir()}
    assert former == {path.name: path.read_text() for path in (folder / "present" / "embedded").iterdir()}
    assert newsreel("simulate", "--stories", "10/day", "--parameters", "pool.yaml")[0] == 0


def test_the_present_option_refuses_a_former_file(folder, newsreel):
    status, _, said = newsreel("emit", "--config", "settings.yaml", "--into", "m")
    assert status == 2 and "newsreel config migrate makes a newsreel.yaml of them (exit 2)" in said


def test_pool_yaml_alone_becomes_the_example(folder, newsreel):
    (folder / "settings.yaml").unlink()
    in_its_place(folder)
    status, said, _ = newsreel("config", "migrate", "--to", "new.yaml")
    assert status == 0 and said.startswith("new.yaml: 115 values of cluster/pool.yaml;")
    assert read_gke_config(folder / "new.yaml") == read_gke_config(DEFAULT)


def test_settings_yaml_alone_becomes_an_installation_without_gke(folder, newsreel):
    (folder / "settings.yaml").write_text(
        "namespace: video\nprices: USD l4-a=0.92\nevents: {submitter_account: newsreel-submitter}\n"
    )
    in_its_place(folder)
    assert newsreel("config", "migrate")[0] == 0
    config = read_config(folder / "newsreel.yaml")
    assert not isinstance(config, GkeConfig) and config.cluster.namespace == "video" and config.events is not None
    assert settings_of(config).prices == "USD l4-a=0.92"


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("settings.yaml", "monitoring", "step_account: steps\nmonitoring", "step_account: 'steps' is now always 'newsreel-step'"),
        (
            "settings.yaml",
            "  project: news",
            "  project: news\n  bus_version: 2.9.1",
            "events.bus_version: '2.9.1' is now",
        ),
        ("settings.yaml", "monitoring", "gpus_a_node: 4\nmonitoring", "gpus_a_node: 4 is now always 1"),
        ("settings.yaml", "monitoring", "namespace: video\nmonitoring", "is 'video' in one file and 'newsreel' in the other"),
        ("settings.yaml", "monitoring", "namespaze: video\nmonitoring", "namespaze: is unknown"),
        ("settings.yaml", "done_topic: projects", "done_topic: [projects", "settings.yaml:"),
        ("pool.yaml", "aim: 0.5", "aim: 2", "policy.aim: must be at most 1"),
        ("pool.yaml", "mode: pool", "mode: cluster", "manager: in mode `cluster`"),
    ],
)
def test_a_value_that_would_be_lost_stops_the_migration(folder, newsreel, file, old, new, told):
    change(folder / file, old, new)
    status, _, said = newsreel("config", "migrate")
    assert status == 2 and told in said
    assert not (folder / "newsreel.yaml").exists()


def test_migrate_overwrites_nothing_and_needs_a_file(folder, newsreel):
    (folder / "newsreel.yaml").write_text("mine")
    assert newsreel("config", "migrate") == (
        2,
        "",
        "newsreel.yaml: is there already; --to names another file, or remove it (exit 2)\n",
    )
    (folder / "settings.yaml").unlink()
    assert "neither settings.yaml nor cluster/pool.yaml is here" in newsreel("config", "migrate", "--to", "new.yaml")[2]


def test_check_lists_every_fault_of_a_file(folder, newsreel):
    (folder / "newsreel.yaml").write_text("cluster:\n  namespace: Bad Name\nstorage: {port: 0}\n")
    status, _, said = newsreel("config", "check", "newsreel.yaml")
    assert status == 2 and "newsreel.yaml:2: cluster.namespace: 'Bad Name' must" in said
    assert "newsreel.yaml:3: storage.port: must be at least 1" in said


def test_schema_of_the_configuration_describes_its_groups(newsreel):
    status, said, _ = newsreel("schema", "--config")
    schema = json.loads(said)
    assert status == 0 and {"cluster", "site", "node_pools", "policy", "storage", "newsroom"} <= schema["properties"].keys()
    assert schema["$defs"]["Policy"]["properties"]["wait_minutes"]["description"] == "The longest a story should wait for a node."


@pytest.mark.parametrize(
    ("arguments", "former"),
    [
        (["emit", "--settings", "none.yaml"], "--settings"),
        (["lint", "--settings", "none.yaml"], "--settings"),
        (["simulate", "--stories", "1/day", "--parameters", "none.yaml"], "--parameters"),
        (["plan", "--stories", "1/day", "--parameters", "none.yaml"], "--parameters"),
    ],
)
def test_the_former_names_of_config_work_and_say_so(folder, newsreel, arguments, former):
    status, _, said = newsreel(*arguments)
    assert status == 2
    assert (
        said
        == f"{former} is now --config; the old name goes with the next release\nnone.yaml: no such file or directory (exit 2)\n"
    )
