"""On one machine a revision is a draft: it may be replaced by another story, and that is said."""

import json

import pytest
import yaml
from PIL import Image

from cli.main import main
from workflows import render as rendering
from workflows.local import Result

pytestmark = pytest.mark.slow

STORY = {
    "id": "budget",
    "revision": 1,
    "title": "The budget",
    "presenter": "maya",
    "voice": "heart",
    "scenes": [
        {
            "narration": "A word.",
            "headline": "A headline",
            "picture": {"file": "a.png", "credit": "Newsroom", "alt": "A square"},
        }
    ],
}


@pytest.fixture
def render(tmp_path, monkeypatch, capsys):
    """`newsreel render` of a story with this digest, the runner's work done by hand: what it prints."""
    Image.new("RGB", (640, 360), (20, 80, 120)).save(tmp_path / "a.png")
    (tmp_path / "story.yaml").write_text(yaml.safe_dump(STORY))
    monkeypatch.chdir(tmp_path)

    def newsreel(digest, revision=1):
        def run(*_):
            home = tmp_path / "out/budget"
            home.mkdir(parents=True, exist_ok=True)
            for name in ("landscape.mp4", "poster.jpg", "captions.vtt"):
                (home / name).write_bytes(b"x")
            origin = {"story_digest": digest, "software_digest": "b", "release": "c"}
            told = {"id": "budget", "revision": revision, "title": "T", "created": "2026-05-01T10:00:00Z", "files": []}
            (home / "manifest.json").write_text(json.dumps(told | {"origin": origin}))
            return Result(exit_status=0, status="Succeeded", message="", steps=(), seconds=1.0)

        monkeypatch.setattr(rendering, "run", run)
        monkeypatch.setattr("sys.argv", ["newsreel", "render", "story.yaml", "--to", "out"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    return newsreel


SAID = "revision 1 had other content here before; a bucket that has it refuses this: raise the revision"


def test_changed_story_of_same_revision_replaces_draft(render):
    assert SAID not in render("a")
    assert SAID not in render("a")
    assert SAID in render("b")


def test_other_revision_and_bad_manifest_are_ignored(render, tmp_path):
    render("a", revision=7)
    assert SAID not in render("b")
    (tmp_path / "out/budget/manifest.json").write_text("[")
    assert SAID not in render("c")
