"""The contract: what a story is.

A story is a document of free text and pictures by people who may be careless or hostile, so everything that can be said about
it is said here, before any work. `newsreel.story.source` reads one from YAML or JSON and names the line of each fault.

The voices a story may name, the system that speaks each, and the weights each needs.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from newsreel.presenters.bundle import presenter_names
from newsreel.story.pronunciation import Pronunciations, is_latin_letter, split_pronunciations


@dataclass(frozen=True, kw_only=True)
class Voice:
    system: str
    """The step that speaks it: `hibari` or `tacotron2`."""
    language: str
    description: str
    weights: Mapping[str, str] = field(default_factory=dict)
    """What each system is to load, by its name in the installation's catalogue (`newsreel.weights.catalogue`); empty where the
    voice
    comes with the system's package."""


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
"""The profile that each system speaks in (workflows/systems.py), by its name on the command line."""
Format = Literal["landscape"]
CaptionStyle = Literal["boxed", "plain", "none"]
MAX_WORDS_PER_SCENE = 250
MAX_SCENES = 60
SPEAKABLE_PUNCTUATION = frozenset(
    " .,;:!?'\"()-%&/$#@+=~_\u00a3\u20ac\u00a5\u00a7\u00b0\u00b1\u00b2\u00b3\u00bc\u00bd\u00be\u00d7\u00f7"
    "\u2010\u2011\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2122\u00ae\u00a9\u2032\u2033\u2212"
)
DRAWABLE_PUNCTUATION = SPEAKABLE_PUNCTUATION | frozenset("\u00b7\u2022\u00ab\u00bb\u00bf\u00a1")
MAX_LETTERS_PER_WORD = 50
MAX_DIGITS_PER_NUMBER = 30
NARRATION_DESCRIPTION = "Words to be said; a word may be followed by its phones in ARPAbet, as in Harwick{HH AE1 R IH0 K}."


def normalise_space(value: object) -> object:
    """To a reader a text is one paragraph, wherever YAML breaks its lines and whichever blanks and accents a keyboard has."""
    if not isinstance(value, str):
        return value
    return re.sub(r"[ \t\r\n\u00a0\u2009\u202f]+", " ", unicodedata.normalize("NFC", value)).strip()


def require_drawable(text: str) -> str:
    """Refuse what the brand's Latin fonts cannot draw: right-to-left and other scripts, emoji, control characters."""
    for character in text:
        if not is_drawable(character):
            raise ValueError(f"{describe_character(character)} cannot be drawn: the fonts are Latin; remove it")
    return text


def require_speakable(narration: str) -> str:
    """Refuse what an English voice cannot say, so that nothing is dropped silently."""
    text, _ = split_pronunciations(narration)
    for character in text:
        if not is_speakable(character):
            raise ValueError(f"{describe_character(character)} cannot be spoken; write it in words or remove it")
    if not any(character.isalnum() for character in text):
        raise ValueError("there is nothing to speak; write at least one word")
    if (count := len(text.split())) > MAX_WORDS_PER_SCENE:
        raise ValueError(f"{count} words are too many for one scene; at most {MAX_WORDS_PER_SCENE}, split it")
    if long := re.search(rf"[^\W\d_]{{{MAX_LETTERS_PER_WORD + 1},}}", text):
        raise ValueError(f"{long[0][:20]!a}... is a word of {len(long[0])} letters; at most {MAX_LETTERS_PER_WORD} can be spoken")
    for number in re.findall(r"[\d.,]+", text):
        if (count := sum(character.isdigit() for character in number)) > MAX_DIGITS_PER_NUMBER:
            raise ValueError(
                f"a number of {count} digits cannot be spoken; at most {MAX_DIGITS_PER_NUMBER}, or write it in words"
            )
    return narration


def is_speakable(character: str) -> bool:
    if unicodedata.category(character)[0] == "L":
        return is_drawable(character) and is_latin_letter(character)
    return character in SPEAKABLE_PUNCTUATION or (character.isascii() and character.isdigit())


def is_drawable(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    if unicodedata.category(character)[0] == "L":
        return unicodedata.name(character, "").startswith("LATIN ") and ord(character) < 0x0250
    return character in DRAWABLE_PUNCTUATION


def describe_character(character: str) -> str:
    """`U+1F600 GRINNING FACE`: the character itself might upset a terminal."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'CONTROL CHARACTER')}"


@dataclass(frozen=True)
class OneOf:
    """One of the names there are, which the JSON Schema lists."""

    kind: str
    names: frozenset[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"enum": sorted(self.names)}

    def check(self, name: str) -> str:
        if name not in self.names:
            raise ValueError(f"unknown {self.kind} {name!r}; known: {', '.join(sorted(self.names))}")
        return name


def require_relative_path(name: str) -> str:
    """A picture lies beside its story: a relative path of plain names, never up or away."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}", name):
        raise ValueError("must be a relative path of letters, digits, '_', '-' and '.', such as pictures/chart.png")
    return name


Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]
Line = Annotated[str, BeforeValidator(normalise_space), StringConstraints(min_length=1), AfterValidator(require_drawable)]


class StoryModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Picture(StoryModel):
    """A still picture beside the story: JPEG, PNG or WebP, at most 8192 x 8192 pixels."""

    file: Annotated[str, StringConstraints(max_length=200), AfterValidator(require_relative_path)]
    credit: Annotated[Line, Field(max_length=80)] = Field(description="Who made it, shown on the picture.")
    alt: Annotated[Line, Field(max_length=300)] = Field(description="What is to be seen, for people who cannot see it.")


class Scene(StoryModel):
    """One picture and what is said over it."""

    narration: Annotated[
        str,
        BeforeValidator(normalise_space),
        StringConstraints(min_length=1, max_length=4000),
        AfterValidator(require_speakable),
    ] = Field(description=NARRATION_DESCRIPTION)
    headline: Annotated[Line, Field(max_length=70)]
    picture: Picture
    captions: CaptionStyle = "boxed"


class Story(StoryModel):
    """A news story, ready to be made into a video."""

    id: Identifier = Field(description="Names the story for ever: lower-case letters, digits and hyphens.")
    revision: Annotated[int, Field(ge=1, le=9999)] = Field(description="Raise it to publish a changed story.")
    title: Annotated[Line, Field(max_length=80)]
    language: Literal["en"] = "en"
    presenter: Annotated[Name, OneOf("presenter", presenter_names())]
    voice: Annotated[Name, OneOf("voice", frozenset(VOICES))] = Field(
        description=", ".join(f"{name} ({voice.description})" for name, voice in VOICES.items()) + "."
    )
    formats: Annotated[list[Format], Field(min_length=1, max_length=1)] = ["landscape"]
    brand: Annotated[Name, OneOf("brand", frozenset({"newsreel"}))] = "newsreel"
    music: Literal["bed", "none"] = "bed"
    pronunciations: Pronunciations = Field(
        default={}, description="How words and names are said wherever the story has them, in ARPAbet: Harwick is HH AE1 R IH0 K."
    )
    scenes: Annotated[list[Scene], Field(min_length=1, max_length=MAX_SCENES)]

    @model_serializer(mode="wrap")
    def without_empty_parts(self, serialise: SerializerFunctionWrapHandler) -> dict[str, object]:
        """A story that has no pronunciations is the same, to the digest, as it was before stories could have them."""
        whole: dict[str, object] = serialise(self)
        return {name: value for name, value in whole.items() if name != "pronunciations" or value}
