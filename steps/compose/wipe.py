"""The brand's wipe: a slanted band runs over the picture at the end of one piece and off it at the start of the next.

Between the two every pixel is covered, so that pieces rendered alone meet without a jump.
"""

from collections.abc import Callable

from steps.compose.brand import FRAME_HEIGHT, FRAME_WIDTH
from steps.compose.motion import ease_in, ease_out
from steps.compose.paths import reel, slanted
from steps.compose.sheet import Sheet

__all__ = ["WIPE_FRAMES", "wipe_away", "wipe_over"]

WIPE_FRAMES = 10
"""Frames in which a wipe covers the picture at the end of a piece, and in which it uncovers the next."""

SLANT = 300.0
LAYER = 90
MARK = 150


def wipe_over(sheet: Sheet, end: int) -> None:
    """Cover the picture in the last frames before `end`."""
    wipe(sheet, end - WIPE_FRAMES, lambda step: ease_in((step + 1) / WIPE_FRAMES) - 1)


def wipe_away(sheet: Sheet, start: int = 0) -> None:
    """Uncover the picture in the first frames from `start` on."""
    wipe(sheet, start, lambda step: ease_out(step / WIPE_FRAMES))


def wipe(sheet: Sheet, start: int, way: Callable[[int], float]) -> None:
    """Slanted bands that run from left to right; `way` gives their place, from -1 over 0, where they cover everything, to 1."""
    width = FRAME_WIDTH + 2 * SLANT + 200
    band = slanted(width, FRAME_HEIGHT, SLANT)
    edge = slanted(SLANT + 130, FRAME_HEIGHT, SLANT)
    for step in range(WIPE_FRAMES):
        place = way(step) * (width + 260)
        left = place - SLANT - 100
        frames = (start + step, start + step + 1)
        sheet.shape(band, (left, 0), frames, colour="deep", layer=LAYER)
        for x in (left + width - SLANT - 10, left - 130):
            sheet.shape(edge, (x, 0), frames, colour="accent", layer=LAYER + 1)
        sheet.shape(
            reel(MARK),
            (left + width / 2 - MARK / 2, FRAME_HEIGHT / 2 - MARK / 2),
            frames,
            colour="paper",
            effects=f"\\org({left + width / 2:.1f},{FRAME_HEIGHT / 2})\\frz{-place / 6:.1f}",
            layer=LAYER + 2,
        )
