"""The story's contract: what its texts may contain."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from newsreel.story.pronunciation import split_pronunciations
from newsreel.story.schema import Line, Picture, Scene, Story
from newsreel.story.text import DRAWABLE_PUNCTUATION

NARRATION = TypeAdapter(Annotated[str, *Scene.model_fields["narration"].metadata])
LINE = TypeAdapter(Line)
FORBIDDEN = set("{}\\<>|^`[]*\x00\n\r\t\u202e\u200f")


def accepted(adapter, text):
    try:
        return adapter.validate_python(text)
    except ValidationError:
        return None


@given(st.text(max_size=80))
def test_spoken_text_has_no_template_syntax(text):
    spoken = accepted(NARRATION, text)
    assert spoken is None or not FORBIDDEN & set(split_pronunciations(spoken)[0])


@given(st.text(max_size=80))
def test_a_line_on_screen_is_one_line_of_printable_latin(text):
    line = accepted(LINE, text)
    if line is not None:
        assert line == " ".join(line.split())
        assert line.isprintable()
        assert all(ord(character) < 0x250 or character in DRAWABLE_PUNCTUATION for character in line)


@given(st.text(max_size=60))
def test_a_picture_never_lies_outside_of_its_storys_folder(text):
    try:
        name = Picture(file=text, credit="x", alt="x").file
    except ValidationError:
        return
    assert not name.startswith(("/", "."))
    assert not {"", ".", ".."} & set(name.split("/"))


@pytest.mark.parametrize("text", ["a", "budget-2026", "0", "x" * 40])
def test_a_plain_identifier_is_accepted(text):
    assert story(id=text).id == text


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a/b", "..", "a.b", "a\n", "\u00e9", "x" * 41, "{{x}}"])
def test_an_identifier_unfit_for_paths_or_kubernetes_fails(text):
    with pytest.raises(ValidationError):
        story(id=text)


def test_a_story_is_the_same_after_its_json():
    told = story()
    assert Story.model_validate_json(told.model_dump_json()) == told


def story(**changes):
    picture = Picture(file="a.png", credit="x", alt="x")
    scene = Scene(narration="It costs \u00a31,200, or 3.5% more.", headline="x", picture=picture)
    return Story(**{"id": "a", "revision": 1, "title": "x", "presenter": "maya", "voice": "heart", "scenes": [scene], **changes})
