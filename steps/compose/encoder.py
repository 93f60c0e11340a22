"""Running an ffmpeg graph: what it says while it works, what its failures mean to a person; and how our video is encoded."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

import ffmpeg

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import DiskFull, MissingProgram, NewsreelError
from newsreel.media.encoder import find_ffmpeg, is_disk_full

__all__ = ["VIDEO", "ComposeFailed", "run_graph"]

VIDEO: Final[dict[str, Any]] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "crf": 20,
    "profile:v": "high",
    "level:v": "4.1",
    "pix_fmt": "yuv420p",
    "r": FRAME_RATE,
    "g": 2 * FRAME_RATE,
    "x264-params": "stitchable=1",
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
    "video_track_timescale": 512 * FRAME_RATE,
}
"""Every piece is encoded alike, with headers that do not depend on the content (`stitchable`), so that pieces can be joined
as they are."""

LAST_WORDS: Final = 8192
"""Bytes of ffmpeg's messages that are looked at after a failure."""


class ComposeFailed(NewsreelError):
    """ffmpeg gave up for a reason of its own: a defect, since all input was checked. The same input gives the same end."""

    exit_status = 70


def run_graph(output: Any, advance: Callable[[int], None] = lambda frames: None, messages: str = "error") -> str:
    """Run an ffmpeg-python graph to its end; `advance` is told of every few finished frames. Returns ffmpeg's last messages.

    Raises MissingProgram, DiskFull, or ComposeFailed with the first thing ffmpeg complained of. An interrupted run ends ffmpeg.
    """
    command = [find_ffmpeg(), "-hide_banner", "-nostdin", "-nostats", "-v", messages, "-progress", "pipe:1"]
    command += ffmpeg.get_args(output, overwrite_output=True)
    with tempfile.TemporaryFile() as said:
        status = followed(command, said, advance)
        words = last_words(said)
    if status != 0:
        raise failure(words, status)
    return words


def followed(command: Sequence[str], said: IO[bytes], advance: Callable[[int], None]) -> int:
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True)
    except OSError as fault:
        raise MissingProgram(f"{command[0]} cannot be run: {fault.strerror}") from fault
    done = 0
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        for line in process.stdout:
            name, _, value = line.partition("=")
            if name == "frame" and value.strip().isdigit():
                advance(int(value) - done)
                done = int(value)
        return process.wait()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def last_words(said: IO[bytes]) -> str:
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - LAST_WORDS))
    return said.read().decode("utf-8", "replace")


def failure(words: str, status: int) -> NewsreelError:
    if is_disk_full(words):
        return DiskFull("the disk is full; free some space and run the same command again")
    lines = [re.sub(r" @ 0x[0-9a-f]+", "", line.strip()) for line in words.splitlines() if line.strip()]
    return ComposeFailed(f"ffmpeg ended with {status}: {lines[0] if lines else 'it said nothing'}")
