"""Drawn text, compared in the rendered picture with the same text drawn by Pillow."""

import unicodedata
from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_story import HOSTILE, spoken
from PIL import Image, ImageDraw, ImageFont

from newsreel.story.text import is_drawable
from steps.compose.ffmpeg_graph import run_graph
from steps.compose.graphics.brand import FONTS, load_brand
from steps.compose.graphics.captions import add_captions, cues_of
from steps.compose.graphics.overlay import Overlay, TextStyle, fit_text, text_width
from steps.compose.graphics.titles import add_credit, add_headline, add_name, add_strip

BRAND = load_brand("newsreel")
WIDE, HIGH = 1920, 1080


def rendered(sheet: Overlay, folder: Path, frame: int = 0) -> np.ndarray:
    """One frame of an overlay on black, as grey levels (1080, 1920)."""
    sheet.write(folder / "sheet.ass")
    black = ffmpeg.input(f"color=black:s={WIDE}x{HIGH}:r=30", f="lavfi").filter("format", "gray")
    drawn = black.filter("ass", str(folder / "sheet.ass"), fontsdir=str(FONTS)).filter(
        "trim", start_frame=frame, end_frame=frame + 1
    )
    run_graph(drawn.output(str(folder / "frame.raw"), f="rawvideo", pix_fmt="gray", **{"frames:v": 1}))
    return np.fromfile(folder / "frame.raw", np.uint8).reshape(HIGH, WIDE).astype(int)


