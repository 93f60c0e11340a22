"""A brand: names, colours, fonts and layout of all frames of a story."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, Field

from newsreel.brands import brand_sheet
from newsreel.story.pronunciation import Pronunciations
from newsreel.validation import StrictModel

FONTS = Path(__file__).parents[1] / "fonts"

FRAME_WIDTH, FRAME_HEIGHT = 1920, 1080


class Box(NamedTuple):
    """A rectangle in pixels of the frame; all numbers are even, since chroma has half the resolution."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def grown(self, by: int) -> "Box":
        return Box(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


class Colour(NamedTuple):
    red: int
    green: int
    blue: int


def require_even_and_inside(box: Box) -> Box:
    if any(side % 2 for side in box):
        raise ValueError("left, top, width and height must be even")
    if box.left < 0 or box.top < 0 or box.right > FRAME_WIDTH or box.bottom > FRAME_HEIGHT:
        raise ValueError(f"is not within the frame of {FRAME_WIDTH} x {FRAME_HEIGHT}")
    return box


Place = Annotated[Box, AfterValidator(require_even_and_inside)]
Hex = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Sizes = Annotated[tuple[int, ...], Field(min_length=1)]
"""Pixels per em, largest first: the first that fits is used."""


class Palette(StrictModel):
    night: Hex
    deep: Hex
    glow: Hex
    accent: Hex
    gold: Hex
    paper: Hex
    mist: Hex

    def __getitem__(self, name: "ColourName") -> Colour:
        code = getattr(self, name)
        return Colour(*(int(code[at : at + 2], 16) for at in (1, 3, 5)))


ColourName = Literal["night", "deep", "glow", "accent", "gold", "paper", "mist"]


class Font(StrictModel):
    """A font file of this package, and the family and weight by which libass finds it."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+\.ttf$")]
    family: str
    bold: bool = False

    @property
    def path(self) -> Path:
        return FONTS / self.file


class Typefaces(StrictModel):
    black: Font
    bold: Font
    medium: Font


class Places(StrictModel):
    picture: Place
    presenter: Place
    captions: Place
    corner: int
    presenter_scale: int


class TypeSizes(StrictModel):
    title: Sizes
    headline: Sizes
    caption: int
    name: Sizes
    role: Sizes
    credit: Sizes
    strip: Sizes


class Brand(StrictModel):
    name: str
    tagline: str
    disclosure: str
    colours: Palette
    fonts: Typefaces
    places: Places
    sizes: TypeSizes
    pronunciations: Pronunciations = Field(default={})
    """For `init-story`: the newsroom's pronunciations, unless a story overrides them."""


@cache
def load_brand(name: str) -> Brand:
    """Load a brand that ships with newsreel; an error in it is a defect, not a user's mistake."""
    return Brand.model_validate(yaml.safe_load(brand_sheet(name).read_text()))
