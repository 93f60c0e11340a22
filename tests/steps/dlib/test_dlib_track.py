"""Tracking the presenter: alone, with others, missing for a while, across cuts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsreel.errors import BadWeights
from steps.dlib.footage import decode_presenter_footage
from steps.dlib.predictor import Box, eye_distance
from steps.dlib.track import Span, Track, find_cuts, interpolate_gaps, require_loopable, smooth_landmarks, track_presenter
from tools.presenter.drawing import draw
from tools.presenter.drawing.palette import BACKGROUND
from tools.presenter.footage import idle_poses

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shots():
    return [draw(pose) for pose in idle_poses(77, 2)]


@pytest.fixture(scope="module")
def small():
    """The same presenter half as large, (160, 160, 3), as another person further away."""
    return [draw(pose, 160)[0] for pose in idle_poses(78, 2)]


@pytest.fixture
def empty():
    return np.full((320, 320, 3), BACKGROUND, np.uint8)


def found(presenter, finder):
    return track_presenter(decode_presenter_footage(presenter), finder)


def off(track, truth):
    """Mean distance from the drawn landmarks in eye distances, for each frame (T,)."""
    return np.linalg.norm(track.landmarks - truth, axis=2).mean(1) / eye_distance(truth)


def test_frames_without_a_face_are_interpolated_and_reported(filmed, finder, shots, empty):
    frames = [frame for frame, _ in shots]
    frames[23:28] = [empty] * 5
    frames[40:42] = [empty] * 2
    track = found(filmed(frames), finder)
    truth = np.stack([landmarks for _, landmarks in shots])
    assert track.gaps == (Span(23, 27), Span(40, 41)), "seen where there is nothing, or not where she is"
    assert [str(gap) for gap in track.gaps] == ["0.8-0.9 s", "1.3-1.4 s"]
    assert track.missing == 7 and track.cuts == ()
    assert off(track, truth).mean() < 0.007
    assert off(track, truth).max() < 0.03


def test_face_that_appears_late_is_found(filmed, finder, shots, empty):
    track = found(filmed([empty] * 7 + [frame for frame, _ in shots[:20]]), finder)
    assert track.gaps == (Span(0, 6),) and len(track.landmarks) == 27


def test_footage_without_a_face_is_refused(filmed, finder, empty):
    with pytest.raises(BadWeights, match="no face in any frame"):
        found(filmed([empty] * 5), finder)


def test_long_gap_without_a_face_is_refused_with_its_time(filmed, finder, shots, empty):
    frames = [shots[0][0]] * 15 + [empty] * 40 + [shots[1][0]] * 5
    with pytest.raises(BadWeights, match=r"no face at 0\.5-1\.8 s; cut that out"):
        found(filmed(frames), finder)


def test_two_presenters_side_by_side_are_refused(filmed, finder, shots):
    frames = [frame[:, 40:280] for frame, _ in shots[:20]]
    pair = np.full((20, 480, 480, 3), 90, np.uint8)
    pair[:, :320] = [np.hstack([one, other]) for one, other in zip(frames, frames[::-1], strict=True)]
    with pytest.raises(BadWeights, match=r"2 faces of nearly the same size, together at 0\.0-0\.7 s; crop it to the presenter"):
        found(filmed(pair).model_copy(update={"size": 480}), finder)


def test_bystander_is_reported_and_the_presenter_tracked(filmed, finder, shots, small):
    """Below her, another person half as large enters and leaves the picture."""
    room = np.full((60, 480, 480, 3), BACKGROUND, np.uint8)
    room[:, :320, :320] = [frame for frame, _ in shots]
    path = np.concatenate([np.linspace(470, 310, 20), np.linspace(310, 470, 20)]).astype(int)
    for number, left in enumerate(path, 15):
        room[number, 320:, left : left + 160] = small[number][:, : 480 - left]
    track = found(filmed(room).model_copy(update={"size": 480}), finder)
    assert off(track, np.stack([landmarks for _, landmarks in shots])).max() < 0.02
    (passing,) = track.bystanders
    assert 20 <= passing.first <= 34 and 34 <= passing.last <= 50
    assert track.gaps == () and track.cuts == ()


def test_cut_is_found_to_the_frame_and_not_smoothed_across(filmed, finder, shots):
    """A jump cut: she only moves left by a third of the eye distance."""
    truth = np.stack([landmarks for _, landmarks in shots])
    frames = [frame for frame, _ in shots]
    frames[33:] = [np.roll(frame, -24, axis=1) for frame in frames[33:]]
    truth[33:, :, 0] -= 24
    track = found(filmed(frames), finder)
    assert track.cuts == (33,)
    assert track.takes == [Span(0, 32), Span(33, 59)]
    assert off(track, truth)[30:36].max() < 0.02
    with pytest.raises(BadWeights, match=r"a cut at 1\.1 s; footage must be one take: keep 0\.0-1\.1 s"):
        require_loopable(track)


def test_cut_that_changes_only_the_background_is_found(filmed, finder, shots):
    frames = [frame.copy() for frame, _ in shots[:40]]
    for frame in frames[25:]:
        frame[:, :60] = [230, 220, 210]
        frame[:80, 230:] = [10, 10, 10]
    assert found(filmed(frames), finder).cuts == (25,)


def test_flickering_light_is_no_cut(filmed, finder, shots):
    lit = [np.clip(frame * (1 + 0.12 * (number % 7 == 3)), 0, 255).astype(np.uint8) for number, (frame, _) in enumerate(shots)]
    track = found(filmed(lit), finder)
    assert track.cuts == () and track.gaps == ()
    require_loopable(track)


def test_panning_camera_is_no_cut():
    generator = np.random.default_rng(3)
    places = np.cumsum(generator.normal(0, 30, (60, 20, 20)), axis=0).astype(np.float32)
    face = generator.normal(0, 50, (68, 2))
    walking = face + np.arange(60)[:, None, None] * [30.0, 0.0]
    assert find_cuts(range(60), walking, places) == []


@pytest.mark.parametrize("frames", [1, 59])
def test_clip_too_short_to_loop_is_refused(frames):
    with pytest.raises(BadWeights, match=r"2 s at least"):
        require_loopable(Track(np.zeros((frames, 68, 2), np.float32)))


@given(st.lists(st.booleans(), min_size=2, max_size=60).filter(any))
def test_interpolation_is_linear_and_changes_nothing_else(seen):
    truth = np.linspace(0, 1, len(seen))[:, None, None] * np.ones((1, 68, 2)) * 100
    bridged = interpolate_gaps(np.where(np.array(seen)[:, None, None], truth, np.nan))
    first, last = seen.index(True), len(seen) - 1 - seen[::-1].index(True)
    assert np.allclose(bridged[first : last + 1], truth[first : last + 1])
    assert (bridged[:first] == truth[first]).all() and (bridged[last:] == truth[last]).all()


def test_smoothing_removes_jitter_without_delay():
    time = np.arange(90)[:, None, None]
    path = 100 + 10 * np.sin(time / 9) * np.ones((1, 68, 2))
    trembling = np.random.default_rng(1).normal(0, 0.5, path.shape)
    calmed = smooth_landmarks(path + trembling)
    assert np.abs(smooth_landmarks(path) - path).max() < 0.05
    assert np.abs(calmed - path).mean() < 0.75 * np.abs(trembling).mean()
    assert smooth_landmarks(path[:3]) is not None and (smooth_landmarks(path[:3]) == path[:3]).all()


def test_box_follows_its_landmarks():
    before = np.random.default_rng(1).normal(160, 30, (68, 2))
    box = Box(100, 100, 120)
    moved = box.following(before, before + np.array([5, -3]))
    assert np.allclose(moved.centre, box.centre + np.array([5, -3])) and np.isclose(moved.side, 120)
    grown = box.following(before, before * 1.1)
    assert np.allclose(grown.centre, box.centre * 1.1) and np.isclose(grown.side, 132)


def test_box_overlap_is_intersection_over_union():
    box = Box(0, 0, 10)
    assert box.overlap(box) == pytest.approx(1)
    assert box.overlap(Box(5, 0, 10)) == pytest.approx(50 / 150)
    assert box.overlap(Box(10, 0, 10)) == box.overlap(Box(30, 30, 10)) == 0
