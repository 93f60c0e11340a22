"""A story's pictures are decoded once for each trust boundary, and once more to be normalised; nothing else is ever accepted."""

from collections import Counter
from types import SimpleNamespace

import pytest
import yaml
from PIL import Image

import newsreel.story.pictures
import workflows.render
from newsreel.files import content_digest
from newsreel.workspace import Workspace
from steps.__main__ import main
from workflows.render import render


@pytest.fixture
def decoded(monkeypatch):
    """How often each picture was decoded, by the SHA-256 of its bytes."""
    counts = Counter()
    decode = newsreel.story.pictures.decode_picture

    def counting(path):
        counts[content_digest(path)] += 1
        return decode(path)

    monkeypatch.setattr(newsreel.story.pictures, "decode_picture", counting)
    return counts


@pytest.fixture
def first_steps(newsroom, monkeypatch, capsys):
    """In place of the local runner: `check` and `init-story` run in this process with the arguments of the emitted manifest."""
    between = SimpleNamespace(steps=lambda: None)
    workspace, outputs = newsroom.folder / "work" / "budget", newsroom.folder / "outputs"

    def run(manifests, parameters, settings):
        for name, value in settings.environment.items():
            monkeypatch.setenv(name, value)
        Workspace.lease(workspace, "test")
        document = yaml.safe_load((manifests / "story.yaml").read_text())
        containers = {template["name"]: template.get("container") for template in document["spec"]["templates"]}
        values = {"shards": "1"} | parameters
        for step in ("check", "init-story"):
            words = [str(word) for word in containers[step]["args"]]
            for name, value in values.items():
                words = [word.replace(f"{{{{inputs.parameters.{name}}}}}", value) for word in words]
            words = [word.replace("{{workflow.parameters.priority}}", "normal") for word in words]
            words = [word.replace("/tmp", str(outputs)) if word.startswith("/tmp") else word for word in words]
            outputs.mkdir(exist_ok=True)
            if status := main([str(workspace) if word == "/story" else word for word in words]):
                return SimpleNamespace(exit_status=status, message=capsys.readouterr().err)
            values |= {file.name: file.read_text() for file in outputs.iterdir()}
            between.steps()
        return SimpleNamespace(exit_status=9, message="the first steps are done")

    monkeypatch.setattr(workflows.render, "run", run)
    return between


def rendered(newsroom):
    return render(newsroom.folder / "budget.yaml", newsroom.folder / "out", newsroom.folder / "work")


def test_a_render_decodes_a_picture_at_the_door_and_to_normalise(newsroom, first_steps, decoded):
    assert rendered(newsroom) == 9
    assert decoded == {content_digest(newsroom.picture(f"{number}.png")): 2 for number in range(2)}
    assert (newsroom.folder / "work" / "budget" / "assets" / "01.jpg").is_file()


def test_another_picture_than_the_validated_one_is_not_taken_in(newsroom, first_steps, decoded, capsys):
    first_steps.steps = lambda: Image.new("RGB", (400, 320), "green").save(newsroom.picture("1.png"))
    assert rendered(newsroom) == 2
    assert "was changed after it had been checked" in capsys.readouterr().err
    assert not (newsroom.folder / "work" / "budget" / "story.json").exists()


def test_check_decodes_what_was_not_validated_on_this_machine(newsroom, decoded, monkeypatch):
    assert newsroom.check() == 0
    digest = (newsroom.folder / "digest").read_text()
    assert set(decoded.values()) == {1} and len(digest) == 64
    monkeypatch.setenv("NEWSREEL_VALIDATED", digest)
    assert newsroom.check() == 0
    assert set(decoded.values()) == {1}
    newsroom.picture("1.png").write_bytes(newsroom.picture("1.png").read_bytes()[:-20])
    assert newsroom.check() == 2


def test_init_story_of_a_checked_story_decodes_once(newsroom, decoded):
    root = newsroom.folder / "work" / "budget"
    Workspace.lease(root, "test")
    assert newsroom.check() == 0
    decoded.clear()
    options = ["--story", newsroom.story, "--digest", (newsroom.folder / "digest").read_text()]
    assert main(["init-story", *options, "--workspace", str(root), "--shards-file", str(newsroom.folder / "shards.json")]) == 0
    assert set(decoded.values()) == {1}
