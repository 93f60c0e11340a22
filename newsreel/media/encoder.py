"""Encode frames to a video through a pipe to ffmpeg: no frame is ever written to disk, and memory does not grow with the video.

    with open_encoder(path, 320, 320, 30) as write:
        for frame in frames:
            write(frame)

ffmpeg reads from standard input, so it ends by itself when this process is killed; what it has written by then is at the given
path,
which is a temporary one of the workspace.

A scene's frames are encoded in chunks, which GPUs share and which are joined without being encoded again. The boundaries of
chunks
depend on the scene's length alone, so the same frames always give the same files.
"""

import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, TypeAlias, cast

from newsreel.artifacts import scene_file
from newsreel.errors import MissingProgram, disk_full

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Frames: TypeAlias = "bytes | memoryview | NDArray[np.uint8]"
Pixels: TypeAlias = Literal["rgb24", "yuv444p", "yuv420p", "nv12"]
"""Pixel formats of frames, under ffmpeg's names; all but RGB are BT.709 in limited range already."""
VISUALLY_LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-pix_fmt", "yuv444p", "-threads", "1", "-g", "30")
"""For a video that another step reads: visually lossless, colour included, at 1 ms for a 320x320 frame.

One thread gives the same bytes on every machine and leaves the other cores to the renderer."""
VISUALLY_LOSSLESS_GPU = (
    "-c:v",
    "h264_nvenc",
    "-preset",
    "p4",
    "-tune",
    "hq",
    "-rc",
    "constqp",
    "-qp",
    "12",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "30",
)
"""The same for NVENC, the encoder circuit of the GPU, which leaves the processor's cores free."""
COLOUR_TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
RGB_FILTER = "scale=out_color_matrix=bt709:out_range=tv"
YUV_FILTER = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
BITEXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact")
ERROR_LINES = 20
GPU_PROBE_SECONDS = 30
"""Loading the driver takes some seconds."""


class EncoderFailed(RuntimeError):
    """ffmpeg failed for another reason than a full disk: a defect of ours or of ffmpeg. Its last lines are the message."""


@contextmanager
def open_encoder(
    path: Path,
    width: int,
    height: int,
    frame_rate: int,
    settings: tuple[str, ...] = VISUALLY_LOSSLESS,
    pixels: Pixels = "rgb24",
) -> Iterator[Callable[[Frames], None]]:
    """Encode frames to BT.709 video at `path`; the container is chosen by its suffix.

    `settings` are ffmpeg's options for the output; of a repeated option the last counts. Gives a function that takes
    frames: C-contiguous uint8, for rgb24 (height, width, 3) or (n, height, width, 3), or their bytes; for the others each frame's
    planes one after the other. When the block ends well the file is complete; when it raises, ffmpeg is killed and the file is
    incomplete. Raises MissingProgram, DiskFull, EncoderFailed.
    """
    command = [
        *(find_ffmpeg(), "-nostdin", "-hide_banner", "-v", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{width}x{height}", "-r", str(frame_rate), "-i", "pipe:0"),
        *("-vf", RGB_FILTER if pixels == "rgb24" else YUV_FILTER, *COLOUR_TAGS, *settings, *BITEXACT, str(path)),
    ]
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    except OSError as fault:
        raise MissingProgram(f"{command[0]} cannot be run: {fault.strerror}; run `pip install imageio-ffmpeg`") from fault
    pipe, error_output = cast(IO[bytes], process.stdin), ErrorOutput(cast(IO[bytes], process.stderr))
    try:
        yield lambda frames: write_all(pipe, frames)
    except BrokenPipeError:
        pass  # ffmpeg has ended, and its exit status says why
    except BaseException:
        process.kill()
        raise
    finally:
        pipe.close()
        process.wait()
        error_output.close()
    if process.returncode:
        raise error_output.to_error(path, process.returncode)


@cache
def has_nvenc() -> bool:
    """Whether ffmpeg can encode with NVENC here. A listed encoder may lack its driver, so one frame is encoded."""
    picture = ("-f", "lavfi", "-i", "color=size=256x256:rate=30", "-frames:v", "1")
    command = [find_ffmpeg(), "-nostdin", "-v", "quiet", *picture, *VISUALLY_LOSSLESS_GPU, "-f", "null", "-"]
    try:
        return subprocess.run(command, timeout=GPU_PROBE_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def write_all(pipe: IO[bytes], frames: Frames) -> None:
    """Write everything to an unbuffered pipe, which may accept only a part at a time."""
    left = memoryview(frames).cast("B")  # type: ignore[arg-type]
    while left:
        left = left[pipe.write(left) :]


class ErrorOutput:
    """Reads ffmpeg's standard error in a thread, so that ffmpeg never blocks on it; keeps the last lines."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.lines: deque[str] = deque(maxlen=ERROR_LINES)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.stream:
            self.lines.append(line.decode(errors="replace").strip())

    def close(self) -> None:
        self.reader.join()
        self.stream.close()

    def to_error(self, path: Path, status: int) -> Exception:
        message = " | ".join(filter(None, self.lines)) or "no message"
        if is_disk_full(message):
            return disk_full(path.parent)
        return EncoderFailed(f"ffmpeg ended with status {status} while writing {path.name}: {message}")


def is_disk_full(message: str) -> bool:
    """Whether ffmpeg's messages report a full disk: it has no exit status for that."""
    return "No space left on device" in message or "Disk quota exceeded" in message


def find_ffmpeg() -> str:
    """The path of ffmpeg: $NEWSREEL_FFMPEG, or the one that imageio-ffmpeg ships. Raises MissingProgram."""
    if named := os.environ.get("NEWSREEL_FFMPEG"):
        if found := shutil.which(named):
            return found
        raise MissingProgram(f"NEWSREEL_FFMPEG is {named!r}, which is not a program; correct it or unset it")
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError, OSError) as fault:
        raise MissingProgram("ffmpeg is missing; run `pip install imageio-ffmpeg` or set NEWSREEL_FFMPEG") from fault


MAX_CHUNK_FRAMES = 300
"""Ten seconds: short enough to share a scene, long enough that the start of an encoder does not matter."""
CHUNK_MULTIPLE = 60
"""Chunks but for the last are a multiple of it: whole groups of pictures (30) and batches (4), as in one piece."""


def chunks(frames: int) -> tuple[range, ...]:
    """The frames of each chunk: as few chunks as possible, of similar length. 640 frames are cut into 240, 240 and 160."""
    count = -(-frames // MAX_CHUNK_FRAMES)
    length = -(-frames // (count * CHUNK_MULTIPLE)) * CHUNK_MULTIPLE if count else CHUNK_MULTIPLE
    return tuple(range(first, min(first + length, frames)) for first in range(0, frames, length))


def chunk_files(folder: str, scene: int, frames: int, suffix: str) -> tuple[str, ...]:
    """The file of each chunk: `chunk_files("actor", 3, 640, ".mp4")` ends with `actor/03-02.mp4`."""
    return tuple(scene_file(folder, scene, f"-{number:02d}{suffix}") for number in range(len(chunks(frames))))
