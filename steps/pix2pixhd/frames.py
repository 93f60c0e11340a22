"""A clip's frames as RGB on the disk: a memory map, so that a long clip takes no memory and a step may look at any frame."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.errors import BadInput, MissingProgram, disk_full
from newsreel.media.encoder import find_ffmpeg, is_disk_full

__all__ = ["unpacked"]


@contextmanager
def unpacked(clip: Path, size: int, frames: int, beside: Path) -> Iterator[NDArray[np.uint8]]:
    """The clip's frames (frames, size, size, 3), BT.709 to RGB, from a temporary file in the folder `beside`.

    Raises BadInput where there are not so many frames of that size, MissingProgram, DiskFull.
    """
    with tempfile.NamedTemporaryFile(dir=beside, prefix=".tmp-frames-") as raw:
        exact = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
        command = [
            *(find_ffmpeg(), "-nostdin", "-hide_banner", "-v", "error", "-y", "-f", "mov", "-i", str(clip)),
            *("-map", "0:v:0", "-frames:v", str(frames + 1), "-vf", f"scale=in_color_matrix=bt709:{exact}"),
            *("-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", raw.name),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        except OSError as fault:
            raise MissingProgram(f"{command[0]} cannot be run: {fault.strerror}; run `pip install imageio-ffmpeg`") from fault
        if done.returncode and is_disk_full(done.stderr):
            raise disk_full(beside)
        found, rest = divmod(Path(raw.name).stat().st_size, size * size * 3)
        if done.returncode or rest or found != frames:
            said = (done.stderr.strip().splitlines() or [f"it has {found} frames of {size}x{size}, not {frames}"])[-1]
            raise BadInput(f"{clip.name}: cannot be decoded in full ({said}); export it again")
        yield np.memmap(raw.name, np.uint8, "r", shape=(frames, size, size, 3))
