"""Specifications of the pieces of a video, as plain data. As a unit's settings they are part of its key."""

from typing import Literal

from newsreel.artifacts import FRAME_RATE
from newsreel.story.schema import CaptionStyle
from newsreel.validation import StrictModel

OPENING_FRAMES = 75
CLOSING_FRAMES = 75


class OpeningSpec(StrictModel):
    part: Literal["opening"] = "opening"
    brand: str
    title: str


class SceneSpec(StrictModel):
    part: Literal["scene"] = "scene"
    brand: str
    title: str
    headline: str
    credit: str
    captions: CaptionStyle
    name: str | None
    """The presenter's name if it is to be shown."""
    role: str
    inwards: bool
    """Whether the slow zoom goes in; else out."""
    frames: int


class ClosingSpec(StrictModel):
    part: Literal["closing"] = "closing"
    brand: str


class Timeline(StrictModel):
    """Lengths in frames of the scenes between the opening and the closing."""

    scenes: tuple[int, ...]

    @property
    def closing(self) -> int:
        """First frame of the closing."""
        return OPENING_FRAMES + sum(self.scenes)

    @property
    def end(self) -> int:
        """Number of frames of the whole video."""
        return self.closing + CLOSING_FRAMES

    @property
    def seconds(self) -> float:
        return self.end / FRAME_RATE


class JoinSpec(StrictModel):
    part: Literal["joining"] = "joining"
    title: str
    music: Literal["bed", "none"]
    timeline: Timeline
    pieces: tuple[OpeningSpec | SceneSpec | ClosingSpec, ...]
    """Specifications of the joined pieces: if one changes, the whole changes."""
