"""The story's contract: a document of free text and pictures, written by people who may be careless or hostile.

Everything that can be checked without reading a picture is checked here. `newsreel.story.source` reads a story from YAML or JSON.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from newsreel.presenters.bundle import presenter_names
from newsreel.story.pronunciation import Pronunciations
from newsreel.story.text import normalise_space, require_drawable, require_speakable
from newsreel.validation import Matches, OneOf, StrictModel

MAX_SCENES = 60
Format = Literal["landscape"]
CaptionStyle = Literal["boxed", "plain", "none"]
Name = Annotated[
    str,
    Matches(
        r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", "must be 1 to 40 lower-case letters, digits and hyphens, such as budget-2026"
    ),
]
Line = Annotated[str, BeforeValidator(normalise_space), StringConstraints(min_length=1), AfterValidator(require_drawable)]


def require_relative_path(name: str) -> str:
    """Raises ValueError for anything but a relative path of plain names: a picture lies in its story's folder or below."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}", name):
        raise ValueError("must be a relative path of letters, digits, '_', '-' and '.', such as pictures/chart.png")
    return name


class Picture(StrictModel, strict=True):
    """A still picture beside the story: JPEG, PNG or WebP, at most 8192 x 8192 pixels."""

    file: Annotated[str, StringConstraints(max_length=200), AfterValidator(require_relative_path)]
    credit: Annotated[Line, Field(max_length=80)] = Field(description="Who made it, shown on the picture.")
    alt: Annotated[Line, Field(max_length=300)] = Field(description="What is to be seen, for people who cannot see it.")


class Scene(StrictModel, strict=True):
    """One picture and what is said over it."""

    narration: Annotated[
        str,
        BeforeValidator(normalise_space),
        StringConstraints(min_length=1, max_length=4000),
        AfterValidator(require_speakable),
    ] = Field(description="Words to be said; a word may be followed by its phones in ARPAbet, as in Harwick{HH AE1 R IH0 K}.")
    headline: Annotated[Line, Field(max_length=70)]
    picture: Picture
    captions: CaptionStyle = "boxed"


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A voice that a story may name."""

    system: str
    """The step that speaks it: `hibari` or `tacotron2`."""
    language: str
    description: str
    weights: Mapping[str, str] = field(default_factory=dict)
    """The weights of each system, by name in the installation's catalogue (`newsreel.weights.catalogue`); empty where the voice
    ships with the system's package."""


VOICES = {
    "heart": Voice(system="hibari", language="en", description="American English, female; ships with hibari-tts"),
    "linda": Voice(
        system="tacotron2",
        language="en",
        description="the newsroom's own tacotron2 and waveglow weights",
        weights={"tacotron2": "linda-tacotron2", "waveglow": "linda-waveglow"},
    ),
}
PROFILE_OF_SYSTEM = {"hibari": "embedded", "tacotron2": "studio"}
"""The profile (workflows/profiles.py) in which each system speaks, by the name it has on the command line."""


class Story(StrictModel, strict=True):
    """A news story, ready to be made into a video."""

    id: Name = Field(description="Names the story for ever: lower-case letters, digits and hyphens.")
    revision: Annotated[int, Field(ge=1, le=9999)] = Field(description="Raise it to publish a changed story.")
    title: Annotated[Line, Field(max_length=80)]
    language: Literal["en"] = "en"
    presenter: Annotated[Name, OneOf("presenter", presenter_names())]
    voice: Annotated[Name, OneOf("voice", frozenset(VOICES))] = Field(
        description=", ".join(f"{name} ({voice.description})" for name, voice in VOICES.items()) + "."
    )
    formats: Annotated[list[Format], Field(min_length=1, max_length=1)] = Field(default=["landscape"])
    brand: Annotated[Name, OneOf("brand", frozenset({"newsreel"}))] = "newsreel"
    music: Literal["bed", "none"] = "bed"
    pronunciations: Pronunciations = Field(
        default={}, description="How words and names are said wherever the story has them, in ARPAbet: Harwick is HH AE1 R IH0 K."
    )
    scenes: Annotated[list[Scene], Field(min_length=1, max_length=MAX_SCENES)]

    @model_serializer(mode="wrap")
    def without_empty_parts(self, serialise: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out empty pronunciations, so that the digests of stories from before there were any stay the same."""
        whole: dict[str, object] = serialise(self)
        return {name: value for name, value in whole.items() if name != "pronunciations" or value}
