"""How long a story will be, as it is typed: seconds from its words, before any voice has spoken them."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from newsreel.errors import BadInput
from newsreel.story.pronunciation import Lexicon, split_pronunciations

__all__ = ["BOOKENDS", "seconds_of", "seconds_of_scenes"]

A_WORD, A_LETTER, A_COMMA = 0.023, 0.059, 0.27
"""Seconds, fitted by least squares to the voice `heart` on fifteen news sentences; what is left is 0.22 s a sentence."""
LEAD, PAUSE, TAIL = 0.30, 0.30, 0.45
"""Seconds of silence before, between and after sentences, as in `newsreel.media.speech`."""
BOOKENDS = 5.0
"""Seconds of opening and closing, as in `steps.compose.parts`."""
MOST_LETTERS = 4000

Sentences = list[tuple[list[str], int]]
"""The spoken words of each sentence, and its commas."""


def seconds_of_scenes(document: Mapping[str, Any], lexicon: Lexicon) -> list[float]:
    """Of each scene in turn; 0 for one without words."""
    scenes = document.get("scenes")
    told = scenes if isinstance(scenes, list) else []
    texts = [scene.get("narration") if isinstance(scene, dict) else None for scene in told]
    return [seconds_of(text, lexicon) if isinstance(text, str) else 0.0 for text in texts]


def seconds_of(narration: str, lexicon: Lexicon) -> float:
    sentences = sentences_of(" ".join(narration[:MOST_LETTERS].split()), lexicon)
    if not sentences:
        return 0.0
    spoken = sum(A_WORD * len(words) + A_LETTER * sum(map(len, words)) + A_COMMA * commas for words, commas in sentences)
    return round(LEAD + spoken + PAUSE * (len(sentences) - 1) + TAIL, 1)


def sentences_of(narration: str, lexicon: Lexicon) -> Sentences:
    """As `init-story` will have them spoken (`£5m` is three words); where it is not installed or refuses, as they are written."""
    with suppress(ImportError, BadInput):
        from steps.init_story.script import script_of

        return [
            ([word for token in sentence for word in token.spoken], sum(pauses(token.shown) for token in sentence[:-1]))
            for sentence in script_of(narration, lexicon).sentences
        ]
    with suppress(ValueError):
        narration, _ = split_pronunciations(narration)
    written = [sentence.split() for sentence in re.split(r"(?<=[.!?])\s+", narration) if re.search(r"\w", sentence)]
    return [(words, sum(map(pauses, words[:-1]))) for words in written]


def pauses(token: str) -> bool:
    return token.rstrip("\"'\u2019\u201d").endswith((",", ";", ":"))
