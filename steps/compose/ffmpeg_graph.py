"""Run ffmpeg graphs: progress, errors; and the encoding of our videos."""

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
"""Every piece has the same encoding, with headers that do not depend on the content (`stitchable`), so that pieces can be joined
without encoding them again."""

MAX_MESSAGE_BYTES: Final = 8192
"""How much of the end of ffmpeg's messages is read."""


class ComposeFailed(NewsreelError):
    """ffmpeg failed, which is a defect, since all input was validated. A retry would fail again."""

    exit_status = 70


def run_graph(output: Any, advance: Callable[[int], None] = lambda frames: None, messages: str = "error") -> str:
    """Run an ffmpeg-python graph; `advance` is called with numbers of finished frames. Returns ffmpeg's last messages.

    Raises MissingProgram, DiskFull, or ComposeFailed with ffmpeg's first message. An interrupted run kills ffmpeg.
    """
    command = [find_ffmpeg(), "-hide_banner", "-nostdin", "-nostats", "-v", messages, "-progress", "pipe:1"]
    command += ffmpeg.get_args(output, overwrite_output=True)
    with tempfile.TemporaryFile() as log_file:
        status = run_with_progress(command, log_file, advance)
        text = read_tail(log_file)
    if status != 0:
        raise failure(text, status)
    return text


def run_with_progress(command: Sequence[str], log_file: IO[bytes], advance: Callable[[int], None]) -> int:
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log_file, text=True)
    except OSError as fault:
        raise MissingProgram(f"{command[0]} cannot be run: {fault.strerror}") from fault
    done = 0
    try:
        assert process.stdout is not None  # noqa: S101 - opened as a pipe above
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


def read_tail(log_file: IO[bytes]) -> str:
    log_file.seek(0, os.SEEK_END)
    log_file.seek(max(0, log_file.tell() - MAX_MESSAGE_BYTES))
    return log_file.read().decode("utf-8", "replace")


def failure(text: str, status: int) -> NewsreelError:
    if is_disk_full(text):
        return DiskFull("the disk is full; free some space and run the same command again")
    lines = [re.sub(r" @ 0x[0-9a-f]+", "", line.strip()) for line in text.splitlines() if line.strip()]
    return ComposeFailed(f"ffmpeg failed with status {status}: {lines[0] if lines else 'no message'}")
