"""From the spoken sentences of a voice to a scene's audio: trimmed, joined with pauses, levelled, padded to whole frames.

Every voice is finished here, whatever its sample rate, so that voices can be exchanged.
"""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from newsreel.artifacts import FRAME_RATE, LEAD_SECONDS, PAUSE_SECONDS, TAIL_SECONDS

Waveform = NDArray[np.float32]
"""(samples,) mono, full scale 1."""

MARGIN_SECONDS = 0.012
"""Kept on both sides of a sentence's audible part: the breath of an /h/, the release of a /t/."""
SILENCE_THRESHOLD = 0.003
"""Amplitude, of full scale, above which a sentence is audible; the silence that hibari makes is below 1e-4."""
SPEECH_LEVEL = 10 ** (-18.5 / 20)
"""RMS of speech without its pauses, of full scale: about -20 LUFS."""
CEILING = 10 ** (-1.5 / 20)
LOOK_AHEAD_SECONDS = 0.004


def write_scene_wav(path: Path, sentences: Sequence[Waveform], rate: int) -> None:
    """Write a scene's audio from its trimmed sentences: mono, 16 bits, `rate` Hz, padded to a whole number of video frames."""
    write_wav(path, pad_to_whole_frames(normalise_level(join_sentences(sentences, rate), rate), rate), rate)


def trim_silence(sentence: Waveform, rate: int, threshold: float = SILENCE_THRESHOLD) -> Waveform | None:
    """A sentence without the silence around it, faded in and out; None where no sample exceeds `threshold`."""
    audible = np.flatnonzero(envelope(sentence, rate) > threshold) if len(sentence) else np.empty(0, int)
    if not len(audible):
        return None
    margin = round(MARGIN_SECONDS * rate)
    return fade(sentence[max(audible[0] - margin, 0) : audible[-1] + margin], margin)


def envelope(sound: Waveform, rate: int) -> Waveform:
    """RMS over 10 ms around each sample."""
    power: Waveform = uniform_filter1d(np.square(sound), round(0.01 * rate))
    return np.sqrt(np.maximum(power, 0))


def fade(sound: Waveform, samples: int) -> Waveform:
    ramp = np.linspace(0, 1, samples, dtype=np.float32)
    sound = sound.copy()
    sound[:samples] *= ramp
    sound[-samples:] *= ramp[::-1]
    return sound


def join_sentences(sentences: Sequence[Waveform], rate: int) -> Waveform:
    pause = silence(PAUSE_SECONDS, rate)
    parts = [part for sentence in sentences for part in (pause, sentence)][1:]
    return np.concatenate([silence(LEAD_SECONDS, rate), *parts, silence(TAIL_SECONDS, rate)])


def silence(seconds: float, rate: int) -> Waveform:
    return np.zeros(round(seconds * rate), np.float32)


def normalise_level(sound: Waveform, rate: int) -> Waveform:
    """Scale speech to SPEECH_LEVEL and keep its peaks below CEILING with a look-ahead limiter.

    The gain at a sample is the lowest that any sample within LOOK_AHEAD_SECONDS needs, smoothed over the same span: it falls
    before a peak comes and is never above what the peak needs.
    """
    spoken = envelope(sound, rate) > 0.01
    level = float(np.sqrt(np.mean(np.square(sound[spoken])))) if spoken.any() else SPEECH_LEVEL
    sound = sound * np.float32(SPEECH_LEVEL / level)
    span = 2 * round(LOOK_AHEAD_SECONDS * rate) + 1
    needed = np.minimum(1, np.float32(CEILING) / np.maximum(np.abs(sound), np.float32(1e-9)))
    gain: Waveform = uniform_filter1d(minimum_filter1d(needed, span), span)
    return sound * gain


def pad_to_whole_frames(sound: Waveform, rate: int) -> Waveform:
    return np.pad(sound, (0, -len(sound) % (rate // FRAME_RATE)))


def write_wav(path: Path, sound: Waveform, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
