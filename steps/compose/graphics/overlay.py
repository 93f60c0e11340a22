"""ASS overlays: text and vector shapes at exact pixels and times, drawn into the picture by libass.

Text is user input and is drawn literally, whatever characters it has. The format is that of "ASS File Format Specification" of
the libass project; sizes, positions and colours here are in pixels, ems and sRGB and are converted. Widths of text are measured
with the fonts that libass draws it with. Vector shapes are ASS drawing commands (`m` move, `l` line, `b` Bezier) in pixels, with
their top left corner at the origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, pi, sin, tan
from pathlib import Path
from typing import Literal

import pysubs2
from PIL import ImageFont

from newsreel.artifacts import FRAME_RATE
from steps.compose.graphics.brand import FRAME_HEIGHT, FRAME_WIDTH, Brand, Colour, ColourName, Font

EM = 2048
WINDOWS_ASCENT, WINDOWS_DESCENT, CAPITALS = 2146, 555, 1456
"""Roboto's OS/2 table: usWinAscent, usWinDescent, sCapHeight, in units of 1/2048 em; the same in all weights."""

MEASURED_AT = 100
"""Pixels per em at which widths are measured; without hinting they scale linearly."""


@dataclass(frozen=True, kw_only=True)
class FittedText:
    """A text broken into lines, and its size in pixels per em."""

    lines: tuple[str, ...]
    size: int


def libass_size(em: float) -> float:
    """The ASS font size for a size in pixels per em: libass, like VSFilter, uses the height of a Windows line."""
    return em * (WINDOWS_ASCENT + WINDOWS_DESCENT) / EM


def ascent(em: float) -> float:
    """Pixels from the top of a libass line to its baseline."""
    return em * WINDOWS_ASCENT / EM


def cap_height(em: float) -> float:
    """Height of capital letters in pixels."""
    return em * CAPITALS / EM


@cache
def measuring_font(font: Font) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font.path, MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)


def text_width(text: str, font: Font, em: float, spacing: float = 0.0) -> float:
    """Width in pixels of one line; `spacing` is added after every character."""
    return measuring_font(font).getlength(text) * em / MEASURED_AT + spacing * len(text)


def fit_text(text: str, font: Font, width: float, sizes: Sequence[int], lines: int) -> FittedText:
    """The text at the largest of `sizes` at which it fits into `lines` lines, balanced in length.

    At the smallest size it takes as many lines as it needs: text is never cut off.
    """
    for size in sizes:
        broken = wrap_text(text, font, width, size)
        if len(broken) <= lines and " ".join(broken) == text:
            return FittedText(lines=balance_lines(text, font, width, size, len(broken)), size=size)
    return FittedText(lines=wrap_text(text, font, width, sizes[-1]), size=sizes[-1])