def ink(picture: np.ndarray, above: int = 60) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of all pixels brighter than the background."""
    rows, columns = np.where(picture > picture.min() + above)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def by_pillow(text: str, em: int, x: int, baseline: int) -> np.ndarray:
    picture = Image.new("L", (WIDE, HIGH), 0)
    font = ImageFont.truetype(BRAND.fonts.bold.path, em)
    ImageDraw.Draw(picture).text((x, baseline), text, font=font, fill=255, anchor="ls")
    return np.asarray(picture, int)


def line_of(text: str, folder: Path, em: int = 40) -> np.ndarray:
    sheet = Overlay(BRAND)
    sheet.text(text, TextStyle(font=BRAND.fonts.bold, em=em), (100, 500), (0, 1))
    return rendered(sheet, folder)


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "{\\an8}up", "\\N\\n\\h", "\\{not a block\\}", "}{", "{", "a\\", "100% {\\p1}m 0 0 l 9 9", "£1,200, “3.5%” ½"],
)
def test_text_is_drawn_literally(tmp_path, text):
    drawn, expected = line_of(text, tmp_path), by_pillow(text, 40, 100, 500)
    left, top, right, bottom = ink(drawn)
    for edge, wanted in zip((left, top, right, bottom), ink(expected), strict=True):
        assert abs(edge - wanted) <= 2 + 0.02 * (right - left)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30))
def test_every_ascii_character_is_drawn(tmp_path, text):
    drawn = ink(line_of(f"|{text}|", tmp_path))
    expected = ink(by_pillow(f"|{text}|", 40, 100, 500))
    assert abs(drawn[2] - expected[2]) <= 3 + 0.03 * (expected[2] - expected[0])


def test_hostile_headline_is_drawn_literally(tmp_path):
    sheet, place = Overlay(BRAND), BRAND.places.picture
    add_headline(sheet, HOSTILE, place, (0, 60))
    left, top, right, bottom = ink(rendered(sheet, tmp_path, frame=40), above=150)
    setting = fit_text(HOSTILE, BRAND.fonts.black, place.width - 122, BRAND.sizes.headline, 2)
    widest = max(text_width(line, BRAND.fonts.black, setting.size) for line in setting.lines)
    assert right - (place.left + 76) == pytest.approx(widest, rel=0.03)
    assert place.left < left and right < place.right and place.top < top and bottom < place.bottom


def test_widest_captions_stay_in_their_band(tmp_path):
    words = spoken(" ".join(["WWWWWWWWWWWWWWWWWWWW"] * 4), start=0.0)
    for style in ("boxed", "plain"):
        sheet = Overlay(BRAND)
        add_captions(sheet, cues_of(words, 2.0), style, 60)
        left, top, right, bottom = ink(rendered(sheet, tmp_path, frame=12), above=8)
        place = BRAND.places.captions
        assert place.left <= left and place.top <= top and right <= place.right and bottom <= place.bottom


def test_captions_none_burns_in_nothing():
    sheet = Overlay(BRAND)
    add_captions(sheet, cues_of(spoken("Some words here"), 2.0), "none", 60)
    assert not sheet.file.events


def test_only_the_spoken_word_is_highlighted(tmp_path):
    sheet = Overlay(BRAND)
    add_captions(sheet, cues_of(spoken("one two three", start=0.0, each=0.5), 2.0), "boxed", 60)
    gold = "&H4DC2FF&"
    at_second_word = [event.text for event in sheet.file.events if event.start <= 700 < event.end and "two" in event.text]
    assert len(at_second_word) == 1
    assert at_second_word[0].count(gold) == 1 and f"{gold}}}two" in at_second_word[0]


def test_longest_texts_stay_in_their_places(tmp_path):
    places = BRAND.places
    for add, place in (
        (lambda sheet: add_credit(sheet, "W" * 80, places.picture, (0, 60)), places.picture),
        (lambda sheet: add_name(sheet, "W" * 60, "W" * 60, places.presenter, (0, 60)), places.presenter),
        (lambda sheet: add_headline(sheet, "W" * 70, places.picture, (0, 60)), places.picture),
    ):
        sheet = Overlay(BRAND)
        add(sheet)
        left, top, right, bottom = ink(rendered(sheet, tmp_path, frame=30), above=4)
        assert place.left <= left and place.top <= top and right <= place.right and bottom <= place.bottom
    sheet = Overlay(BRAND)
    add_strip(sheet, "W" * 80, (0, 60))
    left, top, right, bottom = ink(rendered(sheet, tmp_path, frame=30), above=4)
    assert places.picture.left <= left and right <= places.presenter.right + 2 and bottom < places.picture.top and top > 20


@settings(max_examples=80)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_characters="\x7f"), min_size=1, max_size=80))
def test_fitted_text_keeps_every_letter_and_fits_its_width(text):
    text = " ".join(text.split()) or "x"
    setting = fit_text(text, BRAND.fonts.black, 900, (90, 60, 40), 2)
    assert "".join(setting.lines).replace(" ", "") == text.replace(" ", "")
    assert all(text_width(line, BRAND.fonts.black, setting.size) <= 900 for line in setting.lines)


def test_lines_of_a_title_are_balanced():
    setting = fit_text("Harwick agrees its budget, by one vote", BRAND.fonts.black, 1180, (104,), 3)
    widths = [text_width(line, BRAND.fonts.black, setting.size) for line in setting.lines]
    assert len(widths) == 2 and min(widths) > 0.75 * max(widths)


def test_fonts_have_every_character_a_story_may_have():
    signs = [chr(code) for code in range(0x20, 0x2200) if is_drawable(chr(code)) and unicodedata.category(chr(code)) != "Zs"]
    assert len(signs) > 400
    for font in (BRAND.fonts.black, BRAND.fonts.bold, BRAND.fonts.medium):
        face = ImageFont.truetype(font.path, 24)
        missing = bytes(face.getmask("\uffff"))
        assert not [sign for sign in signs if bytes(face.getmask(sign)) == missing]


def test_layout_does_not_overlap_or_touch_the_edges():
    picture, presenter, captions = BRAND.places.picture, BRAND.places.presenter, BRAND.places.captions
    assert picture.right < presenter.left
    assert max(picture.bottom, presenter.bottom) < captions.top
    for box in (picture, presenter, captions):
        assert box.left >= 0.05 * WIDE and box.right <= 0.95 * WIDE and box.top >= 54 and box.bottom <= HIGH - 54
