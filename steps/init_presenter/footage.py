"""Footage as a camera gave it, brought to a presenter's size: the largest square in the middle, 30 frames a second, no sound."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, cast

import av

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadInput, MissingProgram, disk_full
from newsreel.media.encoder import find_ffmpeg, is_disk_full
from newsreel.presenters.training_data import MAX_FOOTAGE_SECONDS, MIN_FRAMES

__all__ = ["Clip", "fit", "probe"]

LARGEST_SIDE = 8192
ONLY_THIS_FILE = {"protocol_whitelist": "file,pipe"}
"""A playlist in the place of a video must not make the decoder read other files."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    width: int
    height: int
    rate: Fraction | None
    frames: int
    """As the container says; 0 where it does not."""
    plain: bool
    """H.264 upright in its frame: what a presenter's footage is anyway."""

    def suits(self, size: int) -> bool:
        return self.plain and self.width == self.height == size and self.rate == FRAME_RATE and self.frames > 0


def probe(path: Path, name: str) -> Clip:
    """What the first video of an MP4 or MOV file is. Raises BadInput for any other file."""
    try:
        with av.open(path, format="mov", options=ONLY_THIS_FILE) as container:
            video = container.streams.video[0]
            plain = video.codec_context.name == "h264" and not next(container.decode(video)).rotation
            clip = Clip(width=video.width, height=video.height, rate=video.average_rate, frames=video.frames, plain=plain)
    except (av.FFmpegError, IndexError, StopIteration, ValueError) as fault:
        raise BadInput(
            f"{name}: not a video in an MP4 or MOV file ({type(fault).__name__}); export it as H.264 in MP4"
        ) from fault
    if not 0 < clip.width <= LARGEST_SIDE or not 0 < clip.height <= LARGEST_SIDE:
        raise BadInput(f"{name}: is {clip.width}x{clip.height}; at most {LARGEST_SIDE}x{LARGEST_SIDE}")
    return clip


def fit(source: Path, target: Path, name: str, size: int, advance: Callable[[int], None]) -> int:
    """Write `target` as a presenter's footage; how many frames it has.

    What suits already is taken as it is. `advance` is told of frames. Raises BadInput for footage that is damaged, shorter than
    LEAST_FRAMES, longer than MOST_SECONDS or smaller than `size`; MissingProgram, DiskFull.
    """
    clip = probe(source, name)
    if min(clip.width, clip.height) < size:
        raise BadInput(f"{name}: is {clip.width}x{clip.height}; the sheet wants {size}x{size}, so film larger or lower the size")
    if clip.suits(size):
        target.write_bytes(source.read_bytes())
        frames = clip.frames
        advance(frames)
    else:
        frames = convert(source, target, name, size, advance)
    if frames < MIN_FRAMES:
        raise BadInput(f"{name}: has {frames} frames; at least {MIN_FRAMES}, better a minute of rest and speech")
    if frames > MAX_FOOTAGE_SECONDS * FRAME_RATE:
        raise BadInput(f"{name}: longer than {MAX_FOOTAGE_SECONDS} s; cut it")
    return frames


def convert(source: Path, target: Path, name: str, size: int, advance: Callable[[int], None]) -> int:
    square = "crop=min(iw\\,ih):min(iw\\,ih)"
    scaled = f"scale={size}:{size}:flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"
    look = ("-c:v", "libx264", "-crf", "12", "-preset", "medium", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
    colours = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    command = [
        *(find_ffmpeg(), "-nostdin", "-hide_banner", "-v", "error", "-y", "-progress", "pipe:1"),
        *(
            "-f",
            "mov",
            "-protocol_whitelist",
            "file,pipe",
            "-i",
            str(source),
            "-map",
            "0:v:0",
            "-t",
            str(MAX_FOOTAGE_SECONDS + 1),
        ),
        *(
            "-vf",
            f"{square},{scaled},fps={FRAME_RATE},setsar=1",
            *look,
            *colours,
            "-threads",
            "1",
            "-fflags",
            "+bitexact",
            str(target),
        ),
    ]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError as fault:
        raise MissingProgram(f"{command[0]} cannot be run: {fault.strerror}; run `pip install imageio-ffmpeg`") from fault
    frames, complaints = 0, [""]
    with process:
        for line in cast(IO[str], process.stdout):
            key, _, value = line.strip().partition("=")
            if key == "frame" and value.isdigit():
                advance(int(value) - frames)
                frames = int(value)
            elif not value:
                complaints.append(line.strip())
    if process.returncode and is_disk_full(" ".join(complaints)):
        raise disk_full(target.parent)
    if process.returncode:
        raise BadInput(f"{name}: cannot be decoded ({complaints[-1] or 'ffmpeg said nothing'})")
    return frames
