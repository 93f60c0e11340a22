"""Emitted manifests: the same bytes everywhere, valid by Argo's and Kubernetes' schemas, equal to the golden files.

`make golden` writes the golden files anew (`golden_manifests.py`); the change is then read in the commit.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from cluster.manifests.emit import emit, manifests
from newsreel.config.model import Events, Monitoring, NodeSelection
from newsreel.config.settings import Settings
from newsreel.fingerprints import release
from newsreel.step import Resources, Step
from steps import declared_steps
from tests.workflows.golden_manifests import GOLDEN, compact, difference, emitted, expanded
from workflows.emit import HEADER
from workflows.lint import lint
from workflows.profiles import EMBEDDED, PROFILES, STUDIO, Profile

SERVICE = list(yaml.load_all(emitted("studio")["gentle.yaml"], yaml.CSafeLoader))

EMIT_TO = """
import sys
from pathlib import Path
from cluster.manifests.emit import emit
from newsreel.config.settings import Settings
from workflows.profiles import PROFILES
emit(PROFILES[sys.argv[1]], Path(sys.argv[2]), Settings())
"""

PARSE_STRICTLY = """
import sys, yaml
from hera.shared._pydantic import APIBaseModel
APIBaseModel.model_config["extra"] = "forbid"   # before any other import of Hera: its models are built on import
from hera.workflows.models import WorkflowTemplate
print(WorkflowTemplate.model_validate(yaml.safe_load(sys.stdin)).metadata.name)
"""


def story_of(profile: Profile, settings: Settings | None = None) -> dict[str, Any]:
    return yaml.load(manifests(profile, settings or Settings())["story.yaml"], yaml.CSafeLoader)


def templates_of(document: dict[str, Any]) -> dict[str, Any]:
    return {template["name"]: template for template in document["spec"]["templates"]}


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_match_their_golden_differences(profile: str) -> None:
    """With the whole installation's golden files, the differences determine every byte."""
    written_down = (GOLDEN / f"{profile}.diff").read_text()
    assert difference(profile) == written_down, "changed on purpose? `make golden`, and read the difference"
    for text in emitted(profile).values():
        assert expanded(compact(text)) == text


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_every_process_writes_the_same_bytes(seed: str, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": "Pacific/Auckland", "LANG": "C"}
    subprocess.run([sys.executable, "-c", EMIT_TO, "studio", str(tmp_path)], check=True, env=environment)
    for name, text in emitted("studio").items():
        assert (tmp_path / name).read_bytes() == text.encode()


def test_emit_leaves_no_temporary_files(tmp_path: Path) -> None:
    for _ in range(2):
        paths = emit(EMBEDDED, tmp_path / "manifests", Settings())
        assert sorted(paths) == sorted((tmp_path / "manifests").iterdir())


def test_emit_removes_its_stale_files_and_no_others(tmp_path: Path) -> None:
    before = emit(STUDIO, tmp_path, Settings(events=Events(), monitoring=Monitoring()))
    of_others = {"50-my-own.yaml": "kind: ConfigMap\n", "notes.txt": HEADER, "empty.yaml": ""}
    for name, text in of_others.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.yaml").mkdir()
    after = emit(STUDIO, tmp_path, Settings())
    assert tmp_path / "70-monitoring.yaml" in before and set(after) < set(before)
    assert {file.name for file in tmp_path.iterdir()} == {*of_others, "folder.yaml", *(path.name for path in after)}


def parse_strictly(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PARSE_STRICTLY], input=text, text=True, capture_output=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_argos_models_know_every_field(profile: str) -> None:
    parsed = parse_strictly(emitted(profile)["story.yaml"])
    assert (parsed.returncode, parsed.stdout) == (0, "story\n"), parsed.stderr


@pytest.mark.slow
def test_a_misspelt_field_is_not_parsed() -> None:
    misspelt = emitted("studio")["story.yaml"].replace("podGC:", "podGc:")
    assert "podGc" in parse_strictly(misspelt).stderr


@pytest.mark.parametrize("document", SERVICE, ids=lambda document: document["kind"])
def test_kubernetes_schemas_know_every_field_of_a_service(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, "1.34", strict=True)


def test_a_misspelt_field_of_a_service_is_refused() -> None:
    deployment = SERVICE[0] | {"spec": SERVICE[0]["spec"] | {"replicaz": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, "1.34", strict=True)


def test_a_system_is_exchanged_by_one_entry() -> None:
    other = Step(
        name="vits",
        stage="voice",
        purpose="words to voice",
        reads=("script",),
        writes=("voice",),
        image="vits",
        progress_unit="sentences",
        resources=Resources(cpu="1", memory="1Gi"),
    )
    document = story_of(STUDIO.exchanged("voice", other))
    assert lint(document) == []
    templates = templates_of(document)
    assert {"tacotron2", "waveglow"}.isdisjoint(templates)
    assert templates["vits"]["container"]["image"] == f"newsreel/vits:{release()}"
    depends = {task["name"]: task.get("depends") for task in templates["work"]["dag"]["tasks"]}
    assert (depends["vits"], depends["gentle"]) == ("init-story.Succeeded", "vits.Succeeded && g2p.Succeeded")
    assert "vits" in templates["check"]["container"]["args"]


def test_an_installation_has_its_own_names_for_things() -> None:
    settings = Settings(
        image_prefix="registry.example/news",
        ssd_root="/mnt/disks/ssd0/newsreel",
        story_pool=NodeSelection(selector=("pool", "story"), tolerates=("nvidia.com/gpu", "dedicated")),
        system_pool=NodeSelection(selector=("pool", "system"), tolerates=("CriticalAddonsOnly",)),
        addresses=("gs://a/", "gs://b/"),
        finals="gs://b/videos",
        weights="gs://a/weights.yaml",
    )
    for text in manifests(STUDIO, settings).values():
        for document in yaml.load_all(text, yaml.CSafeLoader):
            assert lint(document, settings=settings) == []
        for of_the_default in ("newsreel/core", "/var/lib/kubelet", "gke-nodepool", "newsreel/pool", "gs://newsreel"):
            assert of_the_default not in text


def test_another_installations_disk_is_no_place_for_a_story() -> None:
    faults = lint(story_of(STUDIO, Settings(ssd_root="/home")))
    assert {fault.rule for fault in faults} == {"host_path_is_a_storys", "directory_is_the_workflows_own"}


def test_only_what_has_to_do_with_buckets_may_reach_them() -> None:
    accounts = {name: template.get("serviceAccountName") for name, template in templates_of(story_of(STUDIO)).items()}
    assert {name for name, account in accounts.items() if account} == {"check", "init-story", "publish", "report"}


@pytest.mark.parametrize(("profile", "on_gpu"), [(STUDIO, {"tacotron2", "waveglow", "pix2pixhd"}), (EMBEDDED, set())])
def test_a_gpu_goes_to_the_systems_that_need_one(profile: Profile, on_gpu: set[str]) -> None:
    limits = {
        name: template["container"]["resources"]["limits"]
        for name, template in templates_of(story_of(profile)).items()
        if "container" in template
    }
    assert {name for name, limit in limits.items() if "nvidia.com/gpu" in limit} == on_gpu


def test_a_profile_has_a_step_for_each_stage() -> None:
    for profile in PROFILES.values():
        stages = {step.stage for step in profile.steps}
        assert stages == {"voice", "alignment", "phonemes", "landmarks", "motion", "generator", "composition"}
        assert profile.voice.name == {"studio": "tacotron2", "embedded": "hibari"}[profile.name]


EVERY_TEMPLATE = [
    template
    for profile in PROFILES.values()
    for name in ("story.yaml", "train-presenter.yaml")
    for template in yaml.load(manifests(profile, Settings())[name], yaml.CSafeLoader)["spec"]["templates"]
]


@pytest.mark.parametrize("template", EVERY_TEMPLATE, ids=lambda template: template["name"])
def test_a_container_runs_a_step_that_there_is(template: dict[str, Any]) -> None:
    if "container" in template:
        assert template["container"]["command"] == ["python", "-m", "steps"]
        assert template["container"]["args"][0] in declared_steps()
