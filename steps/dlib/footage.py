"""A presenter's footage straight from the decoder, in the presenter's framing: luma for dlib, colour for who learns from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from newsreel.errors import BadInput
from newsreel.presenters.bundle import Presenter
from steps.dlib.predictor import ENLARGED, Grey
from steps.dlib.video import LONGEST, Still, frame_count, stills

__all__ = ["LONGEST", "Framing", "View", "decoded", "frame_count", "luma", "views"]

STUDIO_RANGE_TO_FULL = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Framing:
    """The square of the upright picture that becomes the presenter's frame, in its pixels."""

    left: float
    top: float
    side: float

    @classmethod
    def centred(cls, width: float, height: float) -> "Framing":
        """The largest square, in the middle."""
        side = min(width, height)
        return cls((width - side) / 2, (height - side) / 2, side)

    def inside(self, width: float, height: float) -> "Framing":
        """Itself; raises BadInput where it is not within the picture."""
        if not (0 < self.side <= min(width, height) + 0.5 and min(self.left, self.top) >= 0):
            raise BadInput(f"{self}: not a square of a picture of {width:.0f}x{height:.0f}")
        if self.left + self.side > width + 0.5 or self.top + self.side > height + 0.5:
            raise BadInput(f"{self}: sticks out of a picture of {width:.0f}x{height:.0f}")
        return self


class Lens:
    """Scales and crops pictures to `side` x `side`. One for a whole clip: setting a scaler up costs as much as scaling."""

    def __init__(self, side: int, framing: Framing | None) -> None:
        self.side = side
        self.framing = framing
        self.scaler = VideoReformatter()

    def taken(self, still: Still, pixels: str) -> tuple[av.VideoFrame, int, int]:
        """The whole picture in ffmpeg's `pixels` format, scaled but not turned; left and top of the square once it is upright."""
        width, height = still.size
        framing = self.framing.inside(width, height) if self.framing else Framing.centred(width, height)
        zoom = self.side / framing.side
        across, down = max(self.side, round(width * zoom)), max(self.side, round(height * zoom))
        turned = (down, across) if still.quarter_turns % 2 else (across, down)
        scaled = self.scaler.reformat(still.frame, *turned, pixels, interpolation="BICUBIC")
        return scaled, min(round(framing.left * zoom), across - self.side), min(round(framing.top * zoom), down - self.side)

    def luma(self, still: Still) -> Grey:
        scaled, left, top = self.taken(still, "yuv420p")
        upright = np.rot90(luma(scaled), still.quarter_turns)
        return np.ascontiguousarray(upright[top : top + self.side, left : left + self.side])

    def colour(self, still: Still) -> NDArray[np.uint8]:
        scaled, left, top = self.taken(still, "rgb24")
        upright = np.rot90(scaled.to_ndarray(), still.quarter_turns)
        return np.ascontiguousarray(upright[top : top + self.side, left : left + self.side])


@dataclass(frozen=True)
class View:
    """One frame of a clip in the presenter's framing. What is not asked for is not made."""

    still: Still
    lens: Lens
    loupe: Lens
    """The same framing, ENLARGED times as large."""

    @cached_property
    def luma(self) -> Grey:
        """(size, size) from black 0 to white 255."""
        return self.lens.luma(self.still)

    @cached_property
    def enlarged(self) -> Grey:
        """(ENLARGED size, ENLARGED size), from the picture as it was filmed, so finer where that was finer."""
        return self.loupe.luma(self.still)

    @cached_property
    def colour(self) -> NDArray[np.uint8]:
        """(size, size, 3) RGB."""
        return self.lens.colour(self.still)


def views(footage: Path, size: int, framing: Framing | None = None, longest: int = LONGEST) -> Iterator[View]:
    """Each frame of a video file, 30 a second, upright, cropped to `framing` (the middle where None) and scaled to `size`.

    Raises BadWeights for a file that is not such a clip, see `video.stills`; BadInput for a framing outside of the picture.
    """
    lens, loupe = Lens(size, framing), Lens(size * ENLARGED, framing)
    for still in stills(footage, longest):
        yield View(still, lens, loupe)


def decoded(presenter: Presenter, framing: Framing | None = None) -> Iterator[tuple[Grey, Grey]]:
    """Each frame of the presenter's footage, (size, size), and the same enlarged by ENLARGED: what `track.follow` takes.

    Raises as `views` does.
    """
    for view in views(presenter.footage, presenter.size, framing):
        yield view.luma, view.enlarged


def luma(frame: av.VideoFrame) -> Grey:
    """The Y plane as it is: converting to grey would go through another matrix."""
    planar = frame if frame.format.name in ("yuv420p", "yuvj420p") else frame.reformat(format="yuv420p")
    plane = planar.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: planar.height, : planar.width]
    full_range = planar.format.name == "yuvj420p" or planar.color_range == av.video.reformatter.ColorRange.JPEG
    return np.ascontiguousarray(rows) if full_range else STUDIO_RANGE_TO_FULL[rows]
