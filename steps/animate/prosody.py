"""Visual prosody from the voice: how far vowels open the mouth, when the head nods and the brows rise.

Heads and brows move with the accents of speech (Graf et al., "Visual prosody: facial movements accompanying speech", FG 2002;
Munhall et al., "Visual prosody and speech intelligibility", Psychological Science 2004). An accent is a vowel that is louder and
longer than those around it.
"""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE, Phone
from steps.animate.visemes import VOWELS

VOICE_BAND = (300.0, 3000.0)
"""Hz; the lower formants of vowels, without hum and hiss."""
MIN_LEVEL = -50.0
"""Level of silence, decibels relative to the loudest frame."""
FRAME_BLOCK = 300
OPENING_PER_DECIBEL = 0.04
"""A vowel opens this much further for each decibel above the scene's median vowel."""
OPENING_RANGE = (0.75, 1.25)
DURATION_WEIGHT = 6.0
"""Decibels that a doubled duration counts in the choice of accents."""
MIN_ACCENT_GAP = 0.8
"""Seconds; people nod at one of four or five syllables."""


@dataclass(frozen=True)
class Accent:
    """An accented syllable: time in seconds, strength from 0 to 1, and whether the brows rise with it."""

    time: float
    strength: float
    brows: bool


def read_sound(path: Path) -> tuple[NDArray[np.float64], int]:
    """Samples from -1 to 1 of a 16-bit mono WAV file, and its sample rate in Hz."""
    with wave.open(str(path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        return samples / 32768.0, sound.getframerate()


def loudness_of(samples: NDArray[np.float64], rate: int, frames: int) -> NDArray[np.float64]:
    """Level (frames,) of the voice band in decibels relative to the loudest frame, at least MIN_LEVEL; a window is two frames."""
    hop = rate / FRAME_RATE
    window = np.hanning(round(2 * hop))
    first = np.rint((np.arange(frames) + 0.5) * hop - len(window) / 2).astype(int) + len(window)
    padded = np.pad(samples, (len(window), 2 * len(window) + max(0, round(frames * hop) - len(samples))))
    frequency = np.fft.rfftfreq(len(window), 1 / rate)
    in_band = (frequency >= VOICE_BAND[0]) & (frequency <= VOICE_BAND[1])
    power = np.empty(frames)
    for part in np.array_split(np.arange(frames), max(1, frames // FRAME_BLOCK)):
        spectrum = np.fft.rfft(padded[first[part, None] + np.arange(len(window))] * window)
        power[part] = (np.abs(spectrum[:, in_band]) ** 2).sum(axis=1)
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, 1e-12) / max(power.max(), 1e-12)), MIN_LEVEL))


def level_at(phone: Phone, loudness: NDArray[np.float64]) -> float:
    """Level (decibels) of the loudest frame of a phone."""
    first, last = (int(np.clip(time * FRAME_RATE, 0, len(loudness) - 1)) for time in (phone.start, phone.end))
    return float(loudness[first : max(first, last) + 1].max())


def openings_of(phones: Sequence[Phone], loudness: NDArray[np.float64]) -> list[float]:
    """Factor of each phone's opening: above 1 for loud vowels, below 1 for quiet ones, 1 for consonants."""
    levels = {phone: level_at(phone, loudness) for phone in phones if phone.phone in VOWELS}
    usual = float(np.median(list(levels.values()))) if levels else 0.0
    return [
        float(np.clip(1 + OPENING_PER_DECIBEL * (levels[phone] - usual), *OPENING_RANGE)) if phone in levels else 1.0
        for phone in phones
    ]


def accents_of(phones: Sequence[Phone], loudness: NDArray[np.float64], random: np.random.Generator) -> list[Accent]:
    """Accented vowels in order of time, chosen strongest first, none within MIN_ACCENT_GAP of another."""
    vowels = [phone for phone in phones if phone.phone in VOWELS]
    if not vowels:
        return []
    length = np.log2([max(vowel.end - vowel.start, 0.03) for vowel in vowels])
    weight = np.array([level_at(vowel, loudness) for vowel in vowels]) + DURATION_WEIGHT * length
    strength = np.clip(0.5 + (weight - np.median(weight)) / 12, 0, 1)
    accents: list[int] = []
    for number in np.argsort(-weight, kind="stable"):
        if strength[number] >= 0.5 and all(abs(vowels[number].start - vowels[k].start) > MIN_ACCENT_GAP for k in accents):
            accents.append(int(number))
    return [
        Accent(vowels[number].start, float(strength[number] * random.uniform(0.6, 1.0)), bool(random.random() < 0.5))
        for number in sorted(accents)
    ]


def gesture_curve(
    accents: Sequence[Accent], times: NDArray[np.float64], *, rise: float, fall: float, late: float
) -> NDArray[np.float64]:
    """A raised cosine (times,) for each accent with its peak `late` seconds after it; where two overlap, the higher counts."""
    curve = np.zeros(len(times))
    for accent in accents:
        peak = accent.time + late
        near = slice(*np.searchsorted(times, [peak - rise, peak + fall]))
        since = times[near] - peak
        phase = np.where(since < 0, since / rise, since / fall)
        curve[near] = np.maximum(curve[near], accent.strength * (1 + np.cos(np.pi * phase)) / 2)
    return curve
