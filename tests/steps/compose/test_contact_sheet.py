"""The contact sheet and what is told of a video: right, and small enough to be kept."""

import numpy as np
import pytest
from PIL import Image

from steps.compose.contact import MOST_BYTES, layout, small_jpeg
from steps.compose.parts import OPENING_FRAMES
from steps.handover import Contents


@pytest.mark.parametrize(("scenes", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (5, 3, 2), (9, 3, 3), (12, 4, 3), (60, 6, 10)])
def test_a_sheet_is_about_as_wide_as_it_is_long_and_its_stills_can_be_made_out(scenes, columns, rows):
    assert layout(scenes) == (columns, rows)


def test_each_scene_has_its_own_still_where_the_contents_say(small_story):
    contents = Contents.model_validate_json(small_story.path("final/contents.json").read_bytes())
    with Image.open(small_story.path("final/sheet.jpg")) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (960, 270))
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    for scene, colour in zip(contents.scenes, [(40, 120, 60), (200, 60, 40)], strict=True):
        place = pixels[scene.row * 270 + 60 : scene.row * 270 + 80, scene.column * 480 + 120 : scene.column * 480 + 140]
        assert np.abs(place.mean(axis=(0, 1)) - colour).max() < 14


def test_the_contents_tell_when_each_scene_is_shown_and_how_loud_it_is(small_story):
    contents = Contents.model_validate_json(small_story.path("final/contents.json").read_bytes())
    start = OPENING_FRAMES / 30
    assert [(scene.start, scene.end) for scene in contents.scenes] == [(start, start + 1.5), (start + 1.5, start + 3)]
    assert contents.seconds == start + 3 + 2.5
    assert contents.loudness == pytest.approx(-16, abs=1)
    assert -12 < contents.true_peak < -1


def test_a_sheet_of_pictures_that_are_hard_to_pack_is_small_all_the_same():
    noise = np.random.default_rng(1).integers(0, 256, (1350, 1440, 3), np.uint8)
    assert len(small_jpeg(Image.fromarray(noise))) <= MOST_BYTES
