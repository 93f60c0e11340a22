"""Phones to plausible mouth movement."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.artifacts import FRAME_RATE, Phone
from newsreel.errors import BadWeights
from steps.animate.coarticulation import LIP_LEAD, frame_times, mouth_movement, segments_of
from steps.animate.visemes import JAW, LIPS, VISEMES_OF_PHONE, Visemes, load_visemes

UPPER, LOWER = [61, 62, 63], [67, 66, 65]
FASTEST_LIPS = 0.25
"""Eye distances a frame: two thirds of a metre a second on a grown person's face."""


def spoken(*phones: tuple[str, float, float]) -> list[Phone]:
    """(phone, pause before it, length) to phones in time, from 0.3 s on."""
    made, now = [], 0.3
    for name, pause, length in phones:
        made.append(Phone(phone=name, start=now + pause, end=now + pause + length))
        now += pause + length
    return made


def in_a_row(names: str, length: float = 0.1) -> list[Phone]:
    return spoken(*((name, 0.0, length) for name in names.split()))


def moved(phones: list[Phone], visemes: Visemes, opening: float = 1.0) -> np.ndarray:
    duration = (phones[-1].end if phones else 0.3) + 0.6
    return mouth_movement(segments_of(phones, [opening] * len(phones), duration), visemes, round(duration * FRAME_RATE))


def gap(movement: np.ndarray, visemes: Visemes) -> np.ndarray:
    """Distance of the inner lips in every frame."""
    face = visemes.rest + movement
    return (face[:, LOWER, 1] - face[:, UPPER, 1]).mean(axis=1)


def width(movement: np.ndarray, visemes: Visemes) -> np.ndarray:
    face = visemes.rest + movement
    return face[:, 54, 0] - face[:, 48, 0]


def at(time: float) -> int:
    return int(time * FRAME_RATE)


speech = st.lists(
    st.tuples(st.sampled_from(sorted(VISEMES_OF_PHONE)), st.just(0.0) | st.floats(0.0, 0.6), st.floats(0.02, 0.4)),
    max_size=25,
).map(lambda phones: spoken(*phones))


@settings(max_examples=60)
@given(phones=speech, opening=st.floats(0.75, 1.25))
def test_speech_moves_only_lips_and_jaw_at_natural_speed(phones, opening, visemes):
    movement = moved(phones, visemes, opening)
    still = np.delete(movement, np.r_[JAW, LIPS], axis=1)
    assert np.isfinite(movement).all()
    assert not still.any()
    assert np.abs(np.diff(movement, axis=0)).max(initial=0) < FASTEST_LIPS


@settings(max_examples=60)
@given(phones=speech)
def test_lips_close_at_every_m_b_p_however_short(phones, visemes):
    apart = np.abs(moved(phones, visemes)[:, LIPS, 1] - visemes.of("MBP")[LIPS, 1]).max(axis=1)
    times = frame_times(len(apart))
    for phone in phones:
        if phone.phone in ("M", "B", "P"):
            near = (times > phone.start - LIP_LEAD - 1 / FRAME_RATE) & (times < phone.end - LIP_LEAD + 1 / FRAME_RATE)
            assert apart[near].min() < 1e-9


@settings(max_examples=60)
@given(phones=speech, extra=st.sampled_from(sorted(VISEMES_OF_PHONE)))
def test_movement_is_bounded_by_the_strongest_viseme(phones, extra, visemes):
    """The movement is a mean of targets, so it lies within them."""
    phones = [*phones, *(phone.model_copy(update={"phone": extra}) for phone in spoken((extra, 9.0, 0.1)))]
    movement = moved(phones, visemes)
    targets = visemes.offsets
    assert (movement <= targets.max(axis=0) + 1e-9).all()
    assert (movement >= targets.min(axis=0) - 1e-9).all()


@pytest.mark.parametrize("phone", ["F", "V"])
def test_lower_lip_reaches_the_teeth_in_fast_speech(phone, visemes):
    phones = in_a_row(f"AA {phone} AA", 0.05)
    apart = np.abs(moved(phones, visemes)[:, LIPS, 1] - visemes.of("FV")[LIPS, 1]).max(axis=1)
    assert apart[at(0.3) : at(0.5)].min() < 1e-9


def test_mouth_rests_before_between_and_after_speech(visemes):
    phones = spoken(("AA", 0.5, 0.2), ("AA", 1.0, 0.2))
    openness = gap(moved(phones, visemes), visemes)
    resting = [openness[0], openness[at(0.5)], openness[at(1.5)], openness[-1]]
    speaking = [openness[at(0.87)], openness[at(2.07)]]
    assert max(resting) < 0.1 * min(speaking)


def test_lips_lead_the_sound(visemes):
    phones = in_a_row("M AA M", 0.2)
    openness = gap(moved(phones, visemes), visemes)
    middle_of_opening = (openness * frame_times(len(openness))).sum() / openness.sum()
    assert 0.02 < phones[1].start + 0.1 - middle_of_opening < 0.05


@pytest.mark.parametrize(("phone", "opens"), [("AW", False), ("AY", False), ("EY", False), ("OW", False), ("OY", False)])
def test_diphthong_moves_from_open_to_narrow(phone, opens, visemes):
    phones = in_a_row(f"HH {phone} HH", 0.24)
    openness = gap(moved(phones, visemes), visemes)
    first, last = at(phones[1].start + 0.03), at(phones[1].end - 0.05)
    assert openness[last] < 0.75 * openness[first]


def test_ay_spreads_and_aw_rounds(visemes):
    end = at(0.3 + 0.4 - 0.06)
    assert (
        width(moved(in_a_row("HH AY", 0.2), visemes), visemes)[end]
        > 1.1 * width(moved(in_a_row("HH AW", 0.2), visemes), visemes)[end]
    )


def test_consonant_is_rounded_by_the_following_vowel(visemes):
    middle_of_t = at(0.3 + 0.15 - LIP_LEAD)
    rounded = width(moved(in_a_row("AH T UW"), visemes), visemes)[middle_of_t]
    spread = width(moved(in_a_row("AH T IY"), visemes), visemes)[middle_of_t]
    assert rounded < 0.9 * spread


def test_fast_speech_undershoots(visemes):
    slow, fast = (gap(moved(in_a_row("T AA T AA T", length), visemes), visemes).max() for length in (0.2, 0.05))
    assert 0.4 * slow < fast < 0.9 * slow


def test_loud_vowel_opens_further(visemes):
    weak, loud = (gap(moved(in_a_row("HH AA HH", 0.2), visemes, opening), visemes).max() for opening in (0.8, 1.2))
    assert loud > 1.2 * weak


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda parts: parts.pop("rest"), "not a file of mouth shapes"),
        (lambda parts: parts.update(rest=parts["rest"][:5]), r"not \(68, 2\)"),
        (lambda parts: parts.update(offsets=parts["offsets"] * np.nan), "not finite"),
        (lambda parts: parts.update(names=np.char.replace(parts["names"], "MBP", "XXX")), "lacks the mouth shapes MBP"),
    ],
)
def test_damaged_viseme_file_is_refused(damage, message, visemes, tmp_path):
    parts = {"names": np.array(visemes.names), "rest": visemes.rest, "offsets": visemes.offsets}
    damage(parts)
    np.savez(tmp_path / "visemes.npz", **parts)
    with pytest.raises(BadWeights, match=message):
        load_visemes(tmp_path / "visemes.npz")


def test_viseme_file_that_is_no_archive_is_refused(tmp_path: Path):
    (tmp_path / "visemes.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(BadWeights, match="not a file of mouth shapes"):
        load_visemes(tmp_path / "visemes.npz")
