"""What a unit is asked to make, as plain data: it is both the instruction and, as the unit's settings, part of its key."""

from typing import Literal

from newsreel.artifacts import FRAME_RATE
from newsreel.story.schema import CaptionStyle
from newsreel.validation import StrictModel

__all__ = ["CLOSING_FRAMES", "OPENING_FRAMES", "ClosingPart", "JoiningPart", "OpeningPart", "ScenePart", "Timeline"]

OPENING_FRAMES = 75
CLOSING_FRAMES = 75


class OpeningPart(StrictModel):
    part: Literal["opening"] = "opening"
    brand: str
    title: str


class ScenePart(StrictModel):
    part: Literal["scene"] = "scene"
    brand: str
    title: str
    headline: str
    credit: str
    captions: CaptionStyle
    name: str | None
    """The presenter's name, where it is to be shown."""
    role: str
    inwards: bool
    """Whether the picture's slow move goes into it; else out of it."""
    frames: int


class ClosingPart(StrictModel):
    part: Literal["closing"] = "closing"
    brand: str


class Timeline(StrictModel):
    """Frames of each scene, between the opening and the closing."""

    scenes: tuple[int, ...]

    @property
    def closing(self) -> int:
        """The frame at which the closing begins."""
        return OPENING_FRAMES + sum(self.scenes)

    @property
    def end(self) -> int:
        """Frames in all."""
        return self.closing + CLOSING_FRAMES

    @property
    def seconds(self) -> float:
        return self.end / FRAME_RATE


class JoiningPart(StrictModel):
    part: Literal["joining"] = "joining"
    title: str
    music: Literal["bed", "none"]
    timeline: Timeline
    pieces: tuple[OpeningPart | ScenePart | ClosingPart, ...]
    """What the joined pieces show: where one changes, so does the whole."""
