"""Mel spectrograms of tacotron2 become a scene's audio; hostile files are refused in one line."""

import io
import wave
import zipfile

import numpy as np
import pytest
import torch
from small_waveglows import TINY, VOICE, plain_state, randoms

from newsreel.artifacts import FRAME_RATE, count_video_frames
from newsreel.errors import BadInput, BadWeights
from newsreel.files import write_atomically
from newsreel.runtime.progress import Progress
from newsreel.step import run_step
from newsreel.story.schema import Story
from newsreel.weights.catalogue import weights_sheet
from newsreel.workspace import Workspace
from steps.animate.prosody import read_sound
from steps.gentle_server.audio import read_recording
from steps.waveglow import STEP
from steps.waveglow import mel as mel_module
from steps.waveglow.mel import read_mel
from steps.waveglow.step import WORK

pytestmark = pytest.mark.slow

RATE = 22_050
ENDS = [[60, 100], [80]]


def mel_file(mel, ends, **more):
    content = io.BytesIO()
    np.savez(content, mel=np.asarray(mel), ends=np.asarray(ends), **more)
    return content.getvalue()


def mel_of_scene(scene):
    frames = ENDS[scene][-1]
    return mel_file(randoms(scene)(frames, 80).numpy() - 5, np.array(ENDS[scene], np.int64))


def workspace_of(root, voice="linda", net=VOICE):
    workspace = Workspace.lease(root, "test")
    picture = {"file": "a.png", "credit": "c", "alt": "a"}
    scenes = [{"narration": "It rains.", "headline": "h", "picture": picture} for _ in ENDS]
    workspace.set_story(
        Story.model_validate({"id": "s", "revision": 1, "title": "t", "presenter": "maya", "voice": voice, "scenes": scenes})
    )
    for scene in range(len(ENDS)):
        write_atomically(workspace.path(f"speech/{scene:02d}.mel.npz"), mel_of_scene(scene))
    content = io.BytesIO()
    torch.save(plain_state(net), content)
    write_atomically(workspace.path("weights/waveglow.weights"), content.getvalue())
    write_atomically(workspace.path(weights_sheet("waveglow")), "{}")
    return workspace


def run(workspace):
    run_step(STEP, WORK, workspace, Progress("waveglow", None))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    workspace = workspace_of(tmp_path_factory.mktemp("waveglow"))
    run(workspace)
    return workspace


@pytest.mark.parametrize(("scene", "sentences"), [(0, 2), (1, 1)])
def test_a_scenes_audio_lasts_a_whole_number_of_video_frames(finished, scene, sentences):
    path = finished.path(f"voice/{scene:02d}.wav")
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        samples = file.getnframes()
    assert samples == count_video_frames(path) * RATE // FRAME_RATE
    silence = 0.30 + 0.45 + 0.30 * (sentences - 1)
    assert samples / RATE == pytest.approx(ENDS[scene][-1] * 256 / RATE + silence, abs=0.1)


def test_later_steps_accept_the_sample_rate(finished):
    path = finished.path("voice/00.wav")
    seconds = count_video_frames(path) / FRAME_RATE
    with path.open("rb") as file:
        assert len(read_recording(file).samples) == pytest.approx(seconds * 16_000, abs=2)
    samples, rate = read_sound(path)
    assert (rate, len(samples)) == (RATE, round(seconds * RATE))


def test_equal_mels_give_equal_audio_in_another_run(finished, tmp_path):
    again = workspace_of(tmp_path)
    run(again)
    assert again.path("voice/00.wav").read_bytes() == finished.path("voice/00.wav").read_bytes()


def test_only_a_changed_scene_is_synthesized_again(finished, capfd):
    write_atomically(finished.path("speech/01.mel.npz"), mel_of_scene(1).replace(b"ends", b"ends"))
    run(finished)
    assert capfd.readouterr().err.count("unchanged") == 2
    write_atomically(finished.path("speech/01.mel.npz"), mel_file(np.full((70, 80), -4, np.float32), np.array([70])))
    run(finished)
    log = capfd.readouterr().err
    assert "scene 00: unchanged" in log
    assert "scene 01: 70 mel frames in" in log


def test_other_weights_synthesize_again(finished, capfd):
    write_atomically(finished.path(weights_sheet("waveglow")), '{"sha256": "other"}')
    run(finished)
    assert "unchanged" not in capfd.readouterr().err


def test_a_voice_of_another_system_is_refused(tmp_path):
    with pytest.raises(BadInput, match="spoken by hibari"):
        run(workspace_of(tmp_path, voice="heart"))


def test_a_net_for_other_mel_spectrograms_is_refused(tmp_path):
    with pytest.raises(BadWeights, match="tacotron2 makes 80 mels"):
        run(workspace_of(tmp_path, net=TINY))


def test_missing_weights_are_refused(tmp_path):
    workspace = workspace_of(tmp_path)
    workspace.path("weights/waveglow.weights").unlink()
    with pytest.raises(BadWeights, match="no weights for waveglow"):
        run(workspace)


GOOD = np.zeros((9, 80), np.float32)
LAST = np.array([9], np.int64)


def bomb():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (80_000, 80)})
        archive.writestr("mel.npy", header.getvalue() + bytes(mel_module.MAX_ENTRY_BYTES))
        archive.writestr("ends.npy", b"")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no mel spectrogram"),
        (b"PK\x03\x04 and no more", "no mel spectrogram"),
        (mel_file(GOOD, LAST)[:-40], "no mel spectrogram"),
        (mel_file(np.array([{}], object), LAST), "no mel spectrogram"),
        (bomb(), "longer than any scene"),
        (mel_file(GOOD.T, LAST), "must be float32"),
        (mel_file(GOOD[:0], LAST), "must be float32"),
        (mel_file(GOOD.astype(float), LAST), "must be float32"),
        (mel_file(GOOD * np.nan, LAST), "mel holds NaN"),
        (mel_file(GOOD + np.inf, LAST), "mel holds NaN"),
        (mel_file(GOOD + 1e9, LAST), "not log magnitudes"),
        (mel_file(GOOD, LAST - 1), "rise to the number of frames, 9"),
        (mel_file(GOOD, LAST[:0]), "rise to"),
        (mel_file(GOOD, np.array([0, 9])), "rise to"),
        (mel_file(GOOD, np.array([5, 3, 9])), "rise to"),
        (mel_file(GOOD, np.array([-1, 9])), "rise to"),
        (mel_file(GOOD, np.array([9.0])), "rise to"),
    ],
)
def test_a_hostile_mel_file_is_refused_in_one_line(tmp_path, content, message):
    (tmp_path / "00.mel.npz").write_bytes(content)
    with pytest.raises(BadInput, match=message) as refused:
        read_mel(tmp_path / "00.mel.npz")
    assert "\n" not in str(refused.value)


def test_a_mel_file_is_split_at_its_sentences(tmp_path):
    (tmp_path / "a.npz").write_bytes(mel_of_scene(0))
    assert [len(sentence) for sentence in read_mel(tmp_path / "a.npz").sentences] == [60, 40]


def test_a_silent_sentence_is_refused_with_its_number(tmp_path):
    state = plain_state(VOICE)
    for flow in range(VOICE.n_flows):
        state[f"WN.{flow}.end.weight"] *= 0
        state[f"WN.{flow}.end.bias"] = torch.full((VOICE.flow_channels(flow),), 0.0)
        state[f"convinv.{flow}.conv.weight"] *= 1000
    workspace = workspace_of(tmp_path)
    torch.save(state, workspace.path("weights/waveglow.weights"))
    with pytest.raises(BadInput, match="no sound for sentence 1"):
        run(workspace)
