"""The measure of lip sync tells good from bad, early from late."""

import numpy as np
import pytest

from newsreel.artifacts import Phone
from tests.bench.lipsync import Scene, frame_times, measure, opening_asked

RATE = 16000


def syllables(count: int, seed: int = 0) -> tuple[Phone, ...]:
    """M AA M AA ... of uneven lengths with pauses, from 0.4 s on."""
    random = np.random.default_rng(seed)
    phones, now = [], 0.4
    for number in range(count):
        for name in ("M", "AA"):
            end = now + random.uniform(0.09, 0.25)
            phones.append(Phone(phone=name, start=now, end=end))
            now = end
        now += 0.3 if number % 4 == 3 else 0.0
    return tuple(phones)


def voiced(phones: tuple[Phone, ...], seconds: float) -> np.ndarray:
    """A loud tone in the vowels, a weak one in M, nothing else."""
    time = np.arange(round(seconds * RATE)) / RATE
    level = np.zeros(len(time))
    for phone in phones:
        level[(time >= phone.start) & (time < phone.end)] = 0.5 if phone.phone == "AA" else 0.03
    return level * np.sin(2 * np.pi * 700 * time)


def scene(late: float = 0.0, seed: int = 0, opening=None) -> Scene:
    """A scene whose lips follow by `late` seconds, or move as told."""
    phones = syllables(12, seed)
    frames = int((phones[-1].end + 0.5) * 30)
    if opening is None:
        opening = 0.2 * opening_asked(phones, frame_times(frames) - late) + 0.01
    return Scene("00", opening[:frames], phones, voiced(phones, frames / 30), RATE)


@pytest.mark.parametrize("late", [-0.1, -0.03, 0.0, 0.05, 0.12])
def test_lag_is_found_with_its_sign(late):
    verdict = measure("all", [scene(late, seed=1), scene(late, seed=2)])
    assert verdict.phones_lag == pytest.approx(1000 * late, abs=10)
    assert verdict.loudness_lag == pytest.approx(1000 * late, abs=20)
    assert verdict.phones_correlation > 0.97
    assert verdict.loudness_correlation > 0.7


def test_random_lips_are_distinguished_from_synced_ones():
    strangers = np.convolve(np.random.default_rng(5).uniform(0, 0.4, 400), np.ones(3) / 3, mode="same")
    verdict = measure("all", [scene(opening=strangers)])
    assert verdict.phones_correlation < 0.4
    assert verdict.closures_kept < verdict.closures


def test_speech_of_another_scene_does_not_match():
    right, wrong = scene(seed=3), scene(seed=4)
    frames = min(len(right.opening), len(wrong.opening))
    swapped = Scene("00", wrong.opening[:frames], right.phones, right.samples, RATE)
    assert measure("all", [swapped]).phones_correlation < 0.6


def test_static_face_has_no_sync():
    verdict = measure("all", [scene(opening=np.full(1000, 0.02))])
    assert (verdict.phones_correlation, verdict.loudness_correlation) == (0, 0)


def test_open_lips_at_m_are_counted():
    good = scene()
    opening = good.opening.copy()
    opening[int(good.phones[0].start * 30) - 3 : int(good.phones[1].start * 30) + 2] = 0.2
    verdict = measure("all", [Scene("00", opening, good.phones, good.samples, RATE)])
    assert (verdict.closures, verdict.closures_kept) == (12, 11)
    assert verdict.opening_at_m_b_p < 0.3 * verdict.opening_at_open_vowels
