"""Predictor files: the bundle's, other valid ones, damaged and malicious ones."""

import subprocess
import sys

import made_predictor
import numpy as np
import pytest

from newsreel.errors import BadWeights
from newsreel.presenters.bundle import BUNDLED_PRESENTERS, read_sheet
from steps.dlib.predictor import Box, FaceFinder


@pytest.fixture
def weights(tmp_path):
    def write(content):
        path = tmp_path / "landmarks.dat"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("damage", ["empty", "text", "half"])
def test_damaged_predictor_is_refused(weights, damage):
    whole = read_sheet(BUNDLED_PRESENTERS / "maya").landmarks.read_bytes()
    path = weights({"empty": b"", "text": b"no trees here", "half": whole[: len(whole) // 2]}[damage])
    with pytest.raises(BadWeights, match=r"landmarks\.dat: not a dlib shape predictor"):
        FaceFinder(path)


def test_missing_predictor_is_named(tmp_path):
    with pytest.raises(BadWeights, match=r"landmarks\.dat: missing"):
        FaceFinder(tmp_path / "landmarks.dat")


def test_any_predictor_of_68_points_is_accepted(weights):
    finder = FaceFinder(weights(made_predictor.predictor_file()))
    landmarks = finder.landmarks(np.zeros((400, 400), np.uint8), Box(50, 50, 100))
    assert landmarks.shape == (68, 2)
    assert landmarks.min() > 50 and landmarks.max() < 150


@pytest.mark.parametrize("points", [5, 81, 194])
def test_predictor_of_another_number_of_points_is_refused(weights, points):
    with pytest.raises(BadWeights, match=rf"predicts {points} points, not the 68"):
        FaceFinder(weights(made_predictor.predictor_file(points=points)))


@pytest.mark.parametrize(
    ("crafted", "message"),
    [
        ({"pixel": 1 << 45}, r"refused: dlib crashes on it \(SIGSEGV\)"),
        ({"rows": 1 << 40}, "not a dlib shape predictor"),
        ({"rows": 135}, "not a dlib shape predictor"),
        ({"away": 1e9}, "outside of any face"),
    ],
)
def test_malicious_predictor_does_not_crash_the_process(weights, crafted, message):
    with pytest.raises(BadWeights, match=message):
        FaceFinder(weights(made_predictor.predictor_file(**crafted)))


def test_malicious_predictor_would_crash_dlib(weights):
    path = weights(made_predictor.predictor_file(pixel=1 << 45))
    use = "import dlib, numpy, sys; dlib.shape_predictor(sys.argv[1])(numpy.zeros((9, 9), 'u1'), dlib.rectangle(0, 0, 8, 8))"
    assert subprocess.run([sys.executable, "-c", use, str(path)], check=False, capture_output=True).returncode < 0
