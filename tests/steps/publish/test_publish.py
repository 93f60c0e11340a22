"""`publish`: whole or not at all, the manifest last, the same twice, never over somebody else's."""

import hashlib
import json

import pytest

from newsreel.errors import Unavailable
from newsreel.storage.address import Address
from newsreel.storage.publication import Manifest
from newsreel.storage.store import Storage


def manifest_at(address):
    return Manifest.model_validate_json(Storage.from_environment().read(Address.parse(address), at_most=100_000))


@pytest.fixture
def stops_at(monkeypatch):
    """Let storage fail at the n-th file that is written, as a killed process or a lost network would."""

    def arm(method, number):
        honest, count = getattr(Storage, method), iter(range(1000))

        def failing(self, *arguments):
            if next(count) == number:
                raise Unavailable("the network is gone")
            return honest(self, *arguments)

        monkeypatch.setattr(Storage, method, failing)

    return arm


def test_a_folder_gets_the_video_and_a_manifest_that_fits(newsroom):
    assert newsroom.publish(newsroom.finished_workspace()) == 0
    assert sorted(path.name for path in newsroom.out.iterdir()) == [
        "captions.vtt",
        "landscape.mp4",
        "manifest.json",
        "poster.jpg",
        "report.html",
        "sheet.jpg",
        "story.json",
    ]
    manifest = manifest_at(f"{newsroom.finals}/budget/manifest.json")
    assert (manifest.id, manifest.revision, manifest.title) == ("budget", 1, "The budget")
    for file in manifest.files:
        content = (newsroom.out / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_what_a_video_has_taken_is_told_once_and_publishing_it_again_takes_nothing_more(newsroom, monkeypatch):
    monkeypatch.setenv("NEWSREEL_PRICES", "USD l4-a=3600")
    workspace = newsroom.finished_workspace()
    node = ("--node", "gke-newsreel-l4-a-1a2b3c4d-x7k9")
    assert newsroom.publish(workspace, options=node) == 0
    first = manifest_at(f"{newsroom.finals}/budget/manifest.json")
    assert first.usage.cost == pytest.approx(first.usage.node_seconds, abs=0.06)
    assert first.usage.bytes == sum(file.size for file in first.files if file.name != "report.html")
    assert newsroom.publish(workspace, options=node) == 0
    assert manifest_at(f"{newsroom.finals}/budget/manifest.json") == first


def test_a_bucket_gets_each_revision_in_a_folder_of_its_own(newsroom, bucket):
    assert newsroom.publish(newsroom.finished_workspace(), bucket) == 0
    newsroom.document["revision"] = 2
    assert newsroom.publish(newsroom.finished_workspace(), bucket) == 0
    names = Storage.from_environment().names(Address.parse(bucket))
    assert {"budget/r1/manifest.json", "budget/r2/manifest.json"} < set(names)
    manifest = manifest_at(f"{bucket}/budget/r1/manifest.json")
    assert manifest.file("landscape.mp4").content_type == "video/mp4"
    assert {f"budget/r1/{file.path}" for file in manifest.files} < set(names)


@pytest.mark.parametrize("kind", ["file", "gs"])
def test_publishing_twice_changes_nothing(newsroom, bucket, kind):
    finals = bucket if kind == "gs" else newsroom.finals
    where = f"{finals}/budget/r1/manifest.json" if kind == "gs" else f"{finals}/budget/manifest.json"
    workspace = newsroom.finished_workspace()
    newsroom.publish(workspace, finals)
    first = manifest_at(where)
    assert newsroom.publish(workspace, finals) == 0
    assert manifest_at(where) == first


@pytest.mark.parametrize("number", range(7))
def test_a_reader_never_sees_half_a_video_in_a_folder(newsroom, stops_at, number, capsys):
    newsroom.publish(newsroom.finished_workspace())
    newer = newsroom.finished_workspace("again", poster=b"another poster")
    stops_at("replace", number)
    assert newsroom.publish(newer) == 75
    assert "the network is gone" in capsys.readouterr().err
    assert not (newsroom.out / "manifest.json").exists()


@pytest.mark.parametrize("number", range(7))
def test_publishing_goes_on_where_it_stopped(newsroom, bucket, stops_at, number):
    workspace = newsroom.finished_workspace()
    stops_at("create", number)
    assert newsroom.publish(workspace, bucket) == 75
    assert "budget/r1/manifest.json" not in Storage.from_environment().names(Address.parse(bucket))
    assert newsroom.publish(workspace, bucket) == 0
    assert manifest_at(f"{bucket}/budget/r1/manifest.json").file("poster.jpg")


def test_a_second_run_of_the_same_story_finds_it_published_and_ends(newsroom, bucket):
    newsroom.publish(newsroom.finished_workspace("first"), bucket)
    before = manifest_at(f"{bucket}/budget/r1/manifest.json")
    assert newsroom.publish(newsroom.finished_workspace("second", poster=b"rendered a little differently"), bucket) == 0
    assert manifest_at(f"{bucket}/budget/r1/manifest.json") == before


def test_a_run_that_died_half_way_does_not_stand_in_the_way_of_the_next(newsroom, bucket, stops_at):
    stops_at("create", 3)
    assert newsroom.publish(newsroom.finished_workspace("first"), bucket) == 75
    second = newsroom.finished_workspace("second", poster=b"rendered a little differently")
    assert newsroom.publish(second, bucket) == 0
    storage = Storage.from_environment()
    poster = manifest_at(f"{bucket}/budget/r1/manifest.json").file("poster.jpg")
    assert storage.read(Address.parse(f"{bucket}/budget/r1/{poster.path}"), at_most=100) == b"rendered a little differently"


def test_another_story_under_the_same_revision_is_a_conflict(newsroom, bucket, capsys):
    newsroom.publish(newsroom.finished_workspace("first"), bucket)
    before = Storage.from_environment().names(Address.parse(bucket))
    newsroom.document["title"] = "Another budget"
    assert newsroom.publish(newsroom.finished_workspace("second"), bucket) == 3
    assert "published with other content; raise the revision" in capsys.readouterr().err
    assert Storage.from_environment().names(Address.parse(bucket)) == before


@pytest.mark.parametrize("kind", ["file", "gs"])
def test_a_newer_revision_is_not_overtaken(newsroom, bucket, kind, capsys):
    finals = bucket if kind == "gs" else newsroom.finals
    old = newsroom.finished_workspace("old")
    newsroom.document["revision"] = 2
    newsroom.publish(newsroom.finished_workspace("new"), finals)
    assert newsroom.publish(old, finals) == 3
    assert "revision 2 of budget is published meanwhile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("landscape.mp4", None, "is missing or empty"),
        ("landscape.mp4", b"", "is missing or empty"),
        ("landscape.mp4", b"not a video at all", "is cut short"),
        ("landscape.mp4", "cut", "is cut short"),
        ("landscape.mp4", "index last", "its index comes last"),
        ("landscape.mp4", b"\0\0\0\x08free", "is not a whole MP4"),
        ("captions.vtt", None, "is missing or empty"),
        ("contents.json", None, "is missing or empty"),
    ],
)
def test_what_is_no_video_is_not_published(newsroom, capsys, name, content, expected):
    workspace = newsroom.finished_workspace()
    path = workspace / "final" / name
    whole = path.read_bytes()
    if content is None:
        path.unlink()
    elif content == "cut":
        path.write_bytes(whole[:-1])
    elif content == "index last":
        path.write_bytes(whole[:12] + whole[60:] + whole[12:60])
    else:
        path.write_bytes(content)
    assert newsroom.publish(workspace) == 2
    assert expected in capsys.readouterr().err
    assert not newsroom.out.exists()


def test_publishing_outside_the_allowed_addresses_is_refused(newsroom, tmp_path, capsys):
    assert newsroom.publish(newsroom.finished_workspace(), f"file:{tmp_path}/elsewhere") == 2
    assert "outside the allowed addresses" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()


def test_a_strangers_manifest_is_not_overwritten(newsroom, capsys):
    newsroom.out.mkdir(parents=True)
    (newsroom.out / "manifest.json").write_text(json.dumps({"name": "a web app"}))
    assert newsroom.publish(newsroom.finished_workspace()) == 3
    assert "is not a manifest of newsreel" in capsys.readouterr().err
    assert [path.name for path in newsroom.out.iterdir()] == ["manifest.json"]
