"""The step pix2pixhd: every frame of every scene in a video, through a pipe."""

import os
from pathlib import Path

import av
import numpy as np
import pytest
from small_nets import SCENE_FRAMES, SIZE

from newsreel.errors import BadInput
from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.workspace import Workspace
from steps.__main__ import main
from steps.pix2pixhd import STEP
from steps.pix2pixhd.renderer import open_renderer
from steps.pix2pixhd.step import WORK


def run(workspace: Workspace) -> Progress:
    progress = Progress("pix2pixhd", None)
    run_step(STEP, WORK, workspace, progress)
    return progress


def frames_of(path):
    with av.open(str(path)) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])


def test_scene_has_the_generators_frame_for_each_of_its_voice(workspace):
    run(workspace)
    for number, count in enumerate(SCENE_FRAMES):
        decoded = frames_of(workspace.path(f"actor/{number:02d}-00.mp4"))
        assert decoded.shape == (count, SIZE, SIZE, 3)
        landmarks = np.load(workspace.path(f"motion/{number:02d}.npz"))["landmarks"]
        with open_renderer(load_presenter("maya").generator) as renderer:
            rendered = np.concatenate([*renderer.frames(landmarks, SIZE)])
        assert np.abs(decoded.astype(int) - rendered).mean() < 4


def test_no_picture_is_written_to_disk(workspace, monkeypatch):
    seen = set()

    def look(progress, count):
        seen.update(name for _, _, names in os.walk(workspace.root) for name in names)

    monkeypatch.setattr(Progress, "advance", look)
    run(workspace)
    assert {Path(name).suffix for name in seen} <= {".mp4", ".npz", ".wav", ".json", ""}
    assert sum(name.endswith(".mp4") for name in seen) <= 2


def test_progress_counts_frames(workspace):
    progress = run(workspace)
    assert (progress.done, progress.total) == (sum(SCENE_FRAMES), sum(SCENE_FRAMES))


def test_only_the_scene_with_changed_motion_is_rendered_again(workspace, capsys):
    run(workspace)
    before = workspace.path("actor/00-00.mp4").stat().st_ino
    np.savez(workspace.path("motion/01.npz"), landmarks=np.load(workspace.path("motion/01.npz"))["landmarks"] + 1)
    run(workspace)
    assert "scene 00: unchanged" in capsys.readouterr().err
    assert workspace.path("actor/00-00.mp4").stat().st_ino == before


@pytest.mark.parametrize(
    "landmarks",
    [
        np.zeros((3, 68, 3), np.float32),
        np.zeros((3, 68, 2), np.float64),
        np.zeros((0, 68, 2), np.float32),
        np.full((3, 68, 2), np.nan, np.float32),
        np.array([None]),
    ],
    ids=["three coordinates", "double precision", "no frames", "not numbers", "objects"],
)
def test_invalid_motion_is_refused_and_leaves_no_files(workspace, landmarks):
    np.savez(workspace.path("motion/00.npz"), landmarks=landmarks)
    with pytest.raises(BadInput, match=r"00\.npz"):
        run(workspace)
    assert not workspace.path("actor/00-00.mp4").exists()
    assert not [*workspace.root.rglob(".tmp-*")]


def test_missing_ffmpeg_is_one_line_and_leaves_no_files(workspace, monkeypatch, capsys):
    monkeypatch.setenv("NEWSREEL_FFMPEG", "/nowhere/ffmpeg")
    assert main(["pix2pixhd", "--workspace", str(workspace.root)]) == 4
    message = "pix2pixhd: NEWSREEL_FFMPEG is '/nowhere/ffmpeg', which is not a program; correct it or unset it (exit 4)\n"
    assert capsys.readouterr().err == message
    assert not [*workspace.root.rglob(".tmp-*"), *workspace.root.rglob("*.mp4")]


def test_truncated_motion_file_is_bad_input(workspace):
    path = workspace.path("motion/00.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadInput, match=r"00\.npz"):
        run(workspace)
