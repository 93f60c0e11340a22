"""Accuracy of the shipped predictor on drawn frames that it was not trained on."""

import numpy as np
import pytest

from newsreel.presenters.bundle import BUNDLED_PRESENTERS, read_sheet
from steps.dlib.footage import decode_presenter_footage
from steps.dlib.predictor import eye_distance, mouth_opening
from steps.dlib.track import track_presenter
from tools.presenter.drawing import draw
from tools.presenter.drawing.face import Head
from tools.presenter.footage import FOOTAGE_SECONDS, idle_poses, talking_poses
from tools.presenter.make import FOOTAGE_SEED

pytestmark = pytest.mark.slow


def error(found, truth):
    """Mean distance of the landmarks from the truth, in distances between the eyes, each frame (T,)."""
    return np.linalg.norm(found - truth, axis=2).mean(1) / eye_distance(truth)


def test_landmarks_are_within_two_percent_of_eye_distance(filmed, finder):
    shots = [draw(pose) for pose in talking_poses(1234, 120)]
    truth = np.stack([landmarks for _, landmarks in shots])
    found = track_presenter(decode_presenter_footage(filmed([frame for frame, _ in shots])), finder, lambda _: None).landmarks
    assert found.shape == truth.shape and found.dtype == np.float32
    assert error(found, truth).mean() < 0.02 / 3, "a third of the promise is what it does"
    assert error(found, truth).max() < 0.02
    opening, true_opening = mouth_opening(found), mouth_opening(truth)
    assert np.corrcoef(opening, true_opening)[0, 1] > 0.97
    assert np.abs(opening - true_opening).max() < 0.06


def test_shipped_footage_is_tracked_as_it_was_drawn(finder):
    presenter = read_sheet(BUNDLED_PRESENTERS / "maya")
    truth = np.stack([Head(pose, presenter.size).landmarks for pose in idle_poses(FOOTAGE_SEED, FOOTAGE_SECONDS)])
    track = track_presenter(decode_presenter_footage(presenter), finder, lambda _: None)
    assert track.missing == 0 and len(track.landmarks) == 12 * 30
    assert error(track.landmarks, truth).mean() < 0.005
    trembling = np.diff(track.landmarks - truth, n=2, axis=0)
    assert np.abs(trembling).mean() < 0.15, "pixels"


def test_mouth_opening_is_measured_in_eye_distances():
    face = np.zeros((2, 68, 2), np.float32)
    face[:, 45, 0] = 80
    face[1, 66, 1] = 20
    assert mouth_opening(face).tolist() == [0, 0.25]
