import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steps.dlib.footage import decoded, frame_count
from steps.dlib.predictor import Box, FaceFinder
from steps.dlib.track import LONGEST_GAP, bridge, follow, smooth
from steps.errors import BadWeights
from steps.presenters import HOME, read_sheet
from steps.presenters.drawing import draw
from steps.presenters.drawing.palette import BACKGROUND
from steps.presenters.footage import idle


@pytest.fixture(scope="module")
def finder():
    return FaceFinder(read_sheet(HOME / "maya").landmarks)


@pytest.fixture(scope="module")
def shots():
    return [draw(pose) for pose in idle(77, 2)]


@pytest.fixture
def empty():
    return np.full((320, 320, 3), BACKGROUND, np.uint8)


def found(presenter, finder):
    return follow(decoded(presenter), finder, lambda _: None)


def test_frames_without_a_face_are_bridged_and_counted(filmed, finder, shots, empty):
    frames = [frame for frame, _ in shots]
    frames[23:28] = [empty] * 5
    frames[40:42] = [empty] * 2
    track = found(filmed(frames), finder)
    truth = np.stack([landmarks for _, landmarks in shots])
    assert track.bridged == 7, "seen where there is nothing, or not where she is"
    assert np.linalg.norm(track.landmarks - truth, axis=2).mean() < 0.5, "pixels"
    assert np.linalg.norm(track.landmarks - truth, axis=2).mean(1).max() < 2


def test_a_face_that_comes_late_is_found(filmed, finder, shots, empty):
    track = found(filmed([empty] * 7 + [frame for frame, _ in shots[:20]]), finder)
    assert track.bridged == 7 and len(track.landmarks) == 27


def test_footage_without_a_face_is_refused(filmed, finder, empty):
    with pytest.raises(BadWeights, match="no face in any frame"):
        found(filmed([empty] * 5), finder)


def test_a_face_that_stays_away_is_refused_with_its_time(filmed, finder, shots, empty):
    frames = [shots[0][0]] * 15 + [empty] * (LONGEST_GAP + 12) + [shots[1][0]] * 5
    with pytest.raises(BadWeights, match=r"no face for 1\.\d s from 0\.\d s on"):
        found(filmed(frames), finder)


def test_two_faces_are_refused(filmed, finder, shots):
    pair = np.hstack([shots[0][0][:, 40:280]] * 2)
    framed = np.zeros((480, 480, 3), np.uint8)
    framed[:320] = pair
    presenter = filmed([framed] * 3).model_copy(update={"size": 480})
    with pytest.raises(BadWeights, match=r"2 faces at 0\.0 s"):
        found(presenter, finder)


@pytest.mark.parametrize(("change", "told"), [({"size": 352}, "320x320.*352x352"), ({"frame_rate": 25}, "30 frames a second")])
def test_footage_that_is_not_what_the_sheet_says_is_refused(filmed, finder, empty, change, told):
    with pytest.raises(BadWeights, match=told):
        found(filmed([empty] * 2).model_copy(update=change), finder)


@pytest.mark.parametrize("damage", [b"", b"not a video at all", "half"])
def test_damaged_footage_is_refused(filmed, finder, shots, damage):
    presenter = filmed([frame for frame, _ in shots[:8]])
    content = presenter.footage.read_bytes()
    presenter.footage.write_bytes(content[: len(content) // 2] if damage == "half" else damage)
    with pytest.raises(BadWeights, match=r"footage\.mp4: "):
        found(presenter, finder)
    with pytest.raises(BadWeights, match=r"footage\.mp4: "):
        frame_count(presenter.footage)


@pytest.mark.parametrize("damage", ["empty", "text", "half"])
def test_a_damaged_predictor_is_refused(tmp_path, damage):
    whole = read_sheet(HOME / "maya").landmarks.read_bytes()
    weights = tmp_path / "landmarks.dat"
    weights.write_bytes({"empty": b"", "text": b"no trees here", "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(BadWeights, match=r"landmarks\.dat: not a dlib shape predictor"):
        FaceFinder(weights)


@given(st.lists(st.booleans(), min_size=2, max_size=60).filter(any))
def test_bridging_draws_straight_lines_and_touches_nothing_else(seen):
    truth = np.linspace(0, 1, len(seen))[:, None, None] * np.ones((1, 68, 2)) * 100
    holed = np.where(np.array(seen)[:, None, None], truth, np.nan)
    gaps = "".join("." if here else "x" for here in seen)
    if "x" * (LONGEST_GAP + 1) in gaps:
        with pytest.raises(BadWeights):
            bridge(holed)
        return
    bridged = bridge(holed)
    first, last = gaps.index("."), gaps.rindex(".")
    assert np.allclose(bridged[first : last + 1], truth[first : last + 1])
    assert (bridged[:first] == truth[first]).all() and (bridged[last:] == truth[last]).all()


def test_smoothing_delays_nothing_and_calms_trembling():
    time = np.arange(90)[:, None, None]
    path = 100 + 10 * np.sin(time / 9) * np.ones((1, 68, 2))
    trembling = np.random.default_rng(1).normal(0, 0.5, path.shape)
    calmed = smooth(path + trembling)
    assert np.abs(smooth(path) - path).max() < 0.05
    assert np.abs(calmed - path).mean() < 0.75 * np.abs(trembling).mean()
    assert smooth(path[:3]) is not None and (smooth(path[:3]) == path[:3]).all()


def test_a_box_goes_with_its_landmarks():
    before = np.random.default_rng(1).normal(160, 30, (68, 2))
    box = Box(100, 100, 120)
    moved = box.following(before, before + np.array([5, -3]))
    assert np.allclose(moved.centre, box.centre + np.array([5, -3])) and np.isclose(moved.side, 120)
    grown = box.following(before, before * 1.1)
    assert np.allclose(grown.centre, box.centre * 1.1) and np.isclose(grown.side, 132)
