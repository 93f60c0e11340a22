"""Small generators, drawn faces and a workspace for pix2pixHD's tests."""

import numpy as np
import pytest
from small_nets import SCENE_FRAMES, SIZE, SMALL_GLOBAL, SMALL_LOCAL, seeded_generator, write_voice

import newsreel.presenters.bundle
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.pix2pixhd import save_generator
from tools.presenter.drawing import Mouth, Pose, draw


@pytest.fixture(params=[SMALL_GLOBAL, SMALL_LOCAL], ids=["global", "local"])
def architecture(request):
    return request.param


@pytest.fixture(scope="session")
def faces():
    """12 consecutive frames of a mouth that opens: pictures (12, 320, 320, 3) and landmarks (12, 68, 2)."""
    drawn = [draw(Pose(yaw=0.01 * number, mouth=Mouth(jaw_open=number / 12))) for number in range(12)]
    return np.stack([picture for picture, _ in drawn]), np.stack([landmarks for _, landmarks in drawn])


@pytest.fixture
def workspace(tmp_path, monkeypatch, faces):
    """Two scenes with voice and motion, and a presenter of 64 x 64 pixels whose generator is small and untrained."""
    home = tmp_path / "presenters"
    bundle = home / "maya"
    bundle.mkdir(parents=True)
    sheet = {"shown_as": "M", "role": "R", "size": SIZE, "frame_rate": 30, "licence": "L", "made_by": "test"}
    (bundle / "presenter.yaml").write_text("".join(f"{name}: {value}\n" for name, value in sheet.items()))
    for name in ("footage.mp4", "landmarks.dat", "visemes.npz"):
        (bundle / name).touch()
    save_generator(seeded_generator(SMALL_GLOBAL), bundle / "generator.pth", half=True)
    monkeypatch.setattr(newsreel.presenters.bundle, "BUNDLED_PRESENTERS", home)

    scene = {"narration": "Maybe.", "headline": "Maybe", "picture": {"file": "a.png", "credit": "Nobody", "alt": "Nothing"}}
    story = {"id": "maybe", "revision": 1, "title": "Maybe", "presenter": "maya", "voice": "heart", "scenes": [scene] * 2}
    workspace = Workspace.lease(tmp_path / "story", "test")
    workspace.set_story(Story.model_validate(story))
    for number, frames in enumerate(SCENE_FRAMES):
        write_voice(workspace.path(f"voice/{number:02d}.wav"), frames)
        motion = workspace.path(f"motion/{number:02d}.npz")
        motion.parent.mkdir(exist_ok=True)
        np.savez(motion, landmarks=np.resize(faces[1] * SIZE / 320, (frames, 68, 2)))
    return workspace
