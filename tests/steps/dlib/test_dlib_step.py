import shutil
import subprocess
import sys

import numpy as np
import pytest

from newsreel.errors import BadWeights
from newsreel.presenters.bundle import BUNDLED_PRESENTERS
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.dlib import STEP
from steps.dlib.step import WORK
from tools.presenter.drawing import draw
from tools.presenter.drawing.palette import BACKGROUND
from tools.presenter.footage import idle_poses

pytestmark = pytest.mark.slow

STORY = Story.model_validate(
    {
        "id": "budget",
        "revision": 1,
        "title": "The budget",
        "presenter": "maya",
        "voice": "heart",
        "scenes": [
            {
                "narration": "The council agreed.",
                "headline": "Agreed",
                "picture": {"file": "a.png", "credit": "Newsroom", "alt": "A square"},
            }
        ],
    }
)


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace.lease(tmp_path, "test")
    workspace.set_story(STORY)
    return workspace


def test_step_writes_landmarks_of_every_frame_once(workspace, tmp_path):
    progress = Progress("dlib", tmp_path / "progress")
    run_step(STEP, WORK, workspace, progress)
    written = workspace.path("footage/landmarks.npz")
    with np.load(written, allow_pickle=False) as file:
        assert file["landmarks"].shape == (360, 68, 2) and file["landmarks"].dtype == np.float32
        assert int(file["size"]) == 320 and int(file["frame_rate"]) == 30
        assert file["landmarks"].min() > 0 and file["landmarks"].max() < 320
    assert (tmp_path / "progress").read_text() == "360/360\n"

    stamp = written.stat().st_mtime_ns
    again = Progress("dlib", None)
    run_step(STEP, WORK, workspace, again)
    assert written.stat().st_mtime_ns == stamp and again.done == again.total == 360


def test_stories_of_a_presenter_share_the_key(workspace):
    (unit,) = WORK.plan(workspace)
    assert unit.reads == () and {path.name for path in unit.also} == {"footage.mp4", "landmarks.dat"}


def test_step_refuses_footage_with_a_cut_and_says_when(workspace, filmed, monkeypatch):
    """Two takes of one second; in the second she is further left."""
    takes = [draw(pose)[0] for pose in idle_poses(5, 1)] * 2
    takes[30:] = [np.roll(frame, -30, axis=1) for frame in takes[30:]]
    presenter = filmed(takes)
    shutil.copy(BUNDLED_PRESENTERS / "maya" / "landmarks.dat", presenter.home)
    monkeypatch.setattr("steps.dlib.step.load_presenter", lambda _: presenter)
    with pytest.raises(BadWeights, match=r"a cut at 1\.0 s; footage must be one take"):
        run_step(STEP, WORK, workspace, Progress("dlib", None))


def test_interpolated_frames_are_reported(workspace, filmed, monkeypatch, capsys):
    frames = [draw(pose)[0] for pose in idle_poses(5, 2)]
    frames[12:15] = [np.full((320, 320, 3), BACKGROUND, np.uint8)] * 3
    presenter = filmed(frames)
    shutil.copy(BUNDLED_PRESENTERS / "maya" / "landmarks.dat", presenter.home)
    monkeypatch.setattr("steps.dlib.step.load_presenter", lambda _: presenter)
    run_step(STEP, WORK, workspace, Progress("dlib", None))
    assert "no face in 3 frames (0.4-0.5 s); interpolated from their neighbours" in capsys.readouterr().err


def test_importing_the_step_loads_no_system():
    code = "import sys, steps.dlib.step; print({'dlib', 'av', 'scipy', 'cv2', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
