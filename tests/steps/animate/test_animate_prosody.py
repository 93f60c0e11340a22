"""Visual prosody: loudness, opening of vowels, accents."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.artifacts import FRAME_RATE, Phone
from steps.animate.coarticulation import frame_times
from steps.animate.prosody import MIN_ACCENT_GAP, MIN_LEVEL, Accent, accents_of, gesture_curve, loudness_of, openings_of

RATE = 24000


def tone(level: float, seconds: float, pitch: float = 800.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * pitch * np.arange(round(seconds * RATE)) / RATE)


def vowels(*starts: float, length: float = 0.1) -> list[Phone]:
    return [Phone(phone="AA", start=start, end=start + length) for start in starts]


def levels(frames: int, loud: dict[float, float]) -> np.ndarray:
    """A scene at -20 dB but for some moments (seconds to decibels) and the fifth of a second from there."""
    made = np.full(frames, -20.0)
    for time, level in loud.items():
        made[int(time * FRAME_RATE) : int((time + 0.2) * FRAME_RATE)] = level
    return made


def test_loudness_follows_the_sound_in_decibels():
    sound = np.concatenate([tone(0.0, 1), tone(0.8, 1), tone(0.08, 1), tone(0.8, 1, pitch=8000)])
    loudness = loudness_of(sound, RATE, 120)
    assert loudness[45] == pytest.approx(0, abs=0.5)
    assert loudness[75] == pytest.approx(-20, abs=0.5)
    assert loudness[15] == MIN_LEVEL
    assert loudness[105] < -40, "hiss is not voice"


@settings(max_examples=30)
@given(samples=st.integers(0, 9000), frames=st.integers(1, 40), rate=st.sampled_from([8000, 16000, 22050, 24000, 44100]))
def test_every_frame_of_any_sound_has_a_finite_level(samples, frames, rate):
    loudness = loudness_of(np.random.default_rng(samples).normal(0, 0.1, samples), rate, frames)
    assert loudness.shape == (frames,)
    assert ((loudness <= 0) & (loudness >= MIN_LEVEL)).all()


def test_opening_follows_loudness_of_vowels_only():
    phones = [*vowels(0.5, 1.0, 1.5), Phone(phone="S", start=2.0, end=2.1)]
    weak, usual, loud, consonant = openings_of(phones, levels(90, {0.5: -26, 1.5: -14, 2.0: -1}))
    assert weak < usual == 1.0 < loud
    assert consonant == 1.0


def test_loudest_syllables_are_accented():
    accents = accents_of(vowels(*np.arange(0.2, 4, 0.25)), levels(150, {0.95: -8, 2.95: -8}), np.random.default_rng(1))
    assert {0.95, 2.95} <= {round(accent.time, 2) for accent in accents}


@given(
    starts=st.lists(st.floats(0, 20), max_size=60, unique=True).map(sorted),
    seed=st.integers(0, 2**32),
)
def test_accents_keep_their_distance(starts, seed):
    random = np.random.default_rng(seed)
    accents = accents_of(vowels(*starts), random.uniform(MIN_LEVEL, 0, 620), random)
    times = [accent.time for accent in accents]
    assert times == sorted(times)
    assert all(later - earlier > MIN_ACCENT_GAP for earlier, later in pairwise(times))
    assert all(0 <= accent.strength <= 1 for accent in accents)


def test_gesture_rises_to_its_strength_and_ends():
    swell = gesture_curve([Accent(1.0, 0.8, True)], frame_times(90), rise=0.2, fall=0.4, late=0.05)
    assert swell.max() == pytest.approx(0.8, abs=0.02)
    assert abs(swell.argmax() - round(1.05 * FRAME_RATE)) <= 1
    assert not swell[: int(0.8 * FRAME_RATE)].any()
    assert not swell[int(1.5 * FRAME_RATE) :].any()
