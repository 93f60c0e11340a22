"""The whole way, by `make newsroom-test`: a story written in a browser is rendered on this machine and played in the page."""

import base64
import os
from pathlib import Path

import pytest
import standardwebhooks
from fastapi.testclient import TestClient
from in_a_browser import browsing, page_of, served, write
from writing import BROWSER, HOST, STORY

from cluster.newsroom.app import application
from cluster.newsroom.wiring import local_newsroom
from tests.https_receiver import receiving

LIBRARY = Path(__file__).parents[3] / "examples" / "pictures" / "library.jpg"
MINUTES = 5 * 60_000
DESK, PHONE = {"width": 1440, "height": 1200}, {"width": 390, "height": 2100}
"""As high as the page is long: what stays at the screen's edge does not cover it."""
LOOKS = {"light": (DESK, "light"), "dark": (DESK, "dark"), "phone-light": (PHONE, "light"), "phone-dark": (PHONE, "dark")}
SHOTS = os.environ.get("NEWSROOM_SHOTS")

pytestmark = pytest.mark.skipif(not os.environ.get("NEWSROOM_RENDERS"), reason="renders a video; make newsroom-test")


def test_story_from_first_word_to_second_revision(tmp_path):
    with browsing() as browser, served(tmp_path / "room") as address, page_of(browser, address, viewport=DESK) as page:
        scene = write(page, "The library opens on Sundays", "The library opens on Sundays.", LIBRARY)
        scene.get_by_label("Credit").fill("City archive")
        scene.get_by_role("button", name="Hear it").click()
        page.locator(".scene.speaking").wait_for(timeout=MINUTES)
        scene.get_by_role("button", name="Preview").click()
        page.locator("#preview[open]").wait_for(timeout=MINUTES)
        page.get_by_role("button", name="Close").click()
        make(page, "Make the video")
        assert 6 < played(page) < 9
        scene.get_by_label("Headline").fill("Open every Sunday")
        begin(page, "Make revision 2")
        page.locator("#steps li.succeeded").first.wait_for(timeout=MINUTES)
        shoot(page, "made")
        wait(page)
        shoot(page, "ready")
        with page.expect_download() as download:
            page.get_by_role("link", name="Captions").click()
        assert download.value.suggested_filename == "the-library-opens-on-sundays-r2-captions.vtt"
        assert download.value.path().read_text().startswith("WEBVTT")


def test_the_webhook_of_an_api_submission_is_called(tmp_path, monkeypatch):
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    with receiving(tmp_path) as cms:
        told = {
            "SSL_CERT_FILE": cms.authority,
            "NEWSREEL_WEBHOOK_SECRET": secret,
            "NEWSREEL_RECEIVERS": f"https://{cms.host}/hooks",
        }
        for name, value in told.items():
            monkeypatch.setenv(name, str(value))
        room = application(local_newsroom(tmp_path / "room", 8090))
        with TestClient(room, base_url=f"http://{HOST}", headers=BROWSER) as api:
            story = written(api)
            order = {"priority": "breaking", "webhook": f"https://{cms.host}/hooks/7"}
            sent = api.post(f"/stories/{story['id']}/run", json=order, headers={"if-match": story["etag"]})
            assert sent.json()["run"]["priority"] == "breaking"
            with api.stream("GET", f"/stories/{story['id']}/events") as events:
                assert "event: over" in list(events.iter_lines()), "they end with the run"
            assert api.get(f"/stories/{story['id']}").json()["state"] == "succeeded"
        [(path, headers, body)] = cms.heard
    notice = standardwebhooks.Webhook(secret).verify(body, headers)
    assert (path, notice["type"]) == ("/hooks/7", "story.done")
    assert Path(notice["data"]["video"].removeprefix("file:")).stat().st_size > 100_000


def written(api):
    begun = api.post("/stories", json=STORY).json()
    here = f"/stories/{begun['id']}"
    added = api.post(f"{here}/pictures", content=LIBRARY.read_bytes(), headers={"content-type": "image/jpeg"}).json()
    begun["document"]["scenes"][0]["picture"]["file"] = added["file"]
    return api.put(here, json=begun["document"], headers={"if-match": begun["etag"]}).json()


def make(page, name):
    begin(page, name)
    wait(page)


def begin(page, name):
    page.get_by_role("button", name=name).click()
    page.get_by_role("heading", name="Being made").wait_for(timeout=MINUTES)


def shoot(page, when):
    """The whole page, its video and steps with it, in every look, for people."""
    if not SHOTS:
        return
    for name, (size, colors) in LOOKS.items():
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colors)
        page.screenshot(path=f"{SHOTS}/{when}-{name}.png", full_page=True, animations="disabled")
    page.set_viewport_size(DESK)


def wait(page):
    page.get_by_role("button", name="The video is up to date").wait_for(timeout=MINUTES)


def played(page):
    """Seconds of the video, once it has jumped into its middle and gone on from there."""
    player = page.locator("#player")
    player.evaluate("video => { video.muted = true; video.currentTime = 3; return video.play(); }")
    # Not by wait_for_function: the page's own policy forbids what that evaluates.
    player.evaluate("video => new Promise(far => video.addEventListener('timeupdate', () => video.currentTime > 3.5 && far()))")
    return player.evaluate("video => video.duration")
