"""What the voice asks of the face besides shapes: how far a vowel opens, where the head nods and the brows rise.

Heads and brows move with the accents of speech (Graf et al., "Visual prosody: facial movements accompanying speech", FG 2002;
Munhall et al., "Visual prosody and speech intelligibility", Psychological Science 2004). An accent is heard as a vowel that
is louder and longer than those around it; that much is found here from the sound and the phones.
"""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsreel.artifacts import FRAME_RATE, Phone
from steps.animate.visemes import VOWELS

__all__ = ["Accent", "accents_of", "bumps", "loudness_of", "openings_of", "read_sound"]

VOICE_BAND = (300.0, 3000.0)
"""Hz; the first formants of vowels, without hum and hiss."""
FLOOR = -50.0
"""Decibels under the loudest frame at which silence is taken to lie."""
FRAMES_AT_ONCE = 300
LOUDER_OPENS = 0.04
"""A vowel opens this much further for each decibel above the scene's usual vowel."""
OPENING_RANGE = (0.75, 1.25)
LONGER_STANDS_OUT = 6.0
"""Decibels that a doubled length is worth in the ear's choice of accents."""
BETWEEN_ACCENTS = 0.8
"""Seconds; people nod at a syllable in four or five."""


@dataclass(frozen=True)
class Accent:
    """A syllable that stands out: its moment in seconds, how much from 0 to 1, and whether the brows rise with it."""

    time: float
    strength: float
    brows: bool


def read_sound(path: Path) -> tuple[NDArray[np.float64], int]:
    """A 16-bit mono WAV file as samples from -1 to 1, and its rate in Hz."""
    with wave.open(str(path)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
        return samples / 32768.0, sound.getframerate()


def loudness_of(samples: NDArray[np.float64], rate: int, frames: int) -> NDArray[np.float64]:
    """Level (frames,) of the voice band in decibels under the loudest frame, not under FLOOR; a window spans two frames."""
    hop = rate / FRAME_RATE
    window = np.hanning(round(2 * hop))
    first = np.rint((np.arange(frames) + 0.5) * hop - len(window) / 2).astype(int) + len(window)
    padded = np.pad(samples, (len(window), 2 * len(window) + max(0, round(frames * hop) - len(samples))))
    frequency = np.fft.rfftfreq(len(window), 1 / rate)
    heard = (frequency >= VOICE_BAND[0]) & (frequency <= VOICE_BAND[1])
    power = np.empty(frames)
    for part in np.array_split(np.arange(frames), max(1, frames // FRAMES_AT_ONCE)):
        spectrum = np.fft.rfft(padded[first[part, None] + np.arange(len(window))] * window)
        power[part] = (np.abs(spectrum[:, heard]) ** 2).sum(axis=1)
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, 1e-12) / max(power.max(), 1e-12)), FLOOR))


def level_at(phone: Phone, loudness: NDArray[np.float64]) -> float:
    """The loudest frame (decibels) that a phone touches."""
    first, last = (int(np.clip(time * FRAME_RATE, 0, len(loudness) - 1)) for time in (phone.start, phone.end))
    return float(loudness[first : max(first, last) + 1].max())


def openings_of(phones: Sequence[Phone], loudness: NDArray[np.float64]) -> list[float]:
    """How far each phone's shape opens: vowels more when loud, less when weak; consonants as drawn."""
    levels = {phone: level_at(phone, loudness) for phone in phones if phone.phone in VOWELS}
    usual = float(np.median(list(levels.values()))) if levels else 0.0
    return [
        float(np.clip(1 + LOUDER_OPENS * (levels[phone] - usual), *OPENING_RANGE)) if phone in levels else 1.0 for phone in phones
    ]


def accents_of(phones: Sequence[Phone], loudness: NDArray[np.float64], random: np.random.Generator) -> list[Accent]:
    """The vowels that stand out, strongest first chosen, none within BETWEEN_ACCENTS of another; in order of time."""
    vowels = [phone for phone in phones if phone.phone in VOWELS]
    if not vowels:
        return []
    length = np.log2([max(vowel.end - vowel.start, 0.03) for vowel in vowels])
    weight = np.array([level_at(vowel, loudness) for vowel in vowels]) + LONGER_STANDS_OUT * length
    strength = np.clip(0.5 + (weight - np.median(weight)) / 12, 0, 1)
    chosen: list[int] = []
    for number in np.argsort(-weight, kind="stable"):
        if strength[number] >= 0.5 and all(abs(vowels[number].start - vowels[k].start) > BETWEEN_ACCENTS for k in chosen):
            chosen.append(int(number))
    return [
        Accent(vowels[number].start, float(strength[number] * random.uniform(0.6, 1.0)), bool(random.random() < 0.5))
        for number in sorted(chosen)
    ]


def bumps(accents: Sequence[Accent], times: NDArray[np.float64], *, rise: float, fall: float, late: float) -> NDArray[np.float64]:
    """A soft swell (times,) for each accent, highest `late` seconds after its moment; the higher counts where two meet."""
    swell = np.zeros(len(times))
    for accent in accents:
        apex = accent.time + late
        near = slice(*np.searchsorted(times, [apex - rise, apex + fall]))
        since = times[near] - apex
        phase = np.where(since < 0, since / rise, since / fall)
        swell[near] = np.maximum(swell[near], accent.strength * (1 + np.cos(np.pi * phase)) / 2)
    return swell
