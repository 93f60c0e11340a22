"""The contact sheet: a frame of each scene, in rows, as one small JPEG; and the contents of the video."""

from collections.abc import Sequence
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path

import ffmpeg
from PIL import Image

from newsreel.artifacts import FRAME_RATE
from steps.compose.ffmpeg_graph import VIDEO, run_graph
from steps.compose.graphics.brand import FRAME_HEIGHT, FRAME_WIDTH

SHEET_WIDTH = 1440
MAX_CELL_WIDTH, MIN_CELL_WIDTH = 480, 240
"""Pixels."""
MAX_SHEET_BYTES = 400_000
"""The sheet is embedded in the report, where base64 adds a third."""
QUALITIES = (84, 72, 60, 45, 30, 15, 5)


def layout(scenes: int) -> tuple[int, int]:
    """Columns and rows of a sheet."""
    columns = min(max(ceil(sqrt(scenes)), min(scenes, SHEET_WIDTH // MAX_CELL_WIDTH)), SHEET_WIDTH // MIN_CELL_WIDTH)
    return columns, ceil(scenes / columns)


def draw_sheet(pieces: Sequence[Path], frames: Sequence[int], scratch: Path, target: Path) -> tuple[int, int]:
    """Draw the sheet of these pieces, which have so many `frames`, row by row; returns columns and rows. Raises DiskFull."""
    columns, rows = layout(len(pieces))
    width = min(MAX_CELL_WIDTH, SHEET_WIDTH // columns)
    height = width * FRAME_HEIGHT // FRAME_WIDTH
    sheet = Image.new("RGB", (columns * width, rows * height))
    for number, (piece, count) in enumerate(zip(pieces, frames, strict=True)):
        picture = scratch / "still.png"
        run_graph(extract_frame(piece, representative_frame(count), width, height, picture))
        with Image.open(picture) as drawn:
            sheet.paste(drawn, (number % columns * width, number // columns * height))
    target.write_bytes(compress_jpeg(sheet))
    return columns, rows


def representative_frame(frames: int) -> int:
    """A frame near the middle, after all animations; if possible the start of a group of pictures, which decodes fast."""
    middle, group = frames // 2, int(VIDEO["g"])
    return middle // group * group or middle


def extract_frame(piece: Path, frame: int, width: int, height: int, target: Path) -> object:
    """Graph that writes one frame, scaled down, in RGB."""
    video = ffmpeg.input(str(piece), ss=f"{frame / FRAME_RATE:.5f}")
    small = video.filter("scale", width, height, flags="area", in_color_matrix="bt709").filter("format", "rgb24")
    return small.output(str(target), **{"frames:v": 1, "update": 1}, map_metadata=-1, fflags="+bitexact")


def compress_jpeg(sheet: Image.Image) -> bytes:
    """JPEG of the best quality that is at most MAX_SHEET_BYTES."""
    written = b""
    for quality in QUALITIES:
        file = BytesIO()
        sheet.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        written = file.getvalue()
        if len(written) <= MAX_SHEET_BYTES:
            break
    return written
