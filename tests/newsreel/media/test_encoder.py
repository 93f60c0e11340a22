"""Frames through a pipe into a video: all of them, visually lossless, and each way in which ffmpeg can fail."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

from newsreel.errors import DiskFull, MissingProgram
from newsreel.media.encoder import EncoderFailed, open_encoder

FULL_DISK = Path("/dev/full")


@pytest.fixture
def frames():
    """40 frames of a gradient that moves, 48 x 32."""
    ramp = np.add.outer(np.arange(32) * 2, np.arange(48) * 3)
    return np.stack([np.stack([(ramp + 4 * t) % 200 + 20, ramp % 256, 200 - ramp % 150], -1) for t in range(40)]).astype(np.uint8)


def decoded(path):
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(stream)])
        return pictures, stream.average_rate


def test_every_frame_arrives_in_order_and_looks_the_same(tmp_path, frames):
    with open_encoder(tmp_path / "a.mp4", 48, 32, 30) as write:
        write(frames[0])
        write(frames[1].tobytes())
        write(frames[2:])
    pictures, rate = decoded(tmp_path / "a.mp4")
    assert pictures.shape == frames.shape
    assert rate == 30
    assert np.abs(pictures.astype(int) - frames).mean() < 2.5


def test_colours_survive_for_any_reader_of_the_tags(tmp_path):
    colours = np.array([[[200, 30, 40], [40, 190, 60], [30, 60, 210], [250, 250, 250], [5, 5, 5]]], np.uint8)
    frame = np.repeat(np.repeat(colours, 32, axis=0), 16, axis=1)
    with open_encoder(tmp_path / "a.mp4", 80, 32, 30) as write:
        write(frame)
    with av.open(str(tmp_path / "a.mp4")) as video:
        picture = next(video.decode(video=0))
        assert (picture.colorspace, picture.color_range) == (1, 1)  # BT.709, limited
        seen = picture.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
    assert np.abs(seen[16, 8::16].astype(int) - colours[0]).max() <= 6


def test_the_same_frames_give_the_same_bytes(tmp_path, frames):
    for name in ("one.mp4", "other.mp4"):
        with open_encoder(tmp_path / name, 48, 32, 30) as write:
            write(frames)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "other.mp4").read_bytes()


def test_a_missing_ffmpeg_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSREEL_FFMPEG", str(tmp_path / "no-ffmpeg"))
    with pytest.raises(MissingProgram, match="no-ffmpeg"), open_encoder(tmp_path / "a.mp4", 48, 32, 30):
        pass


def test_without_imageio_ffmpeg_the_error_names_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.delenv("NEWSREEL_FFMPEG", raising=False)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingProgram, match="pip install imageio-ffmpeg"), open_encoder(tmp_path / "a.mp4", 48, 32, 30):
        pass


@pytest.mark.skipif(not FULL_DISK.exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_disk_full(tmp_path, frames):
    path = tmp_path / "a.nut"
    path.symlink_to(FULL_DISK)
    with pytest.raises(DiskFull, match="full"), open_encoder(path, 48, 32, 30) as write:
        for _ in range(200):
            write(frames)


def test_an_encoder_error_is_the_message(tmp_path):
    with pytest.raises(EncoderFailed, match="nonsense"), open_encoder(tmp_path / "a.nonsense", 48, 32, 30) as write:
        for _ in range(2000):
            write(bytes(48 * 32 * 3))


def test_an_error_in_the_renderer_ends_ffmpeg_and_is_raised(tmp_path, frames):
    before = set(children())
    with pytest.raises(ZeroDivisionError), open_encoder(tmp_path / "a.mp4", 48, 32, 30) as write:
        write(frames)
        1 / 0  # noqa: B018
    assert not set(children()) - before


def test_ffmpeg_does_not_outlive_a_killed_renderer(tmp_path):
    script = f"""
import time
from pathlib import Path
from newsreel.media.encoder import open_encoder
with open_encoder(Path({str(tmp_path / "a.mp4")!r}), 48, 32, 30) as write:
    write(bytes(48 * 32 * 3))
    print("writing", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as renderer:
        assert renderer.stdout.readline() == "writing\n"
        ffmpeg = children(renderer.pid)
        assert ffmpeg
        renderer.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(alive(process) for process in ffmpeg) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(process) for process in ffmpeg)


def children(parent: int | None = None) -> list[int]:
    return [int(n) for n in Path(f"/proc/{parent or os.getpid()}/task/{parent or os.getpid()}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
