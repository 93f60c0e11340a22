"""The page for who has no mouse: where the focus is after each key, and that what is to be seen can be."""

import re
from pathlib import Path

import pytest
from in_a_browser import page_of, served, write
from writing import Remembered

import cluster.newsroom

pytestmark = pytest.mark.slow

CSS = (Path(cluster.newsroom.__file__).parent / "page" / "base.css").read_text()


def focused(page):
    """The name of what has the focus, or its id."""
    return page.evaluate(
        "(one => one.getAttribute('aria-label') ?? (one.matches('button') ? one.textContent : one.id))(document.activeElement)"
    )


def test_story_is_submitted_and_cancelled_by_keyboard(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_label("Title").wait_for()
        page.keyboard.type("The library opens")
        for _ in range(4):
            page.keyboard.press("Tab")
        page.keyboard.type("Open on Sundays")
        page.keyboard.press("Tab")
        page.keyboard.type("The library opens on Sundays.")
        page.keyboard.press("Tab")
        assert focused(page) == "Hear it"
        page.keyboard.press("Tab")
        assert focused(page) == "Add a picture to scene 1"
        page.locator("input[type=file]").set_input_files(drawing)
        page.locator(".frame.has img").wait_for()
        assert focused(page) == "Crop", "the control that took the picture is gone"
        for text in ("", "", "A reading room", "City archive"):
            page.keyboard.press("Tab")
            page.keyboard.type(text)
        page.keyboard.press("Tab")
        assert focused(page) == "Add a scene"
        page.get_by_text("Saved", exact=True).wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert focused(page) == "Make the video"
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Waiting its turn").wait_for()
        page.locator("#watch-title:focus").wait_for()
        page.keyboard.press("Shift+Tab")
        assert focused(page) == "Cancel"
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Cancelled").wait_for()
        page.locator("#watch-title:focus").wait_for()


def test_a_scene_that_is_removed_can_be_had_back_by_the_next_key(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        page.locator("#new").click()
        page.get_by_role("button", name="Add a scene").click()
        for _ in range(2):
            page.get_by_role("button", name="Remove scene 2").focus()
            page.keyboard.press("Enter")
            assert (focused(page), page.locator(".scene").count()) == ("Undo", 1)
            page.keyboard.press("Enter")
            assert (focused(page), page.locator(".scene").count()) == ("scenes-1-headline", 2)
        page.get_by_role("button", name="Remove scene 1").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert focused(page) == "Remove scene 1", "it goes on where it was"


def test_focus_stays_when_the_list_is_redrawn(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        write(page, "The library opens", "It opens on Sundays.", drawing)
        link = page.locator("#list a", has_text="The library opens")
        link.wait_for()
        link.focus()
        link.evaluate("one => one.setAttribute('data-old', '')")
        page.get_by_label("Headline").evaluate("one => { one.value = 'Open'; one.dispatchEvent(new Event('input')); }")
        page.locator("#list a:not([data-old]):focus", has_text="The library opens").wait_for()


def test_skip_link_leads_to_the_story(chromium, tmp_path, drawing):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, address) as page:
        write(page, "The library opens", "It opens on Sundays.", drawing)
        page.get_by_text("Saved", exact=True).wait_for()
        page.reload()
        page.locator(".scene").wait_for()
        assert focused(page) == "The library opens", "a story that is opened says its title"
        there = page.url
        page.locator(".skip").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert (focused(page), page.url) == ("title", there)


def test_a_missing_story_is_announced_on_the_page(chromium, tmp_path):
    with served(tmp_path / "room", Remembered()) as address, page_of(chromium, f"{address}#/nothing") as page:
        page.locator("#saved", has_text="nothing").wait_for()
        assert page.get_by_role("heading", name="Stories").is_visible()


def luminance(colour):
    """WCAG 2.2, "relative luminance"."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "sheet", "tint", "wash"])
@pytest.mark.parametrize(("ink", "least"), [("ink", 7), ("quiet", 4.5), ("accent", 4.5), ("good", 4.5), ("field", 3)])
def test_text_and_field_borders_have_contrast(theme, ground, ink, least):
    """WCAG 2.2, 1.4.3 and 1.4.11."""
    colours = {name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", CSS)}
    assert contrast(colours[ink][theme], colours[ground][theme]) >= least
