"""The step from files to files: phones, voice and footage in, a scene's landmarks out."""

import wave
from pathlib import Path

import numpy as np
import pytest

import newsreel.presenters.bundle
from newsreel.artifacts import FRAME_RATE, Phone, Speech, SpokenWord
from newsreel.errors import BadInput
from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.animate import STEP
from steps.animate.coarticulation import frame_times
from steps.animate.head import complex_points, head_of
from steps.animate.motion import motion_of, speech_from
from steps.animate.step import WORK

pytestmark = pytest.mark.slow

RATE = 24000
SIZE = 320


def speech_of(names: str) -> Speech:
    """A word of phones of 90 ms each from 0.3 s on, and a whole number of frames."""
    phones = [Phone(phone=name, start=0.3 + 0.09 * k, end=0.39 + 0.09 * k) for k, name in enumerate(names.split())]
    word = SpokenWord(shown="Word", start=0.3, end=phones[-1].end, sentence=0, phones=tuple(phones))
    return Speech(duration=round((phones[-1].end + 0.45) * FRAME_RATE) / FRAME_RATE, words=(word,))


def write_scene(workspace: Workspace, number: int, speech: Speech) -> None:
    write_atomically(workspace.path(f"phones/{number:02d}.json"), speech.model_dump_json())
    samples = np.random.default_rng(number).normal(0, 3000, round(speech.duration * RATE)).astype("<i2")
    voice = workspace.path(f"voice/{number:02d}.wav")
    voice.parent.mkdir(exist_ok=True)
    with wave.open(str(voice), "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())


@pytest.fixture
def workspace(tmp_path, swaying, bundle, monkeypatch) -> Workspace:
    monkeypatch.setattr(newsreel.presenters.bundle, "BUNDLED_PRESENTERS", bundle.parent)
    scene = {"narration": "Maybe.", "headline": "Maybe", "picture": {"file": "a.png", "credit": "Nobody", "alt": "Nothing"}}
    story = Story.model_validate(
        {"id": "maybe", "revision": 1, "title": "Maybe", "presenter": "maya", "voice": "heart", "scenes": [scene] * 3}
    )
    workspace = Workspace.lease(tmp_path / "story", "test")
    workspace.set_story(story)
    for number, names in enumerate(("M EY B IY", "HH AH L OW", "B AY B AY P AA P AH")):
        write_scene(workspace, number, speech_of(names))
    (tmp_path / "story/footage").mkdir()
    np.savez(tmp_path / "story/footage/landmarks.npz", landmarks=swaying.faces(300, 0.5), size=SIZE, frame_rate=FRAME_RATE)
    return workspace


def animate(workspace: Workspace) -> list[bytes]:
    run_step(STEP, WORK, workspace, Progress("animate", None))
    return [workspace.path(f"motion/{number:02d}.npz").read_bytes() for number in range(3)]


def landmarks_of(workspace: Workspace, number: int) -> np.ndarray:
    with np.load(workspace.path(f"motion/{number:02d}.npz")) as file:
        return file["landmarks"]


def test_every_scene_gets_a_face_for_every_frame_of_its_sound(workspace):
    animate(workspace)
    for number in range(3):
        speech = speech_from(workspace.path(f"phones/{number:02d}.json"))
        landmarks = landmarks_of(workspace, number)
        assert landmarks.shape == (round(speech.duration * FRAME_RATE), 68, 2)
        assert landmarks.dtype == np.float32
        assert ((landmarks >= 0) & (landmarks < SIZE)).all()
        assert np.abs(np.diff(landmarks, axis=0)).max() < 0.25 * 80


def test_one_scene_ends_as_the_next_one_starts(workspace):
    animate(workspace)
    ends = [landmarks_of(workspace, number)[[0, -1]] for number in range(3)]
    assert np.abs(ends[0] - ends[1]).max() < 1.0
    assert np.abs(ends[1] - ends[2]).max() < 1.0


def test_the_same_story_moves_the_same_bit_for_bit(workspace):
    first = animate(workspace)
    for path in [*workspace.path("motion").iterdir(), *workspace.path(".done/animate").rglob("[0-9]")]:
        path.unlink()
    for path in workspace.path(".done/animate").iterdir():
        path.rmdir()
    assert animate(workspace) == first


def test_a_changed_scene_alone_is_animated_anew(workspace, capsys):
    before = animate(workspace)
    capsys.readouterr()
    write_scene(workspace, 0, speech_of("W IY W IH L S IY W AH T HH AE P AH N Z"))
    after = animate(workspace)
    assert before[0] != after[0]
    assert before[1:] == after[1:]
    assert capsys.readouterr().err.count("unchanged") == 2


@pytest.mark.parametrize("written", ["", "[]", '{"duration": 1}', '{"duration": 1, "words": [], "more": 2}'])
def test_phones_that_cannot_be_read_are_refused_by_name(written, tmp_path):
    (tmp_path / "00.json").write_text(written)
    with pytest.raises(BadInput, match=r"00\.json: not a scene's phones"):
        speech_from(tmp_path / "00.json")


def test_a_phone_that_is_none_is_refused_by_name(tmp_path: Path):
    (tmp_path / "00.json").write_text(speech_of("M OOV IY").model_dump_json())
    with pytest.raises(BadInput, match="OOV"):
        speech_from(tmp_path / "00.json")


def test_the_head_bows_and_the_brows_rise_at_an_accent(swaying, visemes):
    still = head_of(complex_points(np.repeat(swaying.faces(1), 90, axis=0)), complex_points(visemes.rest))
    speech = speech_of("S T IY T S T AA T S T IY T S T IY T")
    times = frame_times(round(speech.duration * FRAME_RATE))
    loudness = np.where(np.abs(times - 0.88) < 0.1, 0.0, -25.0)
    face = motion_of(speech, loudness, still, visemes, SIZE)
    eyes, nose = (face[:, points, 1].mean(axis=1) - face[0, points, 1].mean() for points in ([36, 45], [33]))
    apex = int(eyes.argmax())
    assert 0.8 < times[apex] < 1.0
    assert 0.5 < eyes[apex] < nose[apex] < 8, "a bowed head lowers the nose further than the eyes"


def test_a_scene_without_a_word_is_a_presenter_who_waits(swaying, visemes):
    head = head_of(complex_points(swaying.faces(300)), complex_points(visemes.rest))
    face = motion_of(Speech(duration=1.0, words=()), np.zeros(30), head, visemes, SIZE)
    assert face.shape == (30, 68, 2)
    gap = face[:, [67, 66, 65], 1] - face[:, [61, 62, 63], 1]
    assert np.abs(gap - gap[0]).max() < 0.5
