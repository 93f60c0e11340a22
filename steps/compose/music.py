"""Music, synthesised: a calm bed in D minor that loops seamlessly, a sting for the opening and one for the closing.

Every sound is a sum of notes by wavetable synthesis, with a reverb whose impulse response is decaying noise. Notes and echoes
that reach beyond the end of the bed continue at its start, so that it loops. Seeded: always the same samples.
"""

import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
BEAT = 0.6
"""Seconds: 100 beats a minute."""
BAR = 4 * BEAT
BED_SECONDS = 8 * BAR

CHORDS = (
    (38, (57, 60, 64, 65, 69)),  # D minor 9
    (34, (57, 58, 62, 65, 69)),  # B flat major 7
    (41, (57, 60, 64, 67, 72)),  # F major 9
    (36, (55, 60, 62, 67, 71)),  # C major 9
)
"""Bass note and voices of every two bars, as MIDI notes."""

TABLE = 2048
Signal = NDArray[np.float64]
"""(samples,) mono or (samples, 2) stereo."""


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """A waveform by its harmonics, and the envelope of its notes in seconds."""

    harmonics: tuple[float, ...]
    """Amplitudes of the first, second, third ... harmonic."""
    attack: float
    decay: float
    """Time constant (to 1/e) after the attack."""


PAD = Timbre(harmonics=tuple(1 / k**1.7 for k in range(1, 12)), attack=1.1, decay=9.0)
BASS = Timbre(harmonics=(1.0, 0.35, 0.08), attack=0.02, decay=0.55)
PLUCK = Timbre(harmonics=(1.0, 0.48, 0.30, 0.18, 0.12, 0.08, 0.05), attack=0.004, decay=0.16)
BELL = Timbre(harmonics=(1.0, 0.0, 0.34, 0.0, 0.10, 0.0, 0.05), attack=0.003, decay=0.75)


def bed() -> Signal:
    """The bed: (samples, 2), `BED_SECONDS` long, to be looped."""
    dry, wet = silence(BED_SECONDS), silence(BED_SECONDS)
    for number, (root, voices) in enumerate(CHORDS):
        start = number * 2 * BAR
        for voice, key in enumerate(voices):
            for detune, side in ((-0.06, -0.7), (0.0, 0.0), (0.07, 0.7)):
                add(wet, note(PAD, key + detune, 2 * BAR + 0.6, release=1.6), start - 0.3, 0.020, side * (0.6 + 0.1 * voice))
        for beat, length in ((0.0, 1.4), (1.5, 0.9), (4.0, 1.4), (5.5, 0.9), (7.0, 0.8)):
            add(dry, note(BASS, root, length * BEAT, release=0.12), start + beat * BEAT, 0.115, 0.0)
        for step in range(16):
            key = voices[(0, 2, 4, 2, 3, 1, 4, 2)[step % 8]] + 12
            strength = 0.036 * (1.0, 0.55, 0.75, 0.5)[step % 4]
            for echo in range(3):
                side = 0.55 * (-1) ** (step + echo)
                add(wet, note(PLUCK, key, 0.5, release=0.2), start + (step / 2 + 0.75 * echo) * BEAT, strength * 0.42**echo, side)
        for beat in range(8):
            add(dry, kick(), start + beat * BEAT, 0.10 if beat % 2 == 0 else 0.045, 0.0)
            add(dry, shaker(beat), start + (beat + 0.5) * BEAT, 0.011, 0.3)
    return dry + wet * 0.8 + reverberate(wet, wrap=True) * 0.5


def opening_sting() -> Signal:
    """Four seconds: a riser, a low hit at 0.45 s, bells that rise to the tonic."""
    dry, wet = silence(4.0), silence(4.0)
    add(wet, riser(0.45), 0.0, 0.05, 0.0, wrap=False)
    add(dry, kick(depth=2.2), 0.45, 0.34, 0.0, wrap=False)
    for number, key in enumerate((62, 69, 74, 77)):
        add(wet, note(BELL, key, 2.2, release=0.8), 0.45 + number * BEAT / 4, 0.085, (-0.4, 0.4)[number % 2], wrap=False)
    for key in (50, 57, 62, 65):
        add(wet, note(PAD, key, 1.6, release=1.5), 0.3, 0.04, 0.0, wrap=False)
    return dry + wet * 0.8 + reverberate(wet, wrap=False) * 0.7


def closing_sting() -> Signal:
    """Four seconds: bells that fall to the tonic over a wide chord."""
    dry, wet = silence(4.0), silence(4.0)
    add(dry, kick(depth=1.6), 0.0, 0.22, 0.0, wrap=False)
    for number, key in enumerate((77, 74, 69, 74)):
        add(wet, note(BELL, key, 2.4, release=0.9), number * BEAT / 2, 0.080, (-0.4, 0.4)[number % 2], wrap=False)
    for key in (38, 50, 57, 62, 65, 69):
        add(wet, note(PAD, key, 1.7, release=1.4), 0.0, 0.04, 0.0, wrap=False)
    return dry + wet * 0.8 + reverberate(wet, wrap=False) * 0.7


