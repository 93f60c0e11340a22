"""A presenter's footage straight from the decoder, as luma: what dlib reads."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from steps.dlib.predictor import ENLARGED, Grey
from steps.errors import BadWeights
from steps.handover import FRAME_RATE
from steps.presenters import Presenter

__all__ = ["LONGEST", "decoded", "frame_count"]

LONGEST = 5 * 60 * FRAME_RATE
"""Frames. Footage loops, so there is no use for more; a hostile file ends here."""
STUDIO_RANGE_TO_FULL = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def frame_count(footage: Path) -> int:
    """How many frames the container says there are, 1 where it does not say; raises BadWeights for another kind of file."""
    try:
        with av.open(footage) as container:
            return max(1, container.streams.video[0].frames)
    except (av.FFmpegError, IndexError) as fault:
        raise BadWeights(f"{footage.name}: not a video ({fault}); run `make presenter`") from fault


def decoded(presenter: Presenter) -> Iterator[tuple[Grey, Grey]]:
    """Each frame in turn, (size, size), and the same enlarged by ENLARGED; BT.709 luma from black 0 to white 255.

    Raises BadWeights for footage that is damaged, too long, or of another size or frame rate than the presenter's.
    """
    name, side = presenter.footage.name, presenter.size
    try:
        with av.open(presenter.footage) as container:
            stream = container.streams.video[0]
            if (stream.width, stream.height) != (side, side):
                raise BadWeights(f"{name}: is {stream.width}x{stream.height}; presenter.yaml says {side}x{side}")
            if stream.average_rate != presenter.frame_rate:
                raise BadWeights(f"{name}: has {stream.average_rate} frames a second; presenter.yaml says {presenter.frame_rate}")
            for number, frame in enumerate(container.decode(stream)):
                if number == LONGEST:
                    raise BadWeights(f"{name}: longer than {LONGEST // FRAME_RATE} s; cut it, it loops anyway")
                yield luma(frame), luma(frame.reformat(side * ENLARGED, side * ENLARGED, "yuv420p", interpolation="BICUBIC"))
    except (av.FFmpegError, IndexError) as fault:
        raise BadWeights(f"{name}: cannot be decoded ({fault}); run `make presenter`") from fault


def luma(frame: av.VideoFrame) -> Grey:
    """The Y plane as it is: converting to grey would go through another matrix."""
    planar = frame if frame.format.name in ("yuv420p", "yuvj420p") else frame.reformat(format="yuv420p")
    plane = planar.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: planar.height, : planar.width]
    full_range = planar.format.name == "yuvj420p" or planar.color_range == av.video.reformatter.ColorRange.JPEG
    return np.ascontiguousarray(rows) if full_range else STUDIO_RANGE_TO_FULL[rows]
