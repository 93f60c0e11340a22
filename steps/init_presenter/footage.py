"""Convert camera footage to a presenter's size: the largest square in the middle, 30 frames a second, without sound."""

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
from newsreel.training_data import MAX_FOOTAGE_SECONDS, MIN_FRAMES

MAX_SIDE = 8192
DEMUXER_OPTIONS = {"protocol_whitelist": "file,pipe"}
"""A playlist instead of a video must not make the decoder read other files."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    width: int
    height: int
    rate: Fraction | None
    frames: int
    """According to the container; 0 if unknown."""
    upright_h264: bool
    """H.264 without rotation, as the converted footage is."""

    def suits(self, size: int) -> bool:
        return self.upright_h264 and self.width == self.height == size and self.rate == FRAME_RATE and self.frames > 0


def probe(path: Path, name: str) -> Clip:
    """Properties of the first video stream of an MP4 or MOV file. Raises BadInput for any other file."""
    try:
        with av.open(path, format="mov", options=DEMUXER_OPTIONS) as container:
            video = container.streams.video[0]
            upright_h264 = video.codec_context.name == "h264" and not next(container.decode(video)).rotation
            clip = Clip(
                width=video.width, height=video.height, rate=video.average_rate, frames=video.frames, upright_h264=upright_h264
            )
    except (av.FFmpegError, IndexError, StopIteration, ValueError) as fault:
        raise BadInput(
            f"{name}: not a video in an MP4 or MOV file ({type(fault).__name__}); export it as H.264 in MP4"
        ) from fault
    if not 0 < clip.width <= MAX_SIDE or not 0 < clip.height <= MAX_SIDE:
        raise BadInput(f"{name}: is {clip.width}x{clip.height}; at most {MAX_SIDE}x{MAX_SIDE}")
    return clip


def convert_footage(source: Path, target: Path, name: str, size: int, advance: Callable[[int], None]) -> int:
    """Write `target` as a presenter's footage; returns its number of frames.

    Suitable footage is copied. `advance` is called with numbers of finished frames. Raises BadInput for footage that is damaged,
    shorter than MIN_FRAMES, longer than MAX_SECONDS or smaller than `size`; MissingProgram, DiskFull.
    """
    clip = probe(source, name)
    if min(clip.width, clip.height) < size:
        raise BadInput(f"{name}: is {clip.width}x{clip.height}; presenter.yaml has size {size}; film larger or lower the size")
    if clip.suits(size):
        target.write_bytes(source.read_bytes())
        frames = clip.frames
        advance(frames)
    else:
        frames = transcode(source, target, name, size, advance)
    if frames < MIN_FRAMES:
        raise BadInput(f"{name}: has {frames} frames; at least {MIN_FRAMES}, better a minute of rest and speech")
    if frames > MAX_FOOTAGE_SECONDS * FRAME_RATE:
        raise BadInput(f"{name}: longer than {MAX_FOOTAGE_SECONDS} s; cut it")
    return frames


def transcode(source: Path, target: Path, name: str, size: int, advance: Callable[[int], None]) -> int:
    square = "crop=min(iw\\,ih):min(iw\\,ih)"
    scaled = f"scale={size}:{size}:flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"
    encoding = ("-c:v", "libx264", "-crf", "12", "-preset", "medium", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
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
            *encoding,
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
    frames, messages = 0, [""]
    with process:
        for line in cast(IO[str], process.stdout):
            key, _, value = line.strip().partition("=")
            if key == "frame" and value.isdigit():
                advance(int(value) - frames)
                frames = int(value)
            elif not value:
                messages.append(line.strip())
    if process.returncode and is_disk_full(" ".join(messages)):
        raise disk_full(target.parent)
    if process.returncode:
        raise BadInput(f"{name}: cannot be decoded ({messages[-1] or 'no message from ffmpeg'})")
    return frames
