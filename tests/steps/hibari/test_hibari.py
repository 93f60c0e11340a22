"""hibari: whole video frames, one level, equal words give equal audio, nothing is downloaded."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from hibari.g2p import G2P
from hibari.tts import ASSETS

from newsreel.artifacts import FRAME_RATE, Script, Token, count_video_frames
from newsreel.errors import BadInput, BadWeights
from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.story.pronunciation import PHONES, VOWELS, cmu_dictionary
from newsreel.story.schema import Story
from newsreel.workspace import Workspace
from steps.hibari import STEP
from steps.hibari.speaker import SAMPLE_RATE, Speaker, to_hibari_phonemes, to_hibari_text
from steps.hibari.step import WORK
from steps.init_story.script import script_of

pytestmark = pytest.mark.slow

NARRATIONS = ["Dr. Smith won \u00a31,200. He is glad.", "Rain is expected in the north tonight!"]


def workspace_of(root, narrations, voice="heart"):
    workspace = Workspace.lease(root, "test")
    picture = {"file": "a.png", "credit": "c", "alt": "a"}
    scenes = [{"narration": narration, "headline": "h", "picture": picture} for narration in narrations]
    workspace.set_story(
        Story.model_validate({"id": "s", "revision": 1, "title": "t", "presenter": "maya", "voice": voice, "scenes": scenes})
    )
    for number, narration in enumerate(narrations):
        write_atomically(workspace.path(f"script/{number:02d}.json"), script_of(narration).model_dump_json())
    return workspace


def samples_of(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    workspace = workspace_of(tmp_path_factory.mktemp("spoken"), NARRATIONS)
    run_step(STEP, WORK, workspace, Progress("hibari", None))
    return workspace


@pytest.mark.parametrize("scene", [0, 1])
def test_a_scene_is_whole_frames_with_silence_at_its_ends(spoken, scene):
    path = spoken.path(f"voice/{scene:02d}.wav")
    sound = samples_of(path)
    assert len(sound) == count_video_frames(path) * SAMPLE_RATE // FRAME_RATE
    audible = np.flatnonzero(np.abs(sound) > 0.01) / SAMPLE_RATE
    assert 0.3 <= audible[0] < 0.4
    assert 0.45 <= len(sound) / SAMPLE_RATE - audible[-1] < 0.65


def test_all_scenes_are_equally_loud_and_none_clips(spoken):
    levels = []
    for scene in range(len(NARRATIONS)):
        sound = samples_of(spoken.path(f"voice/{scene:02d}.wav"))
        assert np.abs(sound).max() < 0.9
        windows = sound[: len(sound) // 240 * 240].reshape(-1, 240)
        power = np.mean(windows**2, axis=1)
        levels.append(10 * np.log10(np.mean(power[power > 1e-4])))
    assert max(levels) - min(levels) < 0.5
    assert -20 < np.mean(levels) < -17.5


def test_equal_words_give_equal_audio_in_another_run(spoken, tmp_path):
    again = workspace_of(tmp_path, NARRATIONS)
    run_step(STEP, WORK, again, Progress("hibari", None))
    assert again.path("voice/00.wav").read_bytes() == spoken.path("voice/00.wav").read_bytes()


def test_a_voice_of_another_system_is_refused(tmp_path):
    with pytest.raises(BadInput, match="tacotron2"):
        run_step(STEP, WORK, workspace_of(tmp_path, NARRATIONS, voice="linda"), Progress("hibari", None))


def test_a_voice_that_is_not_in_the_wheel_is_not_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    with pytest.raises(BadWeights, match="wheel"):
        Speaker.load("emma")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("narration", "text"),
    [
        ("Dr. Smith, who won \u00a31,200, left.", "doctor Smith, who won one thousand two hundred pounds, left."),
        ("The \u201cNHS\u201d (not NATO) said: no!", "The NHS not NATO said: no!"),
        ("Is the A&E \u2014 or the G7 \u2014 open?", "Is the [a](/\u02c8A/) and e \u2014 or the g seven \u2014 open?"),
        ("MPs met at 5 p.m.", "m p's met at five PM."),
    ],
)
def test_the_text_has_words_and_punctuation(narration, text):
    assert to_hibari_text(script_of(narration).sentences[0]) == text


@pytest.mark.parametrize("word", ["water", "judge", "vision", "young", "boy", "hurry", "happy", "teacher", "winner", "sofa"])
def test_arpabet_becomes_the_phonemes_of_hibaris_own_g2p(word):
    assert to_hibari_phonemes(cmu_dictionary()[word]) == G2P()(word)


def test_every_phone_is_in_the_voices_vocabulary():
    known = set(json.loads((Path(ASSETS) / "vocab.json").read_text()))
    for phone in PHONES:
        for written in [f"{phone}{stress}" for stress in "012"] if phone in VOWELS else [phone]:
            phonemes = to_hibari_phonemes([written])
            assert phonemes
            assert set(phonemes) <= known


def test_a_given_pronunciation_is_passed_as_phonemes():
    sentence = script_of("\u201cHarwick{HH AE1 R IH0 K}\u2019s, he said.").sentences[0]
    assert to_hibari_text(sentence) == "[Harwick's](/h\u02c8\u00e6\u0279\u026aks/), he said."


def test_a_given_pronunciation_is_what_is_spoken():
    speaker = Speaker.load("heart")
    given = script_of("Harwick{S AA1 M B AH0 D IY0} won.").sentences[0]
    plain = script_of("Harwick won.").sentences[0]
    audio = speaker.synthesize(to_hibari_text(given), seed=1)
    assert np.array_equal(audio, speaker.synthesize.from_phonemes("s\u02c8\u0251mb\u0259di w\u02c8\u028cn.", seed=1))
    assert len(audio) != len(speaker.synthesize(to_hibari_text(plain), seed=1))


def test_a_sentence_without_sound_is_refused_in_one_line():
    silent = Speaker(lambda text, speed=1.0, seed=None: np.zeros(2400, np.float32))
    with pytest.raises(BadInput, match="no sound for"):
        silent.speak(Script(sentences=((Token(shown="Hm", spoken=("hm",)),),)), None)
