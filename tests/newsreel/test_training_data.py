"""Footage for a training: faults are one line, suitable footage is scaled to the sheet's size."""

import numpy as np
import pytest
import yaml

from newsreel.media.encoder import open_encoder
from newsreel.training_data import (
    EXACT_LANDMARKS_FILE,
    FOOTAGE_FILE,
    TrainingJob,
    TrainingOptions,
    bundle_file,
    read_training_job,
)
from newsreel.workspace import Workspace
from steps.__main__ import main
from steps.pix2pixhd.training.dataset import decode_frames
from tests.newsreel.presenters.made_footage import film
from tools.presenter.drawing import Pose, draw

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{tmp_path}")
    return tmp_path


@pytest.fixture
def workspace(desk):
    return Workspace.lease(desk / "work", "test")


def check(folder):
    return main(["check-presenter", "--footage", f"file:{folder}", "--bundles", f"file:{folder.parent / 'out'}"])


def take_in(folder, workspace, steps="8"):
    options = ["--workspace", str(workspace.root), "--steps", steps, "--minutes", "5"]
    return main(["init-presenter", "--footage", f"file:{folder}", *options])


def test_suitable_footage_is_kept_byte_for_byte(desk, workspace):
    folder = film(desk / "clara")
    assert (check(folder), take_in(folder, workspace)) == (0, 0)
    for name in (FOOTAGE_FILE, bundle_file("footage.mp4")):
        assert workspace.path(name).read_bytes() == (folder / "footage.mp4").read_bytes()
    lesson = read_training_job(workspace)
    assert (lesson.name, lesson.frames, lesson.steps, lesson.held_out) == ("clara", 120, 8, 15)
    (folder / "landmarks.npz").unlink()
    assert take_in(folder, workspace) == 0
    assert not workspace.path(EXACT_LANDMARKS_FILE).exists(), "what is no longer given is no longer there"


def test_camera_footage_is_cropped_scaled_and_set_to_30_fps(desk, workspace):
    folder = film(desk / "clara", frames=100, size=128, rate=50, stretched=2)
    (folder / "landmarks.npz").unlink()
    sheet = yaml.safe_load((folder / "presenter.yaml").read_text())
    (folder / "presenter.yaml").write_text(yaml.safe_dump({**sheet, "size": 64}))
    assert take_in(folder, workspace) == 0
    frames = read_training_job(workspace).frames
    assert frames == 60, "two seconds"
    with decode_frames(workspace.path(FOOTAGE_FILE), 64, frames, workspace.root) as pictures:
        corner = pictures[:, :3, :3].astype(float).mean((0, 1, 2))
        middle = draw(Pose(), 64)[0][:3, :3].astype(float).mean((0, 1))
    assert np.abs(corner - middle).max() < 6, "the border beside the square is gone, the colours are right"


def test_frames_come_out_of_a_clip_as_they_went_in(tmp_path):
    drawn = np.stack([draw(Pose(yaw=0.02 * number), 64)[0] for number in range(3)])
    with open_encoder(tmp_path / "clip.mp4", 64, 64, 30) as write:
        write(drawn)
    with decode_frames(tmp_path / "clip.mp4", 64, 3, tmp_path) as pictures:
        difference = pictures.astype(int) - drawn
    assert np.abs(difference).mean() < 1.5 and abs(difference.mean()) < 0.3
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def without_footage(folder):
    (folder / "footage.mp4").unlink()


def with_sheet(**fields):
    def change(folder):
        sheet = yaml.safe_load((folder / "presenter.yaml").read_text())
        (folder / "presenter.yaml").write_text(yaml.safe_dump({**sheet, **fields}))

    return change


def with_file(name, content):
    return lambda folder: (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without_footage, "there is no footage.mp4"),
        (with_sheet(hair="brown"), ": hair: is unknown"),
        (with_sheet(size=72), ": size: must be a multiple of 32"),
        (with_file("training.yaml", b"epochs: 3"), "training.yaml:1: epochs: is unknown"),
        (with_file("training.yaml", b"net: {net: local}"), "n_blocks_local"),
        (with_file("training.yaml", b"\xff"), "training.yaml:1: is not UTF-8"),
        (with_file("training.yaml", b"[" * 5000), "training.yaml:1: is nested too deeply"),
        (with_file("presenter.yaml", b"[" * 5000), ": is nested too deeply"),
    ],
)
def test_faults_of_the_sheet_are_refused_by_check_presenter(desk, capsys, spoil, told):
    folder = film(desk / "clara", frames=2)
    spoil(folder)
    assert check(folder) == 2
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


def test_a_folder_with_an_unusable_name_is_refused(desk, capsys):
    assert check(film(desk / "Clara_1", frames=2)) == 2
    assert "folder's name" in capsys.readouterr().err


def test_a_bundle_does_not_replace_its_footage(desk, capsys):
    folder = film(desk / "clara", frames=2)
    assert main(["check-presenter", "--footage", f"file:{folder}", "--bundles", f"file:{desk}"]) == 3


@pytest.mark.parametrize(
    ("frames", "spoil", "told"),
    [
        (10, lambda folder: None, "footage.mp4: has 10 frames; at least 60"),
        (60, with_file("footage.mp4", b"#EXTM3U\nfile:///etc/passwd\n"), "not a video in an MP4"),
        (60, with_file("landmarks.npz", b"PK\x03\x04"), "landmarks.npz: cannot be read"),
        (60, lambda folder: np.savez(folder / "landmarks.npz", landmarks=np.zeros((59, 68, 2))), r"must be floats (60, 68, 2)"),
        (60, lambda folder: np.savez(folder / "landmarks.npz", landmarks=np.full((60, 68, 2), np.nan)), "in or near a frame"),
        (60, with_sheet(size=128), "film larger or lower the size"),
    ],
)
def test_unusable_footage_is_refused_in_one_line(desk, workspace, capsys, frames, spoil, told):
    folder = film(desk / "clara", frames=frames)
    spoil(folder)
    assert take_in(folder, workspace) == 2
    assert told in capsys.readouterr().err
    assert not workspace.path("rehearsal/lesson.json").exists()


def test_a_tenth_of_the_footage_is_held_out_within_bounds():
    held = [TrainingJob(name="a", frames=n, steps=1, minutes=1, options=TrainingOptions()).held_out for n in (60, 300, 9000)]
    assert held == [15, 30, 90]
