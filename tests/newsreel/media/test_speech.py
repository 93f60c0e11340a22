"""From the sentences of a voice to a scene's audio, at the sample rates of our voices."""

import wave

import numpy as np
import pytest

from newsreel.artifacts import FRAME_RATE, count_video_frames
from newsreel.media.speech import join_sentences, normalise_level, pad_to_whole_frames, trim_silence, write_scene_wav

RATES = [22_050, 24_000]
rates = pytest.mark.parametrize("rate", RATES)


def tone(seconds, rate, level=0.2):
    return np.asarray(level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate), np.float32)


@rates
def test_the_limiter_lowers_a_peak_and_nothing_far_from_it(rate):
    sound = np.full(rate, 0.1, np.float32)
    sound[rate // 2] = 1.0
    held = normalise_level(sound, rate)
    assert np.abs(held).max() <= 0.85
    quiet = np.abs(np.arange(len(sound)) - rate // 2) > 500
    assert np.allclose(held[quiet], held[0], atol=1e-4)
    assert held[rate // 2] > 0.8


@pytest.mark.parametrize(("rate", "frame"), [(22_050, 735), (24_000, 800)])
@pytest.mark.parametrize("more", [-1, 0, 1])
@pytest.mark.parametrize("frames", [0, 1])
def test_padding_only_completes_a_frame(rate, frame, frames, more):
    samples = max(frames * frame + more, 0)
    assert len(pad_to_whole_frames(np.zeros(samples, np.float32), rate)) == -(-samples // frame) * frame


@rates
def test_only_the_silence_around_a_sentence_is_cut(rate):
    quiet = np.zeros(rate // 2, np.float32)
    sentence = trim_silence(np.concatenate([quiet, tone(1, rate), quiet]), rate)
    assert 1.0 <= len(sentence) / rate < 1.05
    assert sentence[0] == sentence[-1] == 0


@rates
@pytest.mark.parametrize("samples", [0, 1, 5000])
def test_an_inaudible_sentence_is_none(rate, samples):
    assert trim_silence(np.full(samples, 1e-4, np.float32), rate) is None


@rates
def test_the_pause_between_sentences_is_300_ms(rate):
    sound = join_sentences([tone(1, rate), tone(0.5, rate)], rate)
    assert len(sound) / rate == pytest.approx(0.3 + 1 + 0.3 + 0.5 + 0.45, abs=0.001)
    assert not sound[: round(0.3 * rate)].any()
    assert not sound[round(1.3 * rate) : round(1.6 * rate)].any()


@rates
def test_quiet_and_loud_voices_get_the_same_level(rate, tmp_path):
    levels = []
    for level in (0.05, 0.5):
        write_scene_wav(tmp_path / "a.wav", [tone(2, rate, level)], rate)
        with wave.open(str(tmp_path / "a.wav")) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, rate)
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        assert len(samples) == count_video_frames(tmp_path / "a.wav") * rate // FRAME_RATE
        levels.append(20 * np.log10(np.sqrt(np.mean(samples[rate // 2 : rate * 2] ** 2))))
    assert levels == pytest.approx([-18.5, -18.5], abs=0.2)
