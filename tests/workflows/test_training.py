"""`train-presenter`: sound by our rules and Argo's, and run on this machine from footage to a bundle that renders."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from cluster.manifests.emit import emit, manifests
from newsreel.config.settings import Settings
from steps import declared_steps
from tests.newsreel.presenters.made_footage import film
from workflows.lint import lint
from workflows.local import PlainDisplay
from workflows.profiles import EMBEDDED, PROFILES, STUDIO, Profile
from workflows.render import run_locally

pytestmark = pytest.mark.slow

PARSE_STRICTLY = """
import sys, yaml
from hera.shared._pydantic import APIBaseModel
APIBaseModel.model_config["extra"] = "forbid"
from hera.workflows.models import WorkflowTemplate
print(WorkflowTemplate.model_validate(yaml.safe_load(sys.stdin)).metadata.name)
"""


def template_of(profile: Profile) -> dict[str, dict]:
    document = yaml.load(manifests(profile, Settings())["train-presenter.yaml"], yaml.CSafeLoader)
    return {template["name"]: template for template in document["spec"]["templates"]}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_training_keeps_every_rule_of_a_story(profile):
    assert lint(yaml.load(manifests(profile, Settings())["train-presenter.yaml"], yaml.CSafeLoader)) == []


def test_argos_models_know_every_field_of_the_training():
    text = manifests(STUDIO, Settings())["train-presenter.yaml"]
    done = subprocess.run([sys.executable, "-c", PARSE_STRICTLY], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, "train-presenter\n"), done.stderr


def test_only_the_studios_generator_is_trained_on_a_gpu():
    for profile, wanted in ((STUDIO, {"pix2pixhd-train"}), (EMBEDDED, set())):
        limits = {
            name: one["container"]["resources"]["limits"] for name, one in template_of(profile).items() if "container" in one
        }
        assert {name for name, limit in limits.items() if "nvidia.com/gpu" in limit} == wanted


def test_training_steps_are_declared_with_their_unit():
    for name, template in template_of(EMBEDDED).items():
        if "container" in template:
            step = declared_steps()[template["container"]["args"][0]]
            assert (step.name, step.progress_unit) == (name, template["metadata"]["annotations"].get("newsreel/counts"))


def trained(home: Path, steps: str = "8") -> tuple[object, dict[str, str]]:
    emit(EMBEDDED, home / "manifests", Settings())
    given = {"footage": f"file:{home}/in/clara", "bundles": f"file:{home}/out", "steps": steps, "minutes": "5"}
    result = run_locally(
        home / "manifests",
        given,
        uid="train-clara",
        work=home / "ssd",
        # Threads that wait for each other at every layer of a small net are slow, and on a busy machine very slow.
        environment={"NEWSREEL_ADDRESSES": f"file:{home}", "NEWSREEL_KEEP_WORKSPACE": "1", "OMP_NUM_THREADS": "1"},
        template="train-presenter",
        display=PlainDisplay(io.StringIO()),
    )
    return result, {step.name: step.phase for step in result.steps}


def test_footage_becomes_a_bundle_and_is_trained_on_once(tmp_path, monkeypatch):
    folder = film(tmp_path / "in" / "clara")
    result, _ = trained(tmp_path)
    assert result.exit_status == 0, result.message
    home = tmp_path / "out" / "clara"
    assert {path.name for path in home.iterdir()} == {
        *("presenter.yaml", "footage.mp4", "landmarks.dat", "visemes.npz", "generator.pth", "training"),
    }
    assert {path.name for path in (home / "training").iterdir()} == {"samples.png", "report.json"}

    monkeypatch.setenv("NEWSREEL_PRESENTERS", str(tmp_path / "out"))
    from newsreel.presenters.bundle import load_presenter
    from steps.animate.visemes import load_visemes
    from steps.pix2pixhd.renderer import open_renderer

    presenter = load_presenter("clara")
    rest = load_visemes(presenter.visemes).rest
    assert np.allclose((rest[36] + rest[45]) / 2, 0, atol=0.02) and abs(np.linalg.norm(rest[45] - rest[36]) - 1) < 0.02
    with np.load(folder / "landmarks.npz") as file, open_renderer(presenter.generator, cores=1) as renderer:
        frames = np.concatenate([*renderer.frames(file["landmarks"][:2], presenter.size, presenter.body)])
    assert frames.shape == (2, 64, 64, 3) and frames.std() > 1

    published = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    again, _ = trained(tmp_path)
    assert again.exit_status == 0
    assert "unchanged" in (tmp_path / "ssd" / "logs" / "train-clara" / "pix2pixhd-train.log").read_text()
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()} == published


def test_footage_without_a_face_leaves_no_bundle(tmp_path):
    folder = film(tmp_path / "in" / "clara", frames=60)
    (folder / "landmarks.npz").unlink()  # 64 pixels are too few for dlib's detector
    result, steps = trained(tmp_path)
    assert (result.exit_status, steps["dlib-track"], steps["pix2pixhd-train"]) == (6, "Failed", "Omitted")
    assert "no face" in result.message and "\n" not in result.message
    assert not (tmp_path / "out").exists()
