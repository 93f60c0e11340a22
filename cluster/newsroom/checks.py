"""Checks of a story while it is being written: every fault at its field, and how long the video will be.

The length is estimated from the words, before any voice has spoken them.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from cluster.newsroom.stories import Document, encode_document
from newsreel.artifacts import LEAD_SECONDS, PAUSE_SECONDS, TAIL_SECONDS
from newsreel.brands import brand_pronunciations
from newsreel.errors import BadInput
from newsreel.story.pronunciation import Lexicon, split_pronunciations
from newsreel.story.schema import Story
from newsreel.story.source import StoryFile, parse_story
from newsreel.story_loader import voice_faults
from newsreel.yaml_source import Fault


def find_faults(document: Document, pictures: frozenset[str] | None, voice_system: str) -> list[Fault]:
    """In the order of the story. `pictures` are those in storage; None skips that check, for a story not saved yet."""
    file = parse_story(encode_document(document), "story")
    found = [*file.faults, *voice_faults(file, voice_system, other_profiles=False)]
    if pictures is not None:
        found += [file.fault(path, "is not there; add it again") for path, name in file.pictures() if name not in pictures]
    if file.story:
        found += narration_faults(file, file.story)
    return sorted(found, key=lambda fault: fault.line)


def narration_faults(file: StoryFile, story: Story) -> Iterator[Fault]:
    """Faults found when the narration is turned into spoken words; the workflow finds them where `init-story` is missing here."""
    try:
        from steps.init_story.script import script_of
    except ImportError:
        return
    lexicon = story_lexicon(story.brand, story.pronunciations)
    for index, scene in enumerate(story.scenes):
        try:
            script_of(scene.narration, lexicon)
        except BadInput as fault:
            yield file.fault(("scenes", index, "narration"), str(fault))


def story_lexicon(brand: str, pronunciations: dict[str, str]) -> Lexicon:
    return Lexicon.of(brand_pronunciations(brand), pronunciations)


SECONDS_PER_WORD, SECONDS_PER_LETTER, SECONDS_PER_COMMA = 0.023, 0.059, 0.27
"""Seconds, fitted by least squares to the voice `heart` on fifteen news sentences; the residual is 0.22 s a sentence."""
BOOKENDS = 5.0
"""Seconds of opening and closing, as in `steps.compose.parts`."""
MAX_COUNTED_CHARACTERS = 4000

Sentences = list[tuple[list[str], int]]
"""The spoken words of each sentence, and its commas."""


def scene_seconds(document: Mapping[str, Any], lexicon: Lexicon) -> list[float]:
    """Of each scene in turn; 0 for one without words."""
    scenes = document.get("scenes")
    listed = scenes if isinstance(scenes, list) else []
    texts = [scene.get("narration") if isinstance(scene, dict) else None for scene in listed]
    return [narration_seconds(text, lexicon) if isinstance(text, str) else 0.0 for text in texts]


def narration_seconds(narration: str, lexicon: Lexicon) -> float:
    sentences = spoken_sentences(" ".join(narration[:MAX_COUNTED_CHARACTERS].split()), lexicon)
    if not sentences:
        return 0.0
    spoken = sum(
        SECONDS_PER_WORD * len(words) + SECONDS_PER_LETTER * sum(map(len, words)) + SECONDS_PER_COMMA * commas
        for words, commas in sentences
    )
    return round(LEAD_SECONDS + spoken + PAUSE_SECONDS * (len(sentences) - 1) + TAIL_SECONDS, 1)


def spoken_sentences(narration: str, lexicon: Lexicon) -> Sentences:
    """As `init-story` will have them spoken (`£5m` is three words); where it is not installed or refuses, as they are written."""
    with suppress(ImportError, BadInput):
        from steps.init_story.script import script_of

        return [
            ([word for token in sentence for word in token.spoken], sum(is_pause(token.shown) for token in sentence[:-1]))
            for sentence in script_of(narration, lexicon).sentences
        ]
    with suppress(ValueError):
        narration, _ = split_pronunciations(narration)
    written = [sentence.split() for sentence in re.split(r"(?<=[.!?])\s+", narration) if re.search(r"\w", sentence)]
    return [(words, sum(map(is_pause, words[:-1]))) for words in written]


def is_pause(token: str) -> bool:
    return token.rstrip("\"'\u2019\u201d").endswith((",", ";", ":"))