def wrap_text(text: str, font: Font, width: float, size: float) -> tuple[str, ...]:
    """Greedy line breaking; a word wider than a line is cut between characters."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", font, size) <= width:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for character in word:
            if lines[-1] and text_width(lines[-1] + character, font, size) > width:
                lines.append("")
            lines[-1] += character
    return tuple(lines)


def balance_lines(text: str, font: Font, width: float, size: float, count: int) -> tuple[str, ...]:
    """The same number of lines at the narrowest width that gives it, so that the last line is not much shorter."""
    low, high = width / 3, width
    while high - low > size / 4:
        middle = (low + high) / 2
        broken = wrap_text(text, font, middle, size)
        if len(broken) <= count and " ".join(broken) == text:
            high = middle
        else:
            low = middle
    return wrap_text(text, font, high, size)


WORD_JOINER = "\u2060"
"""Invisible and without width; between a backslash and a letter it prevents libass from reading a command."""

ALIGNMENT = {"left": 7, "centre": 8, "right": 9}
CENTISECONDS = 100
SHAPE = "Shape"

Frames = tuple[int, int]
"""First frame, and frame after the last."""
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class TextStyle:
    """Style of a line: font, size in pixels per em, colour, and further effects of libass."""

    font: Font
    em: float
    colour: ColourName = "paper"
    opacity: float = 1.0
    anchor: Literal["left", "centre", "right"] = "left"
    effects: str = ""
    """Further override tags, such as `\\fad(200,0)`."""


def escape_ass(text: str) -> str:
    """Escape text so that libass shows it literally, without override blocks, escapes and line breaks."""
    return text.replace("\\", "\\" + WORD_JOINER).replace("{", "\\{").replace("}", "\\}")


def colour_tag(colour: Colour) -> str:
    return f"\\1c&H{colour.blue:02X}{colour.green:02X}{colour.red:02X}&"


def opacity_tag(opacity: float) -> str:
    return f"\\1a&H{round(255 * (1 - min(max(opacity, 0.0), 1.0))):02X}&"


class Overlay:
    """An ASS script that is drawn over one piece of video. Times are frames of the piece; layers are drawn from 0 up."""

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

    def text(self, text: str, style: TextStyle, at: Point, frames: Frames, *, layer: int = 10) -> None:
        """One line of literal text with its baseline at `at`."""
        self.marked_text(escape_ass(text), style, at, frames, layer=layer)

    def marked_text(self, marked: str, style: TextStyle, at: Point, frames: Frames, *, layer: int = 10) -> None:
        """One line of ASS text, already escaped by `escape_ass`, with its baseline at `at`."""
        x, top = at[0], at[1] - ascent(style.em)
        tags = f"\\an{ALIGNMENT[style.anchor]}\\pos({x:.2f},{top:.2f})\\fs{libass_size(style.em):.2f}"
        tags += colour_tag(self.brand.colours[style.colour]) + opacity_tag(style.opacity) + style.effects
        self.add(frames, layer, style.font.file, f"{{{tags}}}{marked}")

    def shadowed_text(self, text: str, style: TextStyle, at: Point, frames: Frames, *, layer: int = 10) -> None:
        """A line with a soft dark shadow: a blurred copy below it, since libass's own blur would also blur the text."""
        shadow = TextStyle(
            font=style.font,
            em=style.em,
            colour="night",
            opacity=0.8 * style.opacity,
            anchor=style.anchor,
            effects=style.effects + "\\blur3",
        )
        self.text(text, shadow, (at[0] + 1, at[1] + 3), frames, layer=layer - 1)
        self.text(text, style, at, frames, layer=layer)

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
        """A filled path (see `steps.compose.graphics.overlay`) with its top left corner, or its centre, at `at`."""
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
    """Milliseconds, in whole centiseconds, just before the frame, so that it is the first that shows the event."""
    return max(0, (frame * CENTISECONDS - 1) // FRAME_RATE * 10)


BEZIER_CIRCLE = 4 / 3 * tan(pi / 8)
"""Handle length of the cubic Bezier closest to a quarter of the unit circle."""


def rounded_path(width: float, height: float, radius: float) -> str:
    """A rectangle with round corners."""
    r = min(radius, width / 2, height / 2)
    k = r * (1 - BEZIER_CIRCLE)
    w, h = width, height
    return format_path(
        f"m {r} 0 l {w - r} 0 b {w - k} 0 {w} {k} {w} {r} l {w} {h - r} b {w} {h - k} {w - k} {h} {w - r} {h} "
        f"l {r} {h} b {k} {h} 0 {h - k} 0 {h - r} l 0 {r} b 0 {k} {k} 0 {r} 0"
    )


def slanted_path(width: float, height: float, slant: float) -> str:
    """A parallelogram that leans to the right by `slant`, which is part of its width."""
    return format_path(f"m {slant} 0 l {width} 0 l {width - slant} {height} l 0 {height}")


def reel_path(size: float) -> str:
    """The brand's mark: a film reel with five holes around a hub."""
    middle = size / 2
    holes = [(middle + size * 0.29 * sin(2 * pi * k / 5), middle - size * 0.29 * cos(2 * pi * k / 5)) for k in range(5)]
    parts = [circle_path(middle, middle, middle, 1), circle_path(middle, middle, size * 0.06, -1)]
    return format_path(" ".join(parts + [circle_path(x, y, size * 0.125, -1) for x, y in holes]))


def circle_path(x: float, y: float, radius: float, turn: int) -> str:
    """`turn` 1 is filled; -1, in the opposite direction, is a hole in a filled shape."""
    r, k = radius, radius * BEZIER_CIRCLE
    up, down = -turn * r, turn * r
    return (
        f"m {x - r} {y} b {x - r} {y + up * BEZIER_CIRCLE} {x - k} {y + up} {x} {y + up} "
        f"b {x + k} {y + up} {x + r} {y + up * BEZIER_CIRCLE} {x + r} {y} "
        f"b {x + r} {y + down * BEZIER_CIRCLE} {x + k} {y + down} {x} {y + down} "
        f"b {x - k} {y + down} {x - r} {y + down * BEZIER_CIRCLE} {x - r} {y}"
    )


def format_path(path: str) -> str:
    """The same commands with numbers rounded to a hundredth of a pixel."""
    return " ".join(part if part.isalpha() else f"{float(part):.2f}" for part in path.split())
