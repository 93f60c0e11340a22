"""An ASS sheet: text and vector shapes at exact pixels and times, drawn into the picture by libass.

Text comes from people and is drawn as it stands, whatever signs are in it. The format is the one described in "ASS File Format
Specification" of the libass project; sizes, places and colours here are in pixels, ems and sRGB and are turned into its own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pysubs2

from newsreel.artifacts import FRAME_RATE
from steps.compose.brand import FRAME_HEIGHT, FRAME_WIDTH, Brand, Colour, ColourName, Font
from steps.compose.typography import ascent, libass_size

__all__ = ["Sheet", "Type", "colour_tag", "literal"]

WORD_JOINER = "\u2060"
"""Takes no room and shows nothing; between a backslash and a letter it keeps libass from reading a command."""

ALIGNMENT = {"left": 7, "centre": 8, "right": 9}
CENTISECONDS = 100
SHAPE = "Shape"

Frames = tuple[int, int]
"""First frame, and the frame after the last."""
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Type:
    """How a line is set: font, size in pixels an em, colour, and what else libass shall do to it."""

    font: Font
    em: float
    colour: ColourName = "paper"
    opacity: float = 1.0
    anchor: Literal["left", "centre", "right"] = "left"
    effects: str = ""
    """Further override tags, such as `\\fad(200,0)`."""


def literal(text: str) -> str:
    """The text as libass will show it: no override block, no escape, no line break, whatever it contains."""
    return text.replace("\\", "\\" + WORD_JOINER).replace("{", "\\{").replace("}", "\\}")


def colour_tag(colour: Colour) -> str:
    return f"\\1c&H{colour.blue:02X}{colour.green:02X}{colour.red:02X}&"


def opacity_tag(opacity: float) -> str:
    return f"\\1a&H{round(255 * (1 - min(max(opacity, 0.0), 1.0))):02X}&"


class Sheet:
    """Collects what is drawn over one piece of video. Times are frames of the piece; layers are drawn from 0 up."""

    def __init__(self, brand: Brand) -> None:
        self.brand = brand
        self.file = pysubs2.SSAFile()
        self.file.info.update(
            {
                "PlayResX": str(FRAME_WIDTH),
                "PlayResY": str(FRAME_HEIGHT),
                "WrapStyle": "2",
                "ScaledBorderAndShadow": "yes",
                "YCbCr Matrix": "None",
            }
        )
        fonts = brand.fonts
        self.file.styles = {SHAPE: style_with(fonts.medium)}
        self.file.styles.update({font.file: style_with(font) for font in (fonts.black, fonts.bold, fonts.medium)})

    def text(self, text: str, setting: Type, at: Point, frames: Frames, *, layer: int = 10) -> None:
        """One line of literal text with its baseline at `at`."""
        self.marked_text(literal(text), setting, at, frames, layer=layer)

    def marked_text(self, marked: str, setting: Type, at: Point, frames: Frames, *, layer: int = 10) -> None:
        """One line of ASS text, its parts already made `literal`, with its baseline at `at`."""
        x, top = at[0], at[1] - ascent(setting.em)
        tags = f"\\an{ALIGNMENT[setting.anchor]}\\pos({x:.2f},{top:.2f})\\fs{libass_size(setting.em):.2f}"
        tags += colour_tag(self.brand.colours[setting.colour]) + opacity_tag(setting.opacity) + setting.effects
        self.add(frames, layer, setting.font.file, f"{{{tags}}}{marked}")

    def shadowed_text(self, text: str, setting: Type, at: Point, frames: Frames, *, layer: int = 10) -> None:
        """A line with a soft dark shadow: a blurred copy below it, since libass's own blur would take the text along."""
        shadow = Type(
            font=setting.font,
            em=setting.em,
            colour="night",
            opacity=0.8 * setting.opacity,
            anchor=setting.anchor,
            effects=setting.effects + "\\blur3",
        )
        self.text(text, shadow, (at[0] + 1, at[1] + 3), frames, layer=layer - 1)
        self.text(text, setting, at, frames, layer=layer)

    def shape(
        self,
        path: str,
        at: Point,
        frames: Frames,
        *,
        colour: ColourName,
        opacity: float = 1.0,
        effects: str = "",
        layer: int = 5,
        centred: bool = False,
    ) -> None:
        """A filled path (see `steps.compose.paths`) with its top left corner, or its centre, at `at`."""
        tags = f"\\an{5 if centred else 7}\\pos({at[0]:.2f},{at[1]:.2f})"
        tags += f"{colour_tag(self.brand.colours[colour])}{opacity_tag(opacity)}{effects}\\p1"
        self.add(frames, layer, SHAPE, f"{{{tags}}}{path}{{\\p0}}")

    def add(self, frames: Frames, layer: int, style: str, text: str) -> None:
        start, end = (time_of(frame) for frame in frames)
        if end > start:
            self.file.append(pysubs2.SSAEvent(start=start, end=end, layer=layer, style=style, text=text))

    def write(self, path: Path) -> None:
        path.write_text(self.file.to_string("ass"), encoding="utf-8")


def style_with(font: Font) -> pysubs2.SSAStyle:
    return pysubs2.SSAStyle(fontname=font.family, bold=font.bold, outline=0, shadow=0, marginl=0, marginr=0, marginv=0)


def time_of(frame: int) -> int:
    """Milliseconds, in whole centiseconds, just before the frame: so that it is the first that shows the event."""
    return max(0, (frame * CENTISECONDS - 1) // FRAME_RATE * 10)
