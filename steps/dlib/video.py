"""Any video file as upright pictures, 30 a second by its time stamps: streamed, within limits, from this file alone.

A video is hostile input. Formats that point to other files or addresses (playlists, concatenations) are not opened, so a clip
reads nothing but itself; its size is checked before a picture is decoded, its length while they are.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights

__all__ = ["LONGEST", "Still", "frame_count", "stills"]

LONGEST = 5 * 60 * FRAME_RATE
"""Frames. Footage loops, so there is no use for more; a hostile file ends here."""
NARROWEST, WIDEST = 64, 7680
"""Pixels of a picture's shorter and of its longer side: less shows no face, more is no camera."""
FASTEST = 240
"""Pictures a second; more than that is no camera either."""
FROZEN = 1.0
"""Seconds between two pictures from which on they are no longer one movement."""
MISSING = 0.5
"""Seconds that may be missing at the end of what the container promises: sound is often a little longer than its pictures."""

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,mxf,ogg,asf,flv,dv,yuv4mpegpipe"
"""Demuxers that read one file and nothing else, by ffmpeg's names."""


@dataclass(frozen=True)
class Still:
    """A picture as decoded, and how it is to be looked at."""

    frame: av.VideoFrame
    quarter_turns: int
    """To the left (counterclockwise), to stand upright."""
    stretch: float
    """Width of a pixel over its height."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the upright picture, in square pixels."""
        width, height = self.frame.width * self.stretch, float(self.frame.height)
        return (height, width) if self.quarter_turns % 2 else (width, height)


def stills(path: Path, longest: int = LONGEST) -> Iterator[Still]:
    """The pictures of a clip, FRAME_RATE a second, each the nearest in time; one picture in memory at a time.

    Raises BadWeights for a file that is no video, is damaged or cut off, or exceeds `longest` (frames) or a limit above.
    """
    with opened(path) as (container, stream):
        promised = announced_seconds(container, stream)
        if promised > longest / FRAME_RATE + FROZEN:
            raise BadWeights(too_long(path, longest))
        reached = 0
        for reached, frame in enumerate(at_frame_rate(path, timed(path, container, stream)), 1):
            if reached > longest:
                raise BadWeights(too_long(path, longest))
            yield Still(frame, round(frame.rotation / 90) % 4, float(stream.sample_aspect_ratio or 1))
    if not reached:
        raise BadWeights(f"{path.name}: holds no picture that can be decoded; give another clip")
    if promised - reached / FRAME_RATE > MISSING:
        raise BadWeights(
            f"{path.name}: ends after {reached / FRAME_RATE:.1f} of {promised:.1f} s, so it was cut off; copy it again"
        )


def frame_count(path: Path) -> int:
    """How many frames `stills` will give by what the container says, 1 where it does not say; raises BadWeights as `stills`."""
    with opened(path) as (container, stream):
        return max(1, round(announced_seconds(container, stream) * FRAME_RATE))


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
            if not container.streams.video or container.streams.video[0].codec_context is None:
                raise BadWeights(f"{path.name}: holds no picture that can be decoded; give another clip")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            refuse_size(path, stream.width, stream.height)
            yield container, stream
    except (av.FFmpegError, MemoryError) as fault:
        raise BadWeights(f"{path.name}: not a video, or damaged ({fault}); give another clip") from fault


def refuse_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < NARROWEST or max(width, height) > WIDEST:
        raise BadWeights(f"{path.name}: is {width}x{height}; sides from {NARROWEST} to {WIDEST} pixels can be worked with")


def too_long(path: Path, longest: int) -> str:
    return f"{path.name}: longer than {longest / FRAME_RATE:.0f} s; cut it to the best part"


def announced_seconds(container: InputContainer, stream: VideoStream) -> float:
    """The pictures' duration as the headers have it, 0 where they do not tell."""
    if stream.duration is not None and stream.time_base is not None:
        return max(0.0, float(stream.duration * stream.time_base))
    if container.duration is not None and len(container.streams) == 1:
        return max(0.0, container.duration / 1e6)
    return 0.0


def timed(path: Path, container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
    """Pictures with their seconds since the first; where a file has no time stamps, by its frame rate."""
    usual = 1 / float(stream.average_rate or FRAME_RATE)
    first, now = None, 0.0
    for count, frame in enumerate(container.decode(stream)):
        refuse_size(path, frame.width, frame.height)
        stamp = frame.time
        if stamp is not None:
            first = stamp - now if first is None else first
        before, now = now, count * usual if stamp is None or first is None else max(now, stamp - first)
        if now - before > FROZEN:
            raise BadWeights(f"{path.name}: no picture from {before:.1f} to {now:.1f} s; cut that part out")
        if count > FASTEST * (now + 1):
            raise BadWeights(f"{path.name}: more than {FASTEST} pictures a second at {now:.1f} s; give another clip")
        yield now, frame


def at_frame_rate(path: Path, pictures: Iterable[tuple[float, av.VideoFrame]]) -> Iterator[av.VideoFrame]:
    """Drop and repeat pictures so that there are FRAME_RATE a second, each shown from the frame nearest to its time on."""
    held, place, apart = None, 0, 1
    for time, frame in pictures:
        due = round(time * FRAME_RATE)
        if held is not None:
            yield from [held] * (due - place)
            apart = max(1, due - place)
        held, place = frame, due
    if held is not None:
        yield from [held] * apart
