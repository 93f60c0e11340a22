"""Footage of a presenter at rest is looped to head movement of any length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.artifacts import FRAME_RATE
from newsreel.errors import BadWeights
from steps.animate.head import complex_points, fit_pose, head_loop, load_footage, play_loop

LIDS = np.array([[37, 41], [38, 40], [43, 47], [44, 46]])


def eyes_open(shape: np.ndarray) -> np.ndarray:
    return np.abs(shape[..., LIDS[:, 0]] - shape[..., LIDS[:, 1]]).mean(axis=-1)


@pytest.fixture(scope="module")
def rest(visemes):
    return complex_points(visemes.rest)


@pytest.fixture(scope="module")
def head(swaying, rest):
    return head_loop(complex_points(swaying.faces(315, trembling=0.5)), rest)


@given(size=st.floats(20, 200), turn=st.floats(-0.6, 0.6), x=st.floats(-500, 500), y=st.floats(-500, 500), mouth=st.floats(-1, 1))
def test_pose_is_found_whatever_the_mouth_does(size, turn, x, y, mouth, rest):
    face = rest.copy()
    face[48:] += 1j * mouth
    scale, shift = fit_pose(rest, (face * size * np.exp(1j * turn) + x + 1j * y)[None])
    assert scale[0] == pytest.approx(size * np.exp(1j * turn))
    assert shift[0] == pytest.approx(x + 1j * y, abs=1e-6)


def test_loop_is_seamless(swaying, rest):
    """Footage that does not loop by itself: its last frame is half a sway away from its first."""
    head = head_loop(complex_points(swaying.faces(225)), rest)
    step = np.abs(np.diff(np.append(head.shift, head.shift[0])))
    assert step[-1] <= 1.5 * step[:-1].max()


def test_jitter_is_smoothed_and_blinks_preserved(swaying, rest):
    true = head_loop(complex_points(swaying.faces(300)), rest)
    found = head_loop(complex_points(swaying.faces(300, trembling=0.7)), rest)
    pixels = np.abs(np.diff(found.shift - true.shift))
    assert pixels.max() < 0.2
    assert eyes_open(found.shape).min() < 0.35 * np.median(eyes_open(found.shape))


@given(frames=st.integers(1, 1500), seed=st.integers(0, 2**64 - 1))
def test_every_scene_starts_and_ends_in_the_home_pose(frames, seed, head):
    played = play_loop(head, frames, np.random.default_rng(seed))
    scale, shift, shape = head.home
    assert played.shape.shape == (frames, 68)
    for end in (0, -1):
        assert played.scale[end] == scale
        assert played.shift[end] == shift
        assert (played.shape[end] == shape).all()
    assert np.abs(np.diff(played.shift)).max(initial=0) < 2.0


def test_eyes_are_open_at_the_ends_of_a_scene(head):
    for seed in range(20):
        opening = eyes_open(play_loop(head, 7 * FRAME_RATE, np.random.default_rng(seed)).shape)
        assert np.r_[opening[:12], opening[-12:]].min() > 0.75 * np.median(opening)


def test_scenes_differ_and_are_reproducible(head):
    first, again, other = (play_loop(head, 200, np.random.default_rng(seed)).shift for seed in (1, 1, 2))
    assert (first == again).all()
    assert np.abs(first - other).max() > 0.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"landmarks": np.zeros((100, 5, 2))}, "68 finite points"),
        ({"landmarks": np.full((100, 68, 2), np.nan)}, "68 finite points"),
        ({"landmarks": np.zeros((20, 68, 2))}, "2 s at least"),
        ({"frame_rate": 25}, "25 frames a second"),
        ({"size": "wide"}, "not the landmarks"),
    ],
)
def test_footage_that_cannot_be_looped_is_refused(changes, message, tmp_path):
    parts = {"landmarks": np.zeros((100, 68, 2)), "size": 320, "frame_rate": FRAME_RATE} | changes
    np.savez(tmp_path / "landmarks.npz", **parts)
    with pytest.raises(BadWeights, match=message):
        load_footage(tmp_path / "landmarks.npz")
