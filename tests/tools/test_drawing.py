from itertools import product

import dlib
import numpy as np
import pytest

from steps.dlib.predictor import mouth_opening
from tools.presenter.drawing import Mouth, Pose, draw
from tools.presenter.drawing.palette import BACKGROUND, LIP_LOWER, LIP_UPPER, MOUTH
from tools.presenter.footage import FULL_RANGE, training_poses
from tools.presenter.visemes import VISEMES

pytestmark = pytest.mark.slow

OPEN = Mouth(jaw_open=0.9)


def colour_at(frame, point):
    x, y = np.floor(point).astype(int)
    return frame[y, x].astype(int)


def near(colour, wanted, tolerance=40):
    return np.abs(colour - np.array(wanted)).max() < tolerance


def test_same_pose_gives_the_same_bytes():
    pose = next(training_poses(5, 1))
    (one, points), (other, other_points) = draw(pose), draw(pose)
    assert one.shape == (320, 320, 3) and one.dtype == np.uint8 and points.shape == (68, 2) and points.dtype == np.float32
    assert one.tobytes() == other.tobytes() and (points == other_points).all()


@pytest.mark.parametrize("pose", list(training_poses(6, 12)), ids=range(12))
def test_landmarks_match_the_picture(pose):
    """Just above the middle of the lower lip's edge is lower lip, just below that of the upper lip's is upper lip."""
    frame, points = draw(pose, 640)
    assert near(colour_at(frame, points[57] + 0.3 * (points[66] - points[57])), LIP_LOWER)
    assert near(colour_at(frame, points[51] + 0.4 * (points[62] - points[51])), LIP_UPPER)
    assert not near(colour_at(frame, points[57] + 0.35 * (points[57] - points[66])), LIP_LOWER)


def test_open_mouth_is_dark_inside():
    frame, points = draw(Pose(mouth=OPEN), 640)
    assert near(colour_at(frame, points[62] + 0.55 * (points[66] - points[62])), MOUTH)


def test_head_turns_as_the_pose_says():
    _, rest = draw(Pose())
    nose_from_eyes = lambda points: points[30] - (points[36] + points[45]) / 2  # noqa: E731
    turned, bowed, tilted = (draw(pose)[1] for pose in (Pose(yaw=0.3), Pose(pitch=0.2), Pose(roll=0.2)))
    assert nose_from_eyes(turned)[0] > nose_from_eyes(rest)[0] + 5
    assert nose_from_eyes(bowed)[1] > nose_from_eyes(rest)[1] + 3
    assert tilted[45, 1] > tilted[36, 1] + 10


def test_body_and_background_are_static():
    frames = [draw(pose)[0] for pose in training_poses(7, 8)]
    for frame in frames:
        assert (frame[285:] == frames[0][285:]).all(), "shoulders moved"
        assert (frame[:, :25] == frames[0][:, :25]).all()
        assert (frame[:20, :20] == BACKGROUND).all()


def test_eyes_look_into_the_camera_in_any_pose():
    for yaw in (-0.3, 0.3):
        frame, points = draw(Pose(yaw=yaw), 640)
        socket = slice(int(points[38, 1]), int(points[41, 1])), slice(int(points[36, 0]) + 6, int(points[39, 0]) - 6)
        darkest = np.argmin(frame[socket].astype(int).sum(2).mean(0)) + socket[1].start
        middle = (points[36, 0] + points[39, 0]) / 2
        assert (darkest - middle) * yaw < 0, "the pupil must move against the turn of the head"


def test_visemes_open_like_their_sounds():
    opening = {name: mouth_opening(draw(Pose(mouth=mouth))[1][None])[0] for name, mouth in VISEMES.items()}
    assert opening["rest"] < 0.002 and opening["MBP"] < 0.002
    assert opening["AA"] > opening["AE"] > opening["EH"] > opening["IH"] > opening["MBP"]
    assert opening["AA"] > 0.2 and opening["W"] < 0.06


def test_rounded_mouths_are_narrow_and_spread_ones_wide():
    def width(name):
        points = draw(Pose(mouth=VISEMES[name]))[1]
        return np.linalg.norm(points[54] - points[48])

    assert width("UW") < 0.75 * width("rest") < width("rest") < width("IY")


def test_dlib_detects_the_face_in_every_pose():
    detector = dlib.get_frontal_face_detector()
    for yaw, pitch, roll in product((-1, 0, 1), repeat=3):
        pose = Pose(yaw=yaw * FULL_RANGE.yaw, pitch=pitch * FULL_RANGE.pitch, roll=roll * FULL_RANGE.roll, mouth=OPEN)
        assert len(detector(draw(pose)[0], 0)) == 1, pose
