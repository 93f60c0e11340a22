import subprocess
import sys

import numpy as np
import pytest

from steps.dlib.step import STEP
from steps.progress import Progress
from steps.step import run_step
from steps.story import Story
from steps.workspace import Workspace

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
    workspace.adopt(STORY)
    return workspace


def test_the_step_writes_every_frame_s_landmarks_once(workspace, tmp_path):
    progress = Progress("dlib", tmp_path / "progress")
    run_step(STEP, workspace, progress)
    written = workspace.path("footage/landmarks.npz")
    with np.load(written, allow_pickle=False) as file:
        assert file["landmarks"].shape == (360, 68, 2) and file["landmarks"].dtype == np.float32
        assert int(file["size"]) == 320 and int(file["frame_rate"]) == 30
        assert file["landmarks"].min() > 0 and file["landmarks"].max() < 320
    assert (tmp_path / "progress").read_text() == "360/360\n"

    stamp = written.stat().st_mtime_ns
    again = Progress("dlib", None)
    run_step(STEP, workspace, again)
    assert written.stat().st_mtime_ns == stamp and again.done == again.total == 360


def test_another_story_of_the_presenter_has_the_same_key(workspace):
    (unit,) = STEP.plan(workspace)
    assert unit.reads == () and {path.name for path in unit.also} == {"footage.mp4", "landmarks.dat"}


def test_asking_for_the_step_loads_no_system():
    told = "import sys, steps.dlib.step; print({'dlib', 'av', 'scipy', 'cv2', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "set()\n"
