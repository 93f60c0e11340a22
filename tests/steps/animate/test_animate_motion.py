"""Properties of a scene's landmarks for any speech and any presenter."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.artifacts import FRAME_RATE, Phone, Speech, SpokenWord
from newsreel.errors import BadInput
from steps.animate.coarticulation import LIP_LEAD, frame_times, mouth_movement, movement_at, segments_of
from steps.animate.head import close_mouth, complex_points, head_loop, lip_opening, real_points
from steps.animate.motion import animate_scene, read_speech
from steps.animate.retarget import retarget_visemes
from steps.animate.visemes import VISEMES_OF_PHONE

SIZE = 320
EYES = 75
"""Pixels between the eyes in the footage of these tests."""
FASTEST = 0.3
"""Eye distances a frame, of any landmark: lips at their fastest, and the head beneath them."""
FARTHEST = 0.75
"""Eye distances from where the footage has a landmark: a dropped jaw and a nod."""


def speech_of(phones: list[Phone], duration: float) -> Speech:
    end = max((phone.end for phone in phones), default=0.0)
    return Speech(duration=duration, words=(SpokenWord(shown="Word", start=0.0, end=end, sentence=0, phones=tuple(phones)),))


def frames_of(speech: Speech) -> int:
    return max(1, round(speech.duration * FRAME_RATE))


phones_anywhere = st.builds(
    lambda name, start, length: Phone(phone=name, start=start, end=start + length),
    st.sampled_from(sorted(VISEMES_OF_PHONE)),
    st.floats(0, 6),
    st.just(0.0) | st.floats(0, 1.5),
)
"""Overlapping, of no length, all at once, in no order, past the end: which no aligner should write."""
any_speech = st.builds(speech_of, st.lists(phones_anywhere, max_size=40), st.floats(0.05, 6))


@pytest.fixture(scope="module")
def head(swaying, visemes):
    return close_mouth(head_loop(complex_points(swaying.faces(300, 0.5)), complex_points(visemes.rest)), visemes)


@settings(max_examples=60)
@given(speech=any_speech, seed=st.integers(0, 2**32 - 1))
def test_any_speech_gives_a_valid_face(speech, seed, head, visemes):
    frames = frames_of(speech)
    loudness = np.random.default_rng(seed).uniform(-50, 0, frames)
    face = animate_scene(speech, loudness, head, visemes, SIZE)
    still = animate_scene(Speech(duration=speech.duration, words=()), loudness, head, visemes, SIZE)
    assert face.shape == (frames, 68, 2) and face.dtype == np.float32
    assert np.isfinite(face).all()
    assert np.linalg.norm(np.diff(face, axis=0), axis=2).max(initial=0) < FASTEST * EYES
    assert np.linalg.norm(face - still, axis=2).max() < FARTHEST * EYES
    assert (animate_scene(speech, loudness, head, visemes, SIZE) == face).all(), "the same speech moves the same"


@settings(max_examples=30)
@given(
    spoken=st.lists(st.tuples(st.sampled_from(["AA", "M", "B", "P", "IY", "S"]), st.floats(0.0, 0.3)), min_size=1, max_size=20),
    opened=st.floats(0, 0.12),
    seed=st.integers(0, 1000),
)
def test_lips_close_at_m_b_p_whatever_the_footage(spoken, opened, seed, swaying, visemes):
    """The presenter of the footage breathes through the mouth, more and less."""
    faces = complex_points(swaying.faces(240))
    head = head_loop(faces, complex_points(visemes.rest))
    breathing = opened * (1 + np.sin(np.arange(head.frames) / 9)) / 2 / float(lip_opening(complex_points(visemes.of("AA"))))
    talking = head.shape + breathing[:, None] * complex_points(visemes.of("AA"))
    usual = np.median(talking.real, axis=0) + 1j * np.median(talking.imag, axis=0)
    head = close_mouth(type(head)(head.scale, head.shift, talking, (*head.home[:2], usual)), visemes)

    starts = 0.3 + np.cumsum([0.0, *(length for _, length in spoken)])
    phones = [Phone(phone=name, start=a, end=b) for (name, _), (a, b) in zip(spoken, pairwise(starts.tolist()), strict=True)]
    speech = speech_of(phones, float(starts[-1]) + 0.5)
    face = animate_scene(speech, np.random.default_rng(seed).uniform(-30, 0, frames_of(speech)), head, visemes, SIZE)
    pixels = (face[:, [67, 66, 65]] - face[:, [61, 62, 63]]).mean(axis=1)
    times = frame_times(len(face))
    for phone in phones:
        if phone.phone in ("M", "B", "P"):
            near = np.abs(times - (phone.start + phone.end) / 2 + LIP_LEAD) < (phone.end - phone.start) / 2 + 1 / FRAME_RATE
            assert np.linalg.norm(pixels[near], axis=1).min() < 1.0


def test_mouth_at_rest_in_the_footage_is_unchanged(swaying, visemes):
    head = head_loop(complex_points(swaying.faces(240)), complex_points(visemes.rest))
    assert np.abs(close_mouth(head, visemes).shape - head.shape).max() < 1e-9


def test_ten_minutes_move_like_a_part_of_them(visemes):
    """Frames are computed in blocks, whose borders do not show."""
    names = sorted(VISEMES_OF_PHONE)
    phones = [Phone(phone=names[k % 39], start=0.1 * k, end=0.1 * k + 0.09) for k in range(6000)]
    whole = mouth_movement(segments_of(phones, [1.0] * 6000, 600.0), visemes, 600 * FRAME_RATE)
    assert np.isfinite(whole).all() and len(whole) == 18000
    some = segments_of(phones[:300], [1.0] * 300, 30.0)
    part = movement_at(frame_times(20 * FRAME_RATE), some, visemes)
    assert np.abs(whole[: len(part)] - part).max() < 1e-9
    assert np.linalg.norm(np.diff(whole, axis=0), axis=2).max() < FASTEST


def test_mouth_rests_after_the_last_phone(visemes):
    movement = mouth_movement(segments_of([Phone(phone="AA", start=0, end=0.2)], [1.0], 0.3), visemes, 20 * FRAME_RATE)
    assert np.abs(movement[-300:]).max() < 1e-6


@settings(max_examples=15)
@given(size=st.floats(40, 160), turn=st.floats(-0.2, 0.2), wide=st.floats(0.7, 1.4), uneven=st.integers(0, 2**32 - 1))
def test_face_of_any_shape_and_distance_can_speak(size, turn, wide, uneven, swaying, visemes):
    """Another face, nearer or further, tilted, uneven: movement scales with the face."""
    face = visemes.rest + np.random.default_rng(uneven).normal(0, 0.004, (68, 2))
    face[:, 0] *= wide
    rest = complex_points(face)
    seen = real_points((rest * size * np.exp(1j * turn))[None] + 160 + 110j).repeat(90, axis=0)
    own = retarget_visemes(seen[0])
    eyes = float(np.linalg.norm(seen[0, 45] - seen[0, 36]))
    head = close_mouth(head_loop(complex_points(seen), complex_points(own.rest)), own)
    speech = speech_of(
        [Phone(phone=name, start=0.5 + k * 0.15, end=0.65 + k * 0.15) for k, name in enumerate(["M", "AA", "M"])], 1.5
    )
    moved = animate_scene(speech, np.zeros(45), head, own, 1000)
    opening = np.linalg.norm((moved[:, [67, 66, 65]] - moved[:, [61, 62, 63]]).mean(axis=1), axis=1) / eyes
    assert 0.1 / wide < opening.max() < 0.4 / wide
    assert opening[: int(0.62 * FRAME_RATE)].min() < 0.03, "what is uneven in the face itself"


@pytest.mark.parametrize(("start", "end"), [(0.5, 0.4), (float("nan"), 1.0), (0.0, float("inf")), (float("-inf"), 0.0)])
def test_invalid_times_are_refused(start, end, tmp_path):
    phone = Phone.model_construct(phone="AA", start=start, end=end)
    (tmp_path / "00.json").write_text(json.dumps(speech_of([phone], 1.0).model_dump(warnings=False)))
    with pytest.raises(BadInput, match=r"00\.json: "):
        read_speech(tmp_path / "00.json")
