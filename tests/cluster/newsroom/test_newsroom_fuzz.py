"""Whatever JSON is sent as a story, it is told its faults, kept or refused in one line; nothing breaks on it."""

import contextlib
import copy

import hypothesis.strategies as st
from hypothesis import given, settings
from writing import STORY

from cluster.newsroom.checks import find_faults, scene_seconds
from cluster.newsroom.routes.authoring import document_lexicon, single_scene
from cluster.newsroom.stories import decode_document, encode_document, with_identity
from newsreel.errors import BadInput
from newsreel.story.source import parse_story

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=30)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
PLACES = ("title", "presenter", "voice", "music", "scenes", "pronunciations", "brand", "id", "revision", "formats")


@st.composite
def documents(draw):
    """A sound story with a few of its parts replaced by anything."""
    document = copy.deepcopy(STORY)
    for name in draw(st.lists(st.sampled_from(PLACES), max_size=3)):
        document[name] = draw(ANYTHING)
    if isinstance(document["scenes"], list) and document["scenes"] and isinstance(document["scenes"][0], dict):
        document["scenes"][0] |= draw(
            st.dictionaries(st.sampled_from(("narration", "headline", "picture", "captions")), ANYTHING)
        )
    return document


@settings(max_examples=150)
@given(documents())
def test_no_story_breaks_what_looks_at_it(document):
    whole = with_identity(document, "story", 1)
    with contextlib.suppress(BadInput):
        assert decode_document(encode_document(whole)) == whole, "what is kept is what was written"
        faults = find_faults(whole, frozenset(), "hibari")
        assert faults, "its picture is not there"
        assert all(fault.message and "\n" not in fault.message for fault in faults)
        seconds = scene_seconds(whole, document_lexicon(whole))
        assert all(0 <= one < 10_000 for one in seconds)
        parse_story(encode_document(single_scene(whole, 0)), "story")
