"""The whole way, by `make newsroom-test`: a story written in a browser is rendered on this machine and played in the page."""

import os
from pathlib import Path

import pytest
from in_a_browser import browsing, page_of, served, write

LIBRARY = Path(__file__).parents[3] / "examples" / "pictures" / "library.jpg"
MINUTES = 5 * 60_000
LOOKS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "color_scheme": "dark"},
}

pytestmark = pytest.mark.skipif(not os.environ.get("NEWSROOM_RENDERS"), reason="renders a video; make newsroom-test")


def test_a_story_is_written_heard_previewed_made_played_and_revised(tmp_path):
    with browsing() as browser, served(tmp_path / "room") as address, page_of(browser, address, **LOOKS["light"]) as page:
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
        make(page, "Make revision 2")
        for name, look in LOOKS.items():
            with page_of(browser, page.url, **look) as shown:
                shown.locator("#player").wait_for()
                if folder := os.environ.get("NEWSROOM_SHOTS"):
                    shown.wait_for_timeout(1000)
                    shown.screenshot(path=f"{folder}/{name}.png")
        with page.expect_download() as download:
            page.get_by_role("link", name="Captions").click()
        assert download.value.suggested_filename == "the-library-opens-on-sundays-r2-captions.vtt"
        assert download.value.path().read_text().startswith("WEBVTT")


def make(page, name):
    page.get_by_role("button", name=name).click()
    page.get_by_role("heading", name="Being made").wait_for(timeout=MINUTES)
    page.get_by_role("button", name="The video is up to date").wait_for(timeout=MINUTES)


def played(page):
    """Seconds of the video, once it has jumped into its middle and gone on from there."""
    player = page.locator("#player")
    player.evaluate("video => { video.muted = true; video.currentTime = 3; return video.play(); }")
    # Not by wait_for_function: the page's own policy forbids what that evaluates.
    player.evaluate("video => new Promise(far => video.addEventListener('timeupdate', () => video.currentTime > 3.5 && far()))")
    return player.evaluate("video => video.duration")
