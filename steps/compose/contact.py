"""The contact sheet: a still of each scene, in rows, as one small JPEG."""

from collections.abc import Sequence
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path

import ffmpeg
from PIL import Image

from newsreel.artifacts import FRAME_RATE
from steps.compose.brand import FRAME_HEIGHT, FRAME_WIDTH
from steps.compose.encoder import VIDEO, run_graph

__all__ = ["MOST_BYTES", "draw_sheet", "layout"]

SHEET_WIDTH = 1440
WIDEST, NARROWEST = 480, 240
"""Pixels of a still."""
MOST_BYTES = 400_000
"""Of a sheet: it travels inside the report, where base64 adds a third."""
QUALITIES = (84, 72, 60, 45, 30, 15, 5)


def layout(scenes: int) -> tuple[int, int]:
    """Columns and rows."""
    columns = min(max(ceil(sqrt(scenes)), min(scenes, SHEET_WIDTH // WIDEST)), SHEET_WIDTH // NARROWEST)
    return columns, ceil(scenes / columns)


def draw_sheet(pieces: Sequence[Path], frames: Sequence[int], desk: Path, target: Path) -> tuple[int, int]:
    """Draw the sheet of these scenes, which have so many `frames`, from left to right; columns and rows. Raises DiskFull."""
    columns, rows = layout(len(pieces))
    width = min(WIDEST, SHEET_WIDTH // columns)
    height = width * FRAME_HEIGHT // FRAME_WIDTH
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, (piece, count) in enumerate(zip(pieces, frames, strict=True)):
        picture = desk / "still.png"
        run_graph(still(piece, settled(count), width, height, picture))
        with Image.open(picture) as drawn:
            sheet.paste(drawn, (number % columns * width, number // columns * height))
    target.write_bytes(small_jpeg(sheet))
    return columns, rows


def settled(frames: int) -> int:
    """A frame about the middle, when all has arrived; at the start of a group of pictures, where the scene has one by then."""
    middle, group = frames // 2, int(VIDEO["g"])
    return middle // group * group or middle


def still(piece: Path, frame: int, width: int, height: int, target: Path) -> object:
    """One frame, made small, in RGB."""
    seen = ffmpeg.input(str(piece), ss=f"{frame / FRAME_RATE:.5f}")
    small = seen.filter("scale", width, height, flags="area", in_color_matrix="bt709").filter("format", "rgb24")
    return small.output(str(target), **{"frames:v": 1, "update": 1}, map_metadata=-1, fflags="+bitexact")


def small_jpeg(sheet: Image.Image) -> bytes:
    """At the best quality that keeps it small."""
    written = b""
    for quality in QUALITIES:
        file = BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        written = file.getvalue()
        if len(written) <= MOST_BYTES:
            break
    return written
