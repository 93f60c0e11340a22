"""Training: it learns, it can be killed and go on, and it says so when a checkpoint is not its own."""

import numpy as np
import pytest
import torch

from steps.errors import BadWeights
from steps.pix2pixhd import load_generator
from steps.pix2pixhd.architecture import Architecture
from steps.pix2pixhd.pairs import Pairs
from steps.pix2pixhd.quality import peak_signal_to_noise, structural_similarity
from steps.pix2pixhd.train import Course, train_generator

TINY = Architecture(ngf=16, n_downsample_global=2, n_blocks_global=1)
COURSE = Course(steps=8, minutes=60, seed=5, batch=2, architecture=TINY, examined_every=4, pixels_only=0.5)


@pytest.fixture
def pairs(faces):
    pictures, landmarks = faces
    small = np.ascontiguousarray(pictures[:, ::5, ::5])
    return Pairs(small, landmarks / 5)


class Killed(Exception):
    pass


def kill_at(words):
    def say(line):
        if words in line:
            raise Killed

    return say


def weights_of(path):
    return torch.cat([tensor.ravel() for tensor in load_generator(path).state_dict().values()])


def test_a_killed_training_goes_on_where_it_stopped_and_ends_the_same(tmp_path, pairs):
    whole, killed = tmp_path / "whole.pth", tmp_path / "killed.pth"
    train_generator(pairs, pairs, whole, COURSE, say=lambda _: None)
    with pytest.raises(Killed):
        train_generator(pairs, pairs, killed, COURSE, say=kill_at("step 8: unseen"))
    assert not killed.exists()
    said = []
    train_generator(pairs, pairs, killed, COURSE, say=said.append)
    assert "resumed" in said[0]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["killed.pth", "whole.pth"]
    torch.testing.assert_close(weights_of(killed), weights_of(whole), atol=2e-3, rtol=0)


def test_a_longer_training_comes_nearer_to_the_presenter(tmp_path, pairs):
    course = Course(steps=60, minutes=60, batch=2, architecture=TINY, examined_every=100, averaging=0.5, rate=4e-3)
    first = train_generator(pairs, pairs, tmp_path / "first.pth", Course(**{**vars(course), "steps": 1}), say=lambda _: None)
    later = train_generator(pairs, pairs, tmp_path / "later.pth", course, say=lambda _: None)
    assert later.psnr > first.psnr + 3


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", None], ids=["empty", "cut off", "of another course"])
def test_a_checkpoint_that_is_not_of_this_training_is_refused(tmp_path, pairs, content):
    out = tmp_path / "G.pth"
    if content is None:
        with pytest.raises(Killed):
            train_generator(pairs, pairs, out, Course(**{**vars(COURSE), "seed": 6}), say=kill_at("step 8: unseen"))
    else:
        (tmp_path / "G.pth.training").write_bytes(content)
    with pytest.raises(BadWeights, match="remove it to begin anew"):
        train_generator(pairs, pairs, out, COURSE, say=lambda _: None)


def test_the_measures_of_quality_agree_with_their_definitions(faces):
    picture = faces[0][0]
    assert peak_signal_to_noise(picture, picture) == float("inf")
    assert peak_signal_to_noise(np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)) == 0
    assert structural_similarity(picture, picture) == pytest.approx(1)
    noisy = np.clip(picture + np.random.default_rng(1).normal(0, 20, picture.shape), 0, 255).astype(np.uint8)
    assert structural_similarity(noisy, picture) < 0.8


def test_pictures_and_landmarks_that_do_not_belong_together_are_refused(faces):
    with pytest.raises(ValueError, match="do not belong together"):
        Pairs(faces[0], faces[1][:5])
