"""Decode a presenter's footage: any video file as upright, cropped and scaled frames, 30 a second by its time stamps.

A video is hostile input. Formats that refer to other files or addresses (playlists, concatenations) are not opened, so that no
other file is read; the size is checked before a frame is decoded, the length while frames are decoded.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadInput, BadWeights
from newsreel.presenters.bundle import Presenter
from steps.dlib.predictor import UPSCALE, GrayImage

MAX_FRAMES = 5 * 60 * FRAME_RATE
"""Footage is looped, so more is of no use."""
MIN_SIDE, MAX_SIDE = 64, 7680
"""Pixels of the shorter and of the longer side of a frame: less shows no face, more comes from no camera."""
MAX_FRAME_RATE = 240
"""Frames a second; more comes from no camera."""
MAX_FRAME_GAP = 1.0
"""Seconds between two frames; after a longer gap they are no longer one movement."""
MAX_MISSING = 0.5
"""Seconds that may be missing at the end of the container's duration: sound is often a little longer than the video."""

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,mxf,ogg,asf,flv,dv,yuv4mpegpipe"
"""Demuxers that read only one file, by ffmpeg's names."""


@dataclass(frozen=True)
class DecodedFrame:
    """A decoded frame, its rotation and its pixel aspect ratio."""

    frame: av.VideoFrame
    quarter_turns: int
    """Counterclockwise, to make the frame upright."""
    pixel_aspect: float
    """Width of a pixel divided by its height."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the upright frame, in square pixels."""
        width, height = self.frame.width * self.pixel_aspect, float(self.frame.height)
        return (height, width) if self.quarter_turns % 2 else (width, height)


def decode_clip(path: Path, max_frames: int = MAX_FRAMES) -> Iterator[DecodedFrame]:
    """The frames of a clip, FRAME_RATE a second, each the nearest in time; one frame in memory at a time.

    Raises BadWeights for a file that is no video, is damaged or truncated, or exceeds `max_frames` or a limit above.
    """
    with open_clip(path) as (container, stream):
        duration = container_seconds(container, stream)
        if duration > max_frames / FRAME_RATE + MAX_FRAME_GAP:
            raise BadWeights(too_long_message(path, max_frames))
        count = 0
        for count, frame in enumerate(at_frame_rate(timed_frames(path, container, stream)), 1):
            if count > max_frames:
                raise BadWeights(too_long_message(path, max_frames))
            yield DecodedFrame(frame, round(frame.rotation / 90) % 4, float(stream.sample_aspect_ratio or 1))
    if not count:
        raise BadWeights(f"{path.name}: no frame can be decoded; use another clip")
    if duration - count / FRAME_RATE > MAX_MISSING:
        raise BadWeights(
            f"{path.name}: ends after {count / FRAME_RATE:.1f} of {duration:.1f} s, so it is truncated; copy it again"
        )


def frame_count(path: Path) -> int:
    """Number of frames that `decode_clip` will give according to the container, 1 if unknown; raises BadWeights like it."""
    with open_clip(path) as (container, stream):
        return max(1, round(container_seconds(container, stream) * FRAME_RATE))


@contextmanager
def open_clip(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS}
    try:
        with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
            if not container.streams.video or container.streams.video[0].codec_context is None:
                raise BadWeights(f"{path.name}: no frame can be decoded; use another clip")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            require_size(path, stream.width, stream.height)
            yield container, stream
    except (av.FFmpegError, MemoryError) as fault:
        raise BadWeights(f"{path.name}: not a video, or damaged ({fault}); use another clip") from fault


def require_size(path: Path, width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_SIDE:
        raise BadWeights(f"{path.name}: is {width}x{height}; sides must have {MIN_SIDE} to {MAX_SIDE} pixels")


def too_long_message(path: Path, max_frames: int) -> str:
    return f"{path.name}: longer than {max_frames / FRAME_RATE:.0f} s; cut it to the best part"


def container_seconds(container: InputContainer, stream: VideoStream) -> float:
    """Duration of the video according to the headers, 0 if unknown."""
    if stream.duration is not None and stream.time_base is not None:
        return max(0.0, float(stream.duration * stream.time_base))
    if container.duration is not None and len(container.streams) == 1:
        return max(0.0, container.duration / 1e6)
    return 0.0


def timed_frames(path: Path, container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, av.VideoFrame]]:
    """Frames with their seconds since the first; in a file without time stamps, by its frame rate."""
    usual = 1 / float(stream.average_rate or FRAME_RATE)
    first, now = None, 0.0
    for count, frame in enumerate(container.decode(stream)):
        require_size(path, frame.width, frame.height)
        stamp = frame.time
        if stamp is not None:
            first = stamp - now if first is None else first
        before, now = now, count * usual if stamp is None or first is None else max(now, stamp - first)
        if now - before > MAX_FRAME_GAP:
            raise BadWeights(f"{path.name}: no frame from {before:.1f} to {now:.1f} s; cut that part out")
        if count > MAX_FRAME_RATE * (now + 1):
            raise BadWeights(f"{path.name}: more than {MAX_FRAME_RATE} frames a second at {now:.1f} s; use another clip")
        yield now, frame


