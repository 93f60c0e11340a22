"""`init-story`: writes what the steps read, and only what has changed."""

import json

import pytest
from PIL import Image

from newsreel.artifacts import Script
from newsreel.workspace import Workspace


@pytest.fixture
def root(newsroom):
    root = newsroom.folder / "work" / "budget"
    Workspace.lease(root, "test")
    return root


def times(root):
    return {
        str(path.relative_to(root)): path.stat().st_mtime_ns
        for folder in ("assets", "script")
        for path in (root / folder).iterdir()
    } | {name: (root / name).stat().st_mtime_ns for name in ("story.json", "origin.json")}


def test_everything_the_steps_read_is_written(newsroom, root):
    assert newsroom.init_story(root) == 0
    assert Workspace(root).story.id == "budget"
    with Image.open(root / "assets" / "01.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (400, 320))
    script = Script.model_validate_json((root / "script" / "00.json").read_bytes())
    assert script.transcript.startswith("the council agreed on part")


def test_a_second_run_writes_nothing(newsroom, root):
    newsroom.init_story(root)
    before = times(root)
    assert newsroom.init_story(root) == 0
    assert times(root) == before


def test_only_what_changed_is_written(newsroom, root):
    newsroom.init_story(root)
    before = times(root)
    Image.new("RGB", (400, 320), "green").save(newsroom.picture("1.png"))
    newsroom.document["scenes"][0]["narration"] = "Something else happened."
    newsroom.init_story(root)
    after = times(root)
    assert {name for name in before if before[name] != after[name]} == {
        "assets/01.jpg",
        "script/00.json",
        "story.json",
        "origin.json",
    }


@pytest.mark.parametrize(("asked", "given"), [(1, ["0/1"]), (3, ["0/3", "1/3", "2/3"])])
def test_the_number_of_shards_is_the_requested_one(newsroom, root, asked, given):
    newsroom.init_story(root, shards=asked)
    assert json.loads((newsroom.folder / "shards.json").read_text()) == given


def test_a_workspace_of_a_later_revision_is_a_conflict(newsroom, root, capsys):
    newsroom.document["revision"] = 2
    newsroom.init_story(root)
    held = (root / "story.json").read_text()
    newsroom.document["revision"] = 1
    assert newsroom.init_story(root) == 3
    assert "holds revision 2 of budget, the story is revision 1" in capsys.readouterr().err
    assert (root / "story.json").read_text() == held


def test_a_workspace_of_another_story_is_a_conflict(newsroom, root, capsys):
    newsroom.init_story(root)
    newsroom.document["id"] = "weather"
    assert newsroom.init_story(root) == 3
    assert "holds story budget, not weather" in capsys.readouterr().err


def test_a_damaged_workspace_is_a_conflict(newsroom, root, capsys):
    (root / "story.json").write_text("{}")
    assert newsroom.init_story(root) == 3
    assert "use another workspace" in capsys.readouterr().err


def test_a_story_invalid_after_check_changes_nothing(newsroom, root):
    newsroom.init_story(root)
    before = times(root)
    newsroom.picture("1.png").write_bytes(b"not a picture")
    assert newsroom.init_story(root) == 2
    assert times(root) == before


def test_a_directory_without_an_anchor_is_refused(newsroom, capsys):
    (newsroom.folder / "bare").mkdir()
    assert newsroom.init_story(newsroom.folder / "bare") == 2
    assert "resubmit the story" in capsys.readouterr().err
