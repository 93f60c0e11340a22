"""Later steps read the very generation that `check` has checked, whatever happens to the address meanwhile."""

import pytest
import requests

from newsreel.workspace import Workspace
from steps.__main__ import main


@pytest.fixture
def put(newsroom, bucket, gcs_server):
    """Upload the newsroom's story as it is now, and its pictures, over whatever is there; the story's address."""

    def upload(path, name, where):
        url = f"{gcs_server}/upload/storage/v1/b/{where.removeprefix('gs://')}/o?uploadType=media&name=desk/{name}"
        requests.post(url, path.read_bytes(), timeout=5).raise_for_status()

    def run(where=bucket):
        newsroom.save()
        for number in range(2):
            upload(newsroom.picture(f"{number}.png"), f"pictures/{number}.png", where)
        upload(newsroom.folder / "budget.yaml", "budget.yaml", where)
        return f"{where}/desk/budget.yaml"

    return run


@pytest.fixture
def pinned(newsroom, put):
    """The story is uploaded and checked; the address that `check` outputs."""
    assert newsroom.check(story=put()) == 0
    return (newsroom.folder / "story").read_text()


def init_story(newsroom, address):
    root = newsroom.folder / "work" / "budget"
    if not root.exists():
        Workspace.lease(root, "test")
    shards_file = str(newsroom.folder / "shards.json")
    status = main(["init-story", "--story", address, "--workspace", str(root), "--shards-file", shards_file])
    return status, root


def test_the_storys_address_has_its_generation(pinned, bucket):
    address, _, generation = pinned.partition("#")
    assert address == f"{bucket}/desk/budget.yaml"
    assert int(generation) > 0


def test_a_pinned_story_is_loaded_with_its_pictures(newsroom, pinned):
    status, root = init_story(newsroom, pinned)
    assert status == 0
    assert Workspace(root).story.title == "The budget"
    assert (root / "assets" / "01.jpg").is_file()


def test_a_story_changed_meanwhile_is_never_loaded_unchecked(newsroom, put, pinned, capsys):
    newsroom.document["title"] = "Nobody has checked this"
    put()
    capsys.readouterr()
    status, root = init_story(newsroom, pinned)
    assert status == 2
    stderr = capsys.readouterr().err
    assert stderr == f"init-story: {pinned}: was changed or removed since it was submitted; submit the story again (exit 2)\n"
    assert not (root / "story.json").exists()


def test_with_object_versions_the_checked_story_is_rendered(newsroom, put, gcs_server, monkeypatch):
    kept = {"name": "keeps-what-was", "versioning": {"enabled": True}}
    requests.post(f"{gcs_server}/storage/v1/b?project=p", json=kept, timeout=5).raise_for_status()
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"gs://keeps-what-was,file:{newsroom.folder}")
    assert newsroom.check(story=put("gs://keeps-what-was")) == 0
    handed_on = (newsroom.folder / "story").read_text()
    newsroom.document["title"] = "Nobody has checked this"
    put("gs://keeps-what-was")
    status, root = init_story(newsroom, handed_on)
    assert status == 0
    assert Workspace(root).story.title == "The budget"


def test_a_files_address_has_no_generation(newsroom):
    assert newsroom.check() == 0
    assert (newsroom.folder / "story").read_text() == newsroom.story


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("story", 'gs://desk/"; rm -rf /"'),
        ("story", "gs://desk/{{workflow.name}}"),
        ("story", "gs://desk/budget.yaml\nid: x"),
        ("story", "gs://desk/budget.yaml#latest"),
        ("story", "gs://desk#1"),
        ("story", "gs://desk/budget.yaml#-1"),
        ("story", "gs://desk/budget.yaml#99999999999999999999"),
        ("story", "--help"),
        ("finals", "gs://desk/'x'"),
        ("finals", "--help"),
        ("shards", "2; true"),
        ("shards", "{{=1+1}}"),
        ("shards", "0"),
        ("shards", "61"),
        ("shards", "\u0661"),
        ("shards", "--help"),
        ("priority", "urgent"),
        ("priority", "normal\n"),
        ("priority", "--help"),
    ],
)
def test_an_invalid_parameter_is_refused_in_one_line(newsroom, capsys, option, value):
    options = {"story": newsroom.story, "finals": newsroom.finals, "voice-system": "hibari", "outputs": newsroom.folder}
    capsys.readouterr()
    assert main(["check", *(f"--{name}={given}" for name, given in (options | {option: value}).items())]) == 2
    stderr = capsys.readouterr().err
    assert stderr.startswith("check: ")
    assert stderr.count("\n") == 1
    assert stderr.rstrip("\n").isprintable()
    assert not (newsroom.folder / "state").exists()
