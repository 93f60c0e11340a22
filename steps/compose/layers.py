"""The layers a frame is built from, as ffmpeg-python streams; and how the whole becomes a piece of video."""

from pathlib import Path
from typing import Any

import ffmpeg

from newsreel.artifacts import FRAME_RATE
from steps.compose.brand import FONTS, FRAME_HEIGHT, FRAME_WIDTH
from steps.compose.encoder import VIDEO
from steps.compose.stills import DRIFT

__all__ = ["cut", "drifting_ground", "encoded", "held", "in_bt709", "moving_picture", "still"]

ZOOM = 0.07
"""Share by which a picture grows from a piece's start to its end, whatever its length."""

BT709 = {"out_color_matrix": "bt709", "out_range": "tv"}


def still(path: Path) -> Any:
    """A still picture as a stream of one frame."""
    return ffmpeg.input(str(path), framerate=FRAME_RATE)


def in_bt709(stream: Any, pixel_format: str) -> Any:
    """A stream in BT.709 studio range, whatever it came in."""
    return stream.filter("scale", **BT709, flags="bicubic+accurate_rnd+full_chroma_int").filter("format", pixel_format)


def held(stream: Any, pixel_format: str) -> Any:
    """One frame, converted once and shown for ever."""
    return in_bt709(stream, pixel_format).filter("loop", loop=-1, size=1)


def cut(stream: Any, mask: Path) -> Any:
    """A stream cut to the shape of a grey mask."""
    shape = still(mask).filter("format", "gray").filter("loop", loop=-1, size=1)
    return ffmpeg.filter([stream, shape], "alphamerge")


def drifting_ground(ground: Path) -> Any:
    """The ground, swaying by less than `DRIFT` in half a minute: slower than one notices, enough to be alive."""
    sway = f"{DRIFT / 2}*(1+sin(n/{FRAME_RATE}*0.21))"
    return held(still(ground), "yuv420p").filter("crop", FRAME_WIDTH, FRAME_HEIGHT, sway, 0)


def encoded(canvas: Any, sheet: Path, frames: int, target: Path) -> Any:
    """The canvas with its sheet drawn on, as so many frames of a piece that can be joined to others."""
    drawn = canvas.filter("ass", str(sheet), fontsdir=str(FONTS))
    drawn = drawn.filter("setparams", colorspace="bt709", color_primaries="bt709", color_trc="bt709", range="tv")
    return drawn.output(str(target), **VIDEO, **{"frames:v": frames}, an=None, map_metadata=-1, fflags="+bitexact")


def moving_picture(picture: Path, width: int, height: int, frames: int, *, inwards: bool) -> Any:
    """The picture filling a place, slowly growing or shrinking over so many frames.

    `perspective` samples between pixels, so that the move is smooth however slow; `zoompan` and `crop` go by whole pixels.
    """
    share = f"min((on-1)/{max(1, frames - 1)},1)"
    grown = f"{ZOOM / 2}*{share}" if inwards else f"{ZOOM / 2}*(1-{share})"
    left, right, top, bottom = f"W*{grown}", f"W-W*{grown}", f"H*{grown}", f"H-H*{grown}"
    corners = {"x0": left, "y0": top, "x1": right, "y1": top, "x2": left, "y2": bottom, "x3": right, "y3": bottom}
    filling = still(picture).filter("scale", width, height, force_original_aspect_ratio="increase", flags="lanczos")
    panel = held(filling.filter("crop", width, height, "(iw-ow)/2", "(ih-oh)/3"), "yuv420p")
    return panel.filter("perspective", **corners, interpolation="cubic", sense="source", eval="frame")
