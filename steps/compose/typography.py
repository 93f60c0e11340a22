"""How wide a text is and how it breaks, measured with the fonts that libass will draw it with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import ImageFont

from steps.compose.brand import Font

__all__ = ["Setting", "cap_height", "fit", "libass_size", "text_width"]

EM = 2048
WINDOWS_ASCENT, WINDOWS_DESCENT, CAPITALS = 2146, 555, 1456
"""Roboto's OS/2 table: usWinAscent, usWinDescent, sCapHeight, in units of 1/2048 em; the same in all weights."""

MEASURED_AT = 100
"""Pixels an em at which widths are measured; unhinted, so they scale."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A text set: its lines and their size in pixels an em."""

    lines: tuple[str, ...]
    size: int


def libass_size(em: float) -> float:
    """The ASS font size for a size in pixels an em: libass, like VSFilter, counts the height of a Windows line."""
    return em * (WINDOWS_ASCENT + WINDOWS_DESCENT) / EM


def ascent(em: float) -> float:
    """Pixels from the top of libass's line to its baseline."""
    return em * WINDOWS_ASCENT / EM


def cap_height(em: float) -> float:
    """Height of capital letters in pixels."""
    return em * CAPITALS / EM


@cache
def measuring(font: Font) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font.path, MEASURED_AT, layout_engine=ImageFont.Layout.BASIC)


def text_width(text: str, font: Font, em: float, spacing: float = 0.0) -> float:
    """Width in pixels of one line; `spacing` is added after every character."""
    return measuring(font).getlength(text) * em / MEASURED_AT + spacing * len(text)


def fit(text: str, font: Font, width: float, sizes: Sequence[int], lines: int) -> Setting:
    """The largest of `sizes` at which the text takes at most so many lines, balanced in length.

    At the smallest size it takes what lines it needs: nothing of a text is ever left out.
    """
    for size in sizes:
        broken = wrapped(text, font, width, size)
        if len(broken) <= lines and " ".join(broken) == text:
            return Setting(lines=balanced(text, font, width, size, len(broken)), size=size)
    return Setting(lines=wrapped(text, font, width, sizes[-1]), size=sizes[-1])


def wrapped(text: str, font: Font, width: float, size: float) -> tuple[str, ...]:
    """Greedy lines; a word wider than a line is cut between characters."""
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


def balanced(text: str, font: Font, width: float, size: float, count: int) -> tuple[str, ...]:
    """The same number of lines with the narrowest measure that still gives it: no widow at the end."""
    low, high = width / 3, width
    while high - low > size / 4:
        middle = (low + high) / 2
        broken = wrapped(text, font, middle, size)
        if len(broken) <= count and " ".join(broken) == text:
            high = middle
        else:
            low = middle
    return wrapped(text, font, high, size)
