from pathlib import Path

import ffmpeg
import numpy as np
import pytest
from made_story import Sketch, make_workspace, spoken
from PIL import Image, ImageDraw

from newsreel.errors import DiskFull, MissingProgram
from steps.__main__ import main
from steps.compose.ffmpeg_graph import VIDEO, ComposeFailed, run_graph
from steps.compose.pieces import ken_burns


def colour_bars(seconds: float = 1.0):
    return ffmpeg.input(f"testsrc2=s=320x180:r=30:d={seconds}", f="lavfi")


def test_missing_ffmpeg_is_one_line_and_loses_nothing(tmp_path, monkeypatch, capsys):
    workspace = make_workspace(tmp_path, [Sketch(headline="A headline", colour=(40, 120, 60), words=spoken("A word."))])
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    monkeypatch.setenv("NEWSREEL_FFMPEG", "/nowhere/ffmpeg")
    assert main(["compose", "--workspace", str(workspace.root)]) == 4
    message = "compose: NEWSREEL_FFMPEG is '/nowhere/ffmpeg', which is not a program; correct it or unset it (exit 4)\n"
    assert capsys.readouterr().err == message
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before | {workspace.root / "failure.json"}


def test_ffmpeg_that_cannot_be_run_is_missing_program(monkeypatch, tmp_path):
    broken = tmp_path / "ffmpeg"
    broken.write_bytes(b"\x00\x01")
    broken.chmod(0o755)
    monkeypatch.setenv("NEWSREEL_FFMPEG", str(broken))
    with pytest.raises(MissingProgram):
        run_graph(colour_bars().output(str(tmp_path / "a.mp4"), **VIDEO))


def test_full_disk_is_reported_as_disk_full():
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(DiskFull, match="disk is full"):
        run_graph(colour_bars().output("/dev/full", f="rawvideo"))


def test_other_failure_is_one_line_of_ffmpegs_message(tmp_path):
    with pytest.raises(ComposeFailed) as caught:
        run_graph(ffmpeg.input(str(tmp_path / "none.mp4")).output(str(tmp_path / "a.mp4")))
    assert "No such file" in str(caught.value) and "\n" not in str(caught.value)


def test_progress_adds_up_to_the_frames_written(tmp_path):
    counted: list[int] = []
    run_graph(colour_bars(2.0).output(str(tmp_path / "a.mp4"), **VIDEO), counted.append)
    assert sum(counted) == 60


def test_interrupted_run_leaves_no_ffmpeg_process(tmp_path):
    def interrupt(frames: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_graph(colour_bars(3600).output(str(tmp_path / "a.mp4"), **VIDEO), interrupt)
    children = [Path(path).read_text().split() for path in Path("/proc/self/task").glob("*/children")]
    running = [Path(f"/proc/{child}/comm").read_text() for group in children for child in group]
    assert not [name for name in running if "ffmpeg" in name]


def test_picture_moves_smoothly_between_pixels(tmp_path):
    dot = Image.new("RGB", (640, 360), (0, 0, 0))
    ImageDraw.Draw(dot).ellipse((540, 100, 600, 160), fill=(255, 255, 255))
    dot.save(tmp_path / "dot.png")
    move = ken_burns(tmp_path / "dot.png", 640, 360, 60, inwards=True)
    run_graph(move.output(str(tmp_path / "move.raw"), f="rawvideo", pix_fmt="gray", **{"frames:v": 60}))
    frames = np.fromfile(tmp_path / "move.raw", np.uint8).reshape(60, 360, 640).astype(float) - 16
    frames = np.clip(frames, 0, None)
    places = (frames.sum(axis=1) * np.arange(640)).sum(axis=1) / frames.sum(axis=(1, 2))
    fitted = np.polyval(np.polyfit(np.arange(60), places, 2), np.arange(60))
    assert places[-1] - places[0] > 5
    assert np.abs(places - fitted).max() < 0.08
    assert (np.diff(places) > 0.05).all()
