"""The opening and the closing: the story's title over its first picture, and the brand's farewell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ffmpeg

from steps.compose.brand import FRAME_HEIGHT, FRAME_WIDTH, Brand
from steps.compose.layers import drifting_ground, encoded, held, moving_picture, still
from steps.compose.motion import ease_out
from steps.compose.parts import CLOSING_FRAMES, OPENING_FRAMES
from steps.compose.paths import reel, rounded
from steps.compose.sheet import Sheet, Type
from steps.compose.stills import Stills
from steps.compose.titles import add_wordmark, rise
from steps.compose.typography import cap_height, fit
from steps.compose.wipe import wipe_away, wipe_over

__all__ = [
    "POSTER_FRAME",
    "closing_graph",
    "opening_graph",
    "poster_graph",
    "write_closing_sheet",
    "write_opening_sheet",
]

POSTER_FRAME = 58
"""The opening's frame in which everything has arrived and nothing has begun to leave."""

MARGIN = 150
FADE_FRAMES = 12


def write_opening_sheet(path: Path, brand: Brand, title: str) -> None:
    """The mark turns in, the title rises line by line, a bar grows under it; then the wipe."""
    sheet = Sheet(brand)
    font, last = brand.fonts.black, OPENING_FRAMES
    setting = fit(title, font, 1180, brand.sizes.title, 3)
    leading = setting.size * 1.12
    height = cap_height(setting.size) + leading * (len(setting.lines) - 1)
    first = FRAME_HEIGHT / 2 + 40 - height / 2 + cap_height(setting.size)
    mark_top = first - cap_height(setting.size) - 72 - 76
    turn_in(sheet, 76, (MARGIN + 38, mark_top + 38), (0, last))
    wordmark = Type(font=font, em=44, effects="\\fad(400,0)")
    add_wordmark(sheet, (MARGIN + 98, mark_top + 38 + cap_height(44) / 2), wordmark, (3, last))
    for number, line in enumerate(setting.lines):
        rise(sheet, line, setting.size, (MARGIN, first + number * leading), (5 + 3 * number, last), way=70)
    bottom = first + leading * (len(setting.lines) - 1)
    grow(sheet, 180, 10, (MARGIN + 4, bottom + 62), (12, last))
    fade(sheet, range(0, 8), lambda step: 1 - ease_out((step + 1) / 8))
    wipe_over(sheet, last)
    sheet.write(path)


def write_closing_sheet(path: Path, brand: Brand) -> None:
    """The brand on its own ground, its tagline, and who is not human; then dark."""
    sheet = Sheet(brand)
    middle, last = FRAME_WIDTH / 2, CLOSING_FRAMES
    turn_in(sheet, 150, (middle, 385), (4, last))
    wordmark = Type(font=brand.fonts.black, em=92, anchor="centre", effects="\\fad(300,0)")
    add_wordmark(sheet, (middle, 590), wordmark, (6, last))
    grow(sheet, 120, 8, (middle - 60, 632), (10, last))
    for text, size, baseline in ((brand.tagline, 38, 712), (brand.disclosure, 26, FRAME_HEIGHT - 96)):
        quiet = Type(font=brand.fonts.medium, em=size, colour="mist", anchor="centre", effects="\\fad(350,0)")
        sheet.text(text, quiet, (middle, baseline), (12, last))
    wipe_away(sheet)
    fade(sheet, range(last - FADE_FRAMES, last), lambda step: ease_out((step - last + FADE_FRAMES + 1) / FADE_FRAMES))
    sheet.write(path)


def turn_in(sheet: Sheet, size: int, middle: tuple[float, float], frames: tuple[int, int]) -> None:
    """The mark turns and grows into its place, then goes on turning very slowly."""
    start, end = frames
    for step in range(end - start):
        share = ease_out((step + 1) / 16)
        turned = -200 * (1 - share) + step * 0.25
        effects = f"\\frz{-turned:.2f}\\fscx{100 * share:.1f}\\fscy{100 * share:.1f}"
        sheet.shape(
            reel(size), middle, (start + step, start + step + 1), colour="accent", effects=effects, layer=12, centred=True
        )


def grow(sheet: Sheet, width: float, height: float, at: tuple[float, float], frames: tuple[int, int]) -> None:
    """A bar that grows from its left end."""
    start, end = frames
    for step in range(14):
        bar = rounded(max(height, width * ease_out((step + 1) / 14)), height, height / 2)
        sheet.shape(bar, at, (start + step, start + step + 1 if step < 13 else end), colour="accent")


def fade(sheet: Sheet, frames: range, darkness: Callable[[int], float]) -> None:
    """Darken the whole picture, frame by frame."""
    for frame in frames:
        whole = rounded(FRAME_WIDTH, FRAME_HEIGHT, 0)
        sheet.shape(whole, (0, 0), (frame, frame + 1), colour="night", opacity=darkness(frame), layer=95)


def opening_graph(picture: Path, sheet: Path, stills: Stills, target: Path) -> Any:
    """The first scene's picture over the whole frame, in the brand's shade, with the title."""
    whole = moving_picture(picture, FRAME_WIDTH, FRAME_HEIGHT, 2 * OPENING_FRAMES, inwards=True)
    shaded = whole.overlay(held(still(stills.title_shade), "yuva420p"))
    return encoded(shaded, sheet, OPENING_FRAMES, target)


def closing_graph(sheet: Path, stills: Stills, target: Path) -> Any:
    """The brand's ground with the farewell."""
    return encoded(drifting_ground(stills.ground), sheet, CLOSING_FRAMES, target)


def poster_graph(opening: Path, target: Path) -> Any:
    """The opening's settled frame as a JPEG, in the colours JPEG assumes (BT.601, full range)."""
    frame = ffmpeg.input(str(opening)).filter("trim", start_frame=POSTER_FRAME, end_frame=POSTER_FRAME + 1)
    jpeg = frame.filter("scale", in_color_matrix="bt709", out_color_matrix="bt601", out_range="pc").filter("format", "yuvj420p")
    return jpeg.output(str(target), **{"frames:v": 1, "q:v": 2, "update": 1}, map_metadata=-1, fflags="+bitexact")
