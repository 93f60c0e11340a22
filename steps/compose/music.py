"""The newsroom's own music, synthesised: a calm bed in D minor that loops without a seam, a sting to open with and one to close.

Every sound is a sum of notes, each a single-cycle wave read at its pitch (wavetable synthesis), in a room made of decaying noise.
The bed's notes and echoes that reach over its end begin it again, so any number of turns is one piece. Seeded: the same samples
every time.
"""

import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["BED_SECONDS", "SAMPLE_RATE", "bed", "closing_sting", "opening_sting", "write_wave"]

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
"""Bass note and voices of each two bars, as MIDI notes."""

TABLE = 2048
Signal = NDArray[np.float64]
"""Samples, or samples by two: left and right."""


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """A wave by its harmonics, and how a note of it swells and dies away, in seconds."""

    harmonics: tuple[float, ...]
    """Strength of the first, second, third..."""
    attack: float
    decay: float
    """To a third of its strength, once the attack is over."""


PAD = Timbre(harmonics=tuple(1 / k**1.7 for k in range(1, 12)), attack=1.1, decay=9.0)
BASS = Timbre(harmonics=(1.0, 0.35, 0.08), attack=0.02, decay=0.55)
PLUCK = Timbre(harmonics=(1.0, 0.48, 0.30, 0.18, 0.12, 0.08, 0.05), attack=0.004, decay=0.16)
BELL = Timbre(harmonics=(1.0, 0.0, 0.34, 0.0, 0.10, 0.0, 0.05), attack=0.003, decay=0.75)


def bed() -> Signal:
    """One turn of the bed: (samples, 2), `BED_SECONDS` long, its end running on into its start."""
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
            add(dry, thump(), start + beat * BEAT, 0.10 if beat % 2 == 0 else 0.045, 0.0)
            add(dry, tick(beat), start + (beat + 0.5) * BEAT, 0.011, 0.3)
    return dry + wet * 0.8 + in_a_room(wet, around=True) * 0.5


def opening_sting() -> Signal:
    """Four seconds: a breath in, a low hit at 0.45 s, bells that climb to the keynote."""
    dry, wet = silence(4.0), silence(4.0)
    add(wet, breath(0.45), 0.0, 0.05, 0.0, around=False)
    add(dry, thump(depth=2.2), 0.45, 0.34, 0.0, around=False)
    for number, key in enumerate((62, 69, 74, 77)):
        add(wet, note(BELL, key, 2.2, release=0.8), 0.45 + number * BEAT / 4, 0.085, (-0.4, 0.4)[number % 2], around=False)
    for key in (50, 57, 62, 65):
        add(wet, note(PAD, key, 1.6, release=1.5), 0.3, 0.04, 0.0, around=False)
    return dry + wet * 0.8 + in_a_room(wet, around=False) * 0.7


def closing_sting() -> Signal:
    """Four seconds: the bells come down to the keynote over a last wide chord."""
    dry, wet = silence(4.0), silence(4.0)
    add(dry, thump(depth=1.6), 0.0, 0.22, 0.0, around=False)
    for number, key in enumerate((77, 74, 69, 74)):
        add(wet, note(BELL, key, 2.4, release=0.9), number * BEAT / 2, 0.080, (-0.4, 0.4)[number % 2], around=False)
    for key in (38, 50, 57, 62, 65, 69):
        add(wet, note(PAD, key, 1.7, release=1.4), 0.0, 0.04, 0.0, around=False)
    return dry + wet * 0.8 + in_a_room(wet, around=False) * 0.7


def write_wave(path: Path, signal: Signal) -> None:
    """16-bit stereo PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.round(np.clip(signal, -1, 1) * 32767).astype("<i2").tobytes())


def samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def silence(seconds: float) -> Signal:
    return np.zeros((samples(seconds), 2))


def note(timbre: Timbre, key: float, seconds: float, release: float) -> Signal:
    """One voice at a MIDI pitch, held for some seconds and released."""
    pitch = 440.0 * 2 ** ((key - 69) / 12)
    swelling = envelope(timbre, seconds, release)
    phase = np.arange(swelling.size) * (pitch * TABLE / SAMPLE_RATE)
    return np.asarray(one_cycle(timbre, int(SAMPLE_RATE / 3 / pitch))[phase.astype(np.int64) % TABLE] * swelling)


@cache
def one_cycle(timbre: Timbre, audible: int) -> Signal:
    """A single cycle of the wave, with as many harmonics as the sampling rate has room for."""
    at = 2 * np.pi * np.arange(TABLE) / TABLE
    return np.asarray(sum(strength * np.sin(k * at) for k, strength in enumerate(timbre.harmonics[:audible], 1)))


@cache
def envelope(timbre: Timbre, seconds: float, release: float) -> Signal:
    at = np.arange(samples(seconds + release)) / SAMPLE_RATE
    swell = np.sin(np.clip(at / timbre.attack, 0, 1) * np.pi / 2) ** 2
    dying = np.exp(-np.clip(at - timbre.attack, 0, None) / timbre.decay)
    fading = np.clip((seconds + release - at) / release, 0, 1) ** 2
    return np.asarray(swell * dying * fading)


def thump(depth: float = 1.0) -> Signal:
    """A soft drum: a low sine that falls in pitch."""
    at = np.arange(samples(0.5 * depth)) / SAMPLE_RATE
    pitch = 46 + 50 * np.exp(-at / 0.035)
    return np.asarray(
        np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE) * np.exp(-at / (0.11 * depth)) * np.clip(at / 0.004, 0, 1)
    )


def tick(seed: int) -> Signal:
    """A shaker: a short rustle without lows."""
    at = np.arange(samples(0.09)) / SAMPLE_RATE
    rustle = np.random.default_rng(seed).normal(size=at.size)
    return np.asarray(np.diff(rustle, n=2, prepend=[0.0, 0.0]) * 0.4 * np.exp(-at / 0.018) * np.clip(at / 0.006, 0, 1))


def breath(seconds: float) -> Signal:
    """Noise that swells and brightens up to its end."""
    at = np.linspace(0, 1, samples(seconds))
    noise = np.random.default_rng(11).normal(size=at.size)
    return np.asarray((noise * 0.35 + np.diff(noise, prepend=0.0) * at) * at**3)


def add(onto: Signal, sound: Signal, start: float, strength: float, side: float, around: bool = True) -> None:
    """Lay a mono sound into stereo at a second; `side` runs from -1, left, to 1. Past the end it goes on at the
    start, or is cut."""
    gains = strength * np.array([np.sqrt(1 - side), np.sqrt(1 + side)])
    first = samples(start) % len(onto)
    here = min(sound.size, len(onto) - first)
    onto[first : first + here] += sound[:here, None] * gains
    if around:
        onto[: sound.size - here] += sound[here:, None] * gains


def in_a_room(signal: Signal, *, around: bool) -> Signal:
    """The signal's echo in a room that dies away in about two seconds, without lows; `around` in a circle."""
    length = samples(1.8)
    at = np.arange(length)[:, None] / SAMPLE_RATE
    walls = np.random.default_rng(5).normal(size=(length, 2)) * np.exp(-at / 0.38) * np.clip(at / 0.012, 0, 1)
    walls -= np.column_stack([np.convolve(side, np.full(96, 1 / 96), "same") for side in walls.T])
    walls /= np.sqrt((walls**2).sum(axis=0))
    size = len(signal) if around else len(signal) + length
    spectrum = np.fft.rfft(signal, size, axis=0) * np.fft.rfft(walls, size, axis=0)
    return np.asarray(np.fft.irfft(spectrum, size, axis=0)[: len(signal)])
