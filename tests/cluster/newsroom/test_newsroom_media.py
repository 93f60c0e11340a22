"""The finished video comes back whole, in ranges, and nothing else comes with it."""

import pytest
from writing import publish

FILM = bytes(range(256)) * 40
FILES = {
    "landscape.mp4": (FILM, "video/mp4"),
    "captions.vtt": (b"WEBVTT\n", "text/vtt; charset=utf-8"),
    "report.html": (b"<script>alert(1)</script>", "text/html; charset=utf-8"),
    "notes.html": (b"<script>alert(2)</script>", "text/html; charset=utf-8"),
}


@pytest.fixture
def published(browser, story, tmp_path):
    """The story, sent off and published as `steps.publish` does it."""
    browser.post(f"/stories/{story['id']}/run", json={}, headers={"if-match": story["etag"]})
    publish(tmp_path / "newsroom", story["id"], FILES)
    return f"/stories/{story['id']}"


def test_video_is_listed_once_its_manifest_exists(browser, published, runs):
    runs.put(published.removeprefix("/stories/"), 1, "succeeded")
    at = browser.get(published).json()
    assert (at["state"], at["video"]["revision"]) == ("succeeded", 1)
    assert browser.get(at["video"]["files"]["landscape.mp4"]).content == FILM


def test_a_player_may_jump_into_the_middle(browser, published):
    answer = browser.get(f"{published}/media/landscape.mp4", headers={"range": "bytes=100-199"})
    assert (answer.status_code, answer.content) == (206, FILM[100:200])
    assert answer.headers["content-range"] == f"bytes 100-199/{len(FILM)}"
    assert browser.get(f"{published}/media/landscape.mp4", headers={"range": "bytes=99999-"}).status_code == 416


def test_many_ranges_in_one_request_do_not_multiply_the_file(browser, published):
    answer = browser.get(f"{published}/media/landscape.mp4", headers={"range": "bytes=" + ",".join(["0-"] * 500)})
    assert len(answer.content) < 3 * len(FILM)


def test_a_download_is_named_by_story_and_revision(browser, published):
    answer = browser.get(f"{published}/media/captions.vtt?download=true")
    assert answer.headers["content-disposition"].endswith('-r1-captions.vtt"')
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"


def test_report_page_is_a_download_not_our_origin(browser, published):
    answer = browser.get(f"{published}/media/report.html")
    assert answer.headers["content-disposition"].startswith("attachment")


def test_unknown_file_of_a_manifest_is_not_served(browser, published):
    assert browser.get(f"{published}/media/notes.html").status_code == 404


def test_what_the_manifest_does_not_name_is_not_there(browser, published, tmp_path):
    (tmp_path / "newsroom" / "finals" / published.removeprefix("/stories/") / "secret.txt").write_text("secret")
    for name in ("secret.txt", "manifest.json", "poster.jpg", ".lock"):
        assert browser.get(f"{published}/media/{name}").status_code == 404
