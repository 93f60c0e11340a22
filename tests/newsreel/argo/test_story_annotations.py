"""What the Argo UI shows of a story is what a person wrote, letter by letter, and never code, markup or a link of theirs."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from newsreel.argo.workflow import DESCRIPTION, TITLE, escape_markdown, story_annotations
from newsreel.storage.address import Address
from newsreel.story.schema import Story

DRAWABLE = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x17F, exclude_categories=("Cc", "Cf")) | st.just(" "), min_size=1
)
LINES = DRAWABLE.map(lambda text: " ".join(text.split())).filter(bool)
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
SCENE = {"narration": "One. Two.", "headline": "H", "picture": {"file": "a.png", "credit": "C", "alt": "A"}}


def story(title="The budget"):
    told = {"id": "budget", "revision": 3, "title": title, "presenter": "maya", "voice": "heart", "scenes": [SCENE]}
    return Story.model_validate(told)


def shown(markdown):
    """Kinds of what is rendered, and its text: the list of Argo's UI joins title and description and looks for lists first."""
    markdown = re.sub(r"([-*])\s(.*\n*)", r"\\\1 \2", markdown)
    markdown = re.sub(r"(\d)\.\s(.*\n*)", r"\1\\. \2", markdown).replace("\n", " ")
    tokens = MARKDOWN.parse(re.sub(r"^[#>]+", "", markdown.replace("```", "")))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    parts = tokens[1].children
    return {part.type for part in parts} - {"text", "text_special"}, "".join(part.content for part in parts)


@given(text=LINES)
def test_any_text_is_shown_escape_markdown(text):
    assert shown(escape_markdown(text)) == (set(), text)


@given(text=LINES)
def test_argo_finds_nothing_to_expand_in_it(text):
    assert "{{" not in escape_markdown(text)
    assert "}}" not in escape_markdown(text)


@given(text=LINES)
def test_list_shows_the_title_as_text(text):
    assert shown(f"{escape_markdown(text)}\n2 scenes") == (set(), f"{text} 2 scenes")


def test_title_with_markup_is_shown_as_text():
    title = "{{workflow.name}} [x](http://a.b) ![y](z) `c` <b> https://e.org"
    told = story_annotations(story(title))
    assert shown(told[TITLE]) == (set(), title)


def test_it_names_presenter_length_and_links():
    told = story_annotations(story(), Address.parse("gs://finals/videos"), "https://news.example.org")[DESCRIPTION]
    kinds, said = shown(told)
    assert said == "budget revision 3 \u00b7 maya, heart \u00b7 1 scene, 2 words \u00b7 newsroom \u00b7 video"
    assert "(https://news.example.org/stories/budget)" in told
    assert "(https://console.cloud.google.com/storage/browser/finals/videos/budget/r3)" in told
    assert kinds == {"link_open", "link_close"}


def test_a_video_on_this_machine_has_no_link():
    assert "](" not in story_annotations(story(), Address.parse("file:/out"))[DESCRIPTION]