def write_wave(path: Path, signal: Signal) -> None:
    """16-bit stereo PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(np.clip(signal, -1, 1) * 32767).astype("<i2").tobytes())


def to_samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def silence(seconds: float) -> Signal:
    return np.zeros((to_samples(seconds), 2))


def note(timbre: Timbre, key: float, seconds: float, release: float) -> Signal:
    """A note at a MIDI pitch, held for some seconds and released."""
    pitch = 440.0 * 2 ** ((key - 69) / 12)
    envelope_curve = envelope(timbre, seconds, release)
    phase = np.arange(envelope_curve.size) * (pitch * TABLE / SAMPLE_RATE)
    return np.asarray(single_cycle(timbre, int(SAMPLE_RATE / 3 / pitch))[phase.astype(np.int64) % TABLE] * envelope_curve)


@cache
def single_cycle(timbre: Timbre, audible: int) -> Signal:
    """A single cycle of the waveform, without harmonics above the Nyquist frequency."""
    at = 2 * np.pi * np.arange(TABLE) / TABLE
    return np.asarray(sum(strength * np.sin(k * at) for k, strength in enumerate(timbre.harmonics[:audible], 1)))


@cache
def envelope(timbre: Timbre, seconds: float, release: float) -> Signal:
    at = np.arange(to_samples(seconds + release)) / SAMPLE_RATE
    attack_curve = np.sin(np.clip(at / timbre.attack, 0, 1) * np.pi / 2) ** 2
    decay_curve = np.exp(-np.clip(at - timbre.attack, 0, None) / timbre.decay)
    release_curve = np.clip((seconds + release - at) / release, 0, 1) ** 2
    return np.asarray(attack_curve * decay_curve * release_curve)


def kick(depth: float = 1.0) -> Signal:
    """A soft kick drum: a low sine with falling pitch."""
    at = np.arange(to_samples(0.5 * depth)) / SAMPLE_RATE
    pitch = 46 + 50 * np.exp(-at / 0.035)
    return np.asarray(
        np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * np.exp(-at / (0.11 * depth)) * np.clip(at / 0.004, 0, 1)
    )


def shaker(seed: int) -> Signal:
    """A shaker: short high-pass noise."""
    at = np.arange(to_samples(0.09)) / SAMPLE_RATE
    rustle = np.random.default_rng(seed).normal(size=at.size)
    return np.asarray(np.diff(rustle, n=2, prepend=[0.0, 0.0]) * 0.4 * np.exp(-at / 0.018) * np.clip(at / 0.006, 0, 1))


def riser(seconds: float) -> Signal:
    """Noise that rises in level and brightness to its end."""
    at = np.linspace(0, 1, to_samples(seconds))
    noise = np.random.default_rng(11).normal(size=at.size)
    return np.asarray((noise * 0.35 + np.diff(noise, prepend=0.0) * at) * at**3)


def add(onto: Signal, sound: Signal, start: float, strength: float, side: float, wrap: bool = True) -> None:
    """Mix a mono sound into a stereo signal at `start` seconds; `side` is the panning from -1, left, to 1.

    What reaches beyond the end continues at the start if `wrap`, else it is cut.
    """
    gains = strength * np.array([np.sqrt(1 - side), np.sqrt(1 + side)])
    first = to_samples(start) % len(onto)
    here = min(sound.size, len(onto) - first)
    onto[first : first + here] += sound[:here, None] * gains
    if wrap:
        onto[: sound.size - here] += sound[here:, None] * gains


def reverberate(signal: Signal, *, wrap: bool) -> Signal:
    """Reverb of about two seconds without low frequencies; `wrap`: circular convolution."""
    length = to_samples(1.8)
    at = np.arange(length)[:, None] / SAMPLE_RATE
    impulse_response = np.random.default_rng(5).normal(size=(length, 2)) * np.exp(-at / 0.38) * np.clip(at / 0.012, 0, 1)
    impulse_response -= np.column_stack([np.convolve(side, np.full(96, 1 / 96), "same") for side in impulse_response.T])
    impulse_response /= np.sqrt((impulse_response**2).sum(axis=0))
    size = len(signal) if wrap else len(signal) + length
    spectrum = np.fft.rfft(signal, size, axis=0) * np.fft.rfft(impulse_response, size, axis=0)
    return np.asarray(np.fft.irfft(spectrum, size, axis=0)[: len(signal)])