def at_frame_rate(frames: Iterable[tuple[float, av.VideoFrame]]) -> Iterator[av.VideoFrame]:
    """Drop and repeat frames so that there are FRAME_RATE a second, each shown from the nearest point of time on."""
    previous, position, duration = None, 0, 1
    for time, frame in frames:
        due = round(time * FRAME_RATE)
        if previous is not None:
            yield from [previous] * (due - position)
            duration = max(1, due - position)
        previous, position = frame, due
    if previous is not None:
        yield from [previous] * duration


LIMITED_TO_FULL_RANGE = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Framing:
    """The square of the upright frame that becomes the presenter's frame, in its pixels."""

    left: float
    top: float
    side: float

    @classmethod
    def centred(cls, width: float, height: float) -> "Framing":
        """The largest square in the middle."""
        side = min(width, height)
        return cls((width - side) / 2, (height - side) / 2, side)

    def inside(self, width: float, height: float) -> "Framing":
        """Itself; raises BadInput if it is not within the picture."""
        if not (0 < self.side <= min(width, height) + 0.5 and min(self.left, self.top) >= 0):
            raise BadInput(f"{self}: not a square of a picture of {width:.0f}x{height:.0f}")
        if self.left + self.side > width + 0.5 or self.top + self.side > height + 0.5:
            raise BadInput(f"{self}: sticks out of a picture of {width:.0f}x{height:.0f}")
        return self


class Cropper:
    """Scales and crops frames to `side` x `side`. Use one for a whole clip: setting a scaler up costs as much as scaling."""

    def __init__(self, side: int, framing: Framing | None) -> None:
        self.side = side
        self.framing = framing
        self.scaler = VideoReformatter()

    def scale(self, decoded: DecodedFrame, pixels: str) -> tuple[av.VideoFrame, int, int]:
        """The whole frame in ffmpeg's pixel format `pixels`, scaled but not rotated; left and top of the square once upright."""
        width, height = decoded.size
        framing = self.framing.inside(width, height) if self.framing else Framing.centred(width, height)
        zoom = self.side / framing.side
        width, height = max(self.side, round(width * zoom)), max(self.side, round(height * zoom))
        turned = (height, width) if decoded.quarter_turns % 2 else (width, height)
        scaled = self.scaler.reformat(decoded.frame, *turned, pixels, interpolation="BICUBIC")
        return scaled, min(round(framing.left * zoom), width - self.side), min(round(framing.top * zoom), height - self.side)

    def luma(self, decoded: DecodedFrame) -> GrayImage:
        scaled, left, top = self.scale(decoded, "yuv420p")
        upright = np.rot90(luma(scaled), decoded.quarter_turns)
        return np.ascontiguousarray(upright[top : top + self.side, left : left + self.side])

    def colour(self, decoded: DecodedFrame) -> NDArray[np.uint8]:
        scaled, left, top = self.scale(decoded, "rgb24")
        upright = np.rot90(scaled.to_ndarray(), decoded.quarter_turns)
        return np.ascontiguousarray(upright[top : top + self.side, left : left + self.side])


@dataclass(frozen=True)
class View:
    """One frame of a clip, cropped and scaled for a presenter; each form is computed when it is first used."""

    decoded: DecodedFrame
    cropper: Cropper
    large_cropper: Cropper
    """Crops the same square, UPSCALE times as large."""

    @cached_property
    def luma(self) -> GrayImage:
        """(size, size) from black 0 to white 255."""
        return self.cropper.luma(self.decoded)

    @cached_property
    def enlarged(self) -> GrayImage:
        """(UPSCALE size, UPSCALE size), scaled from the original frame, so with more detail if that has more."""
        return self.large_cropper.luma(self.decoded)

    @cached_property
    def colour(self) -> NDArray[np.uint8]:
        """(size, size, 3) RGB."""
        return self.cropper.colour(self.decoded)


def views(footage: Path, size: int, framing: Framing | None = None, max_frames: int = MAX_FRAMES) -> Iterator[View]:
    """Frames of a video file, 30 a second, upright, cropped to `framing` (by default the middle) and scaled to `size`.

    Raises BadWeights for an invalid file, see `decode_clip`; BadInput for a framing outside the picture.
    """
    cropper, large_cropper = Cropper(size, framing), Cropper(size * UPSCALE, framing)
    for decoded in decode_clip(footage, max_frames):
        yield View(decoded, cropper, large_cropper)


def decode_presenter_footage(presenter: Presenter, framing: Framing | None = None) -> Iterator[tuple[GrayImage, GrayImage]]:
    """Frames of the presenter's footage (size, size), each with its enlargement by UPSCALE, for `track.track_presenter`.

    Raises as `views` does.
    """
    for view in views(presenter.footage, presenter.size, framing):
        yield view.luma, view.enlarged


def luma(frame: av.VideoFrame) -> GrayImage:
    """The Y plane, unconverted: a conversion to grey would use another matrix."""
    planar = frame if frame.format.name in ("yuv420p", "yuvj420p") else frame.reformat(format="yuv420p")
    plane = planar.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: planar.height, : planar.width]
    full_range = planar.format.name == "yuvj420p" or planar.color_range == av.video.reformatter.ColorRange.JPEG
    return np.ascontiguousarray(rows) if full_range else LIMITED_TO_FULL_RANGE[rows]
