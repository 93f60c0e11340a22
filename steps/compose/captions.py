"""Captions burnt in: the cues in the band below the panels, the word being spoken in another colour."""

from collections.abc import Sequence
from math import ceil

from newsreel.artifacts import FRAME_RATE
from newsreel.story.schema import CaptionStyle
from steps.compose.cues import Cue, Shown
from steps.compose.paths import rounded
from steps.compose.sheet import Frames, Sheet, Type, colour_tag, literal
from steps.compose.typography import cap_height, text_width

__all__ = ["add_captions"]

LEADING = 1.36
"""Ems from baseline to baseline."""


def add_captions(sheet: Sheet, cues: Sequence[Cue], style: CaptionStyle, frames: int) -> None:
    """The words as they are spoken, for a piece of so many frames; nothing where the style is `none`."""
    if style == "none":
        return
    for cue in cues:
        add_cue(sheet, cue, style, (round(cue.start * FRAME_RATE), min(frames, ceil(cue.end * FRAME_RATE))))


def add_cue(sheet: Sheet, cue: Cue, style: CaptionStyle, shown: Frames) -> None:
    place, size, font = sheet.brand.places.captions, sheet.brand.sizes.caption, sheet.brand.fonts.bold
    lines = [" ".join(word.text for word in line) for line in cue.lines]
    widest = max(text_width(line, font, size) for line in lines)
    shrunk = min(1.0, (place.width - 80) / widest)  # for 42 capital W
    height = cap_height(size) + size * LEADING * (len(lines) - 1)
    top, middle = place.top + (place.height - height) / 2, place.left + place.width / 2
    if style == "boxed":
        width = widest * shrunk + 76
        box = rounded(width, height + 60, 20)
        sheet.shape(box, (middle - width / 2, top - 30), shown, colour="night", opacity=0.78, effects="\\fad(80,0)")
    setting = Type(font=font, em=size, anchor="centre", effects=f"\\fscx{100 * shrunk:.1f}\\fscy{100 * shrunk:.1f}")
    for number, line in enumerate(cue.lines):
        at = (middle, top + cap_height(size) + number * size * LEADING)
        if style == "plain":
            sheet.shadowed_text(lines[number], setting, at, shown, layer=10)
        for moment, spoken in moments_of(line, shown):
            marked = " ".join(coloured(sheet, word, word is spoken) for word in line)
            sheet.marked_text(marked, setting, at, moment, layer=11)


def moments_of(line: Sequence[Shown], shown: Frames) -> list[tuple[Frames, Shown | None]]:
    """The stretches of frames in which one word of a line, or none, is being spoken."""
    at, end = shown
    moments: list[tuple[Frames, Shown | None]] = []
    for word in line:
        first, last = max(at, round(word.start * FRAME_RATE)), min(end, round(word.end * FRAME_RATE))
        if last > first:
            moments += [((at, first), None), ((first, last), word)]
            at = last
    return [*moments, ((at, end), None)]


def coloured(sheet: Sheet, word: Shown, spoken: bool) -> str:
    """Every word carries a colour, spoken or not, so that the line is always set in the same pieces and never shifts."""
    return f"{{{colour_tag(sheet.brand.colours['gold' if spoken else 'paper'])}}}{literal(word.text)}"
