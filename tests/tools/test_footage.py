import numpy as np
import pytest

from tools.presenter.footage import FOOTAGE_SECONDS, FULL_RANGE, idle_poses, talking_poses, training_poses
from tools.presenter.visemes import VISEMES


def numbers(pose):
    return np.array([pose.yaw, pose.pitch, pose.roll, pose.x, pose.y, pose.scale, pose.brows, pose.blink, pose.mouth.jaw_open])


@pytest.mark.parametrize("seed", range(3))
def test_footage_loops_seamlessly(seed):
    motion = np.array([numbers(pose)[:7] for pose in idle_poses(seed, FOOTAGE_SECONDS)])
    steps = np.abs(np.diff(motion, axis=0))
    assert (np.abs(motion[0] - motion[-1]) <= steps.max(0) + 1e-9).all()


@pytest.mark.parametrize("seed", range(3))
def test_idle_presenter_blinks_and_is_silent(seed):
    poses = idle_poses(seed, 30)
    lids = np.array([pose.blink for pose in poses])
    shut = np.flatnonzero((lids == 1) & (np.roll(lids, 1) < 1)) / 30
    assert len(shut) >= 5 and np.diff(shut).min() > 1.9 and np.diff(shut).max() < 5
    assert lids[0] == lids[-1] == 0
    assert all(pose.mouth.jaw_open == 0 for pose in poses)


def test_motion_is_determined_by_its_seed():
    assert list(training_poses(3, 20)) == list(training_poses(3, 20)) != list(training_poses(4, 20))
    assert idle_poses(3, 4) == idle_poses(3, 4) != idle_poses(4, 4)
    assert talking_poses(3, 60) == talking_poses(3, 60)


def test_training_poses_cover_every_pose_and_mouth():
    table = np.array([numbers(pose) for pose in training_poses(1, 1500)])
    limits = [FULL_RANGE.yaw, FULL_RANGE.pitch, FULL_RANGE.roll]
    assert (np.abs(table[:, :3]).max(0) > np.array(limits) * 0.95).all() and (np.abs(table[:, :3]).max(0) <= limits).all()
    assert table[:, 7].max() == 1 and (table[:, 7] == 0).mean() > 0.5
    assert table[:, 8].max() > max(mouth.jaw_open for mouth in VISEMES.values()) and table[:, 8].min() == 0


def test_talking_is_smooth_and_of_the_right_length():
    poses = talking_poses(1, 90)
    assert len(poses) == 90
    assert np.abs(np.diff([pose.mouth.jaw_open for pose in poses])).max() < 0.45
