"""Visemes of the reference presenter scaled to other faces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsreel.errors import BadInput
from steps.animate.retarget import rest_of, retarget_visemes
from steps.animate.visemes import JAW, LIPS, VISEMES_OF_PHONE, load_visemes, save_visemes

SPEAKING = np.r_[JAW, LIPS]
UPPER, LOWER = [61, 62, 63], [67, 66, 65]


def gap(face):
    return (face[..., LOWER, 1] - face[..., UPPER, 1]).mean(axis=-1)


@pytest.fixture
def drawn(bundle):
    return bundle / "visemes.npz"


def filmed(face, size=140.0, turn=0.1, x=300.0, y=200.0):
    """A face (..., 68, 2) in the head's coordinates as a camera sees it, in pixels."""
    seen = (face @ [1, 1j]) * size * np.exp(1j * turn) + x + 1j * y
    return np.stack([seen.real, seen.imag], axis=-1)


def test_reference_presenter_gets_her_own_visemes(visemes, drawn):
    made = retarget_visemes(visemes.rest, drawn)
    assert made.names == visemes.names
    assert np.abs(made.offsets - visemes.offsets)[:, SPEAKING].max() < 1e-6


@settings(max_examples=25)
@given(size=st.floats(5, 900), turn=st.floats(-0.5, 0.5), x=st.floats(-500, 2000), y=st.floats(-500, 2000))
def test_position_and_size_of_the_face_do_not_matter(size, turn, x, y, visemes, bundle):
    made = retarget_visemes(filmed(visemes.rest, size, turn, x, y), bundle / "visemes.npz")
    assert np.abs(made.rest - visemes.rest).max() < 1e-6
    assert np.abs(made.offsets - visemes.offsets)[:, SPEAKING].max() < 1e-6


def test_mouth_twice_as_wide_spreads_twice_as_far(visemes, drawn):
    wide = visemes.rest.copy()
    wide[LIPS, 0] *= 2
    made = retarget_visemes(wide, drawn)
    assert np.allclose(made.of("IY")[LIPS, 0], 2 * visemes.of("IY")[LIPS, 0])
    assert np.allclose(made.of("IY")[SPEAKING, 1], visemes.of("IY")[SPEAKING, 1])


def test_thicker_lips_press_further_and_open_no_further(visemes, drawn):
    full = visemes.rest.copy()
    seam = full[62, 1]
    full[49:60, 1] = seam + 1.5 * (full[49:60, 1] - seam)
    made = retarget_visemes(full, drawn)
    thickness = (visemes.rest + visemes.of("MBP"))[66, 1] - (visemes.rest + visemes.of("MBP"))[57, 1]
    pressed = (made.rest + made.of("MBP"))[66, 1] - (made.rest + made.of("MBP"))[57, 1]
    assert pressed == pytest.approx(1.5 * thickness, rel=0.1)
    assert gap(made.rest + made.of("AA")) == pytest.approx(gap(visemes.rest + visemes.of("AA")))


@settings(max_examples=40)
@given(
    open_by=st.floats(0, 0.15),
    wide=st.floats(0.6, 1.6),
    long=st.floats(0.7, 1.4),
    thick=st.floats(0.4, 2.0),
    uneven=st.integers(0, 2**32 - 1),
)
def test_any_face_closes_at_m_and_opens_in_order(open_by, wide, long, thick, uneven, visemes, bundle):
    face = visemes.rest + np.random.default_rng(uneven).normal(0, 0.004, (68, 2))
    face[LIPS, 0] *= wide
    seam = face[62, 1]
    face[48:60, 1] = seam + thick * (face[48:60, 1] - seam)
    face[[*range(55, 60), *LOWER], 1] += open_by
    nose = face[33, 1]
    face[JAW, 1] = np.where(face[JAW, 1] > nose, nose + long * (face[JAW, 1] - nose), face[JAW, 1])
    made = retarget_visemes(filmed(face), bundle / "visemes.npz")
    opens = {name: float(gap(made.rest + made.of(name))) for name in made.names}
    assert np.isfinite(made.offsets).all()
    assert opens["MBP"] < 0.012, "a pixel at most"
    assert opens["W"] < opens["IH"] < opens["EH"] < opens["AO"] < opens["AA"]
    assert not made.of("rest").any()
    assert not np.delete(made.offsets, SPEAKING, axis=1).any()


def test_rest_is_found_in_a_clip_with_speech(visemes):
    shapes = [visemes.rest + visemes.of(name) for name in ("AA", "AE", "EH", "rest", "IY", "rest", "AH", "OW")]
    clip = filmed(np.stack(shapes * 6) + np.random.default_rng(1).normal(0, 0.003, (48, 68, 2)))
    assert np.abs(rest_of(clip) - visemes.rest).max() < 0.01


@pytest.mark.parametrize(
    "landmarks",
    [np.zeros((68, 2)), np.full((68, 2), np.nan), np.zeros((5, 2)), np.arange(136.0).reshape(68, 2)],
    ids=["one point", "nan", "five points", "a line"],
)
def test_landmarks_of_no_face_are_refused(landmarks, drawn):
    with pytest.raises(BadInput, match="face"):
        retarget_visemes(landmarks, drawn)
    with pytest.raises(BadInput, match="face"):
        rest_of(landmarks[None])


def test_visemes_are_read_as_they_were_written(visemes, drawn, tmp_path):
    made = retarget_visemes(filmed(visemes.rest), drawn)
    save_visemes(made, tmp_path / "visemes.npz")
    read = load_visemes(tmp_path / "visemes.npz")
    assert read.names == made.names and {"rest"}.union(*VISEMES_OF_PHONE.values()) <= set(read.names)
    assert np.allclose(read.offsets, made.offsets, atol=1e-6) and np.allclose(read.rest, made.rest, atol=1e-6)
