"""Training: it learns, it can be killed and go on, it keeps its best and knows when to stop, coarse to fine where asked."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from newsreel.errors import BadWeights
from steps.pix2pixhd import load_generator
from steps.pix2pixhd.architecture import Architecture
from steps.pix2pixhd.course import FULL_SIZED, LOCAL, PRESENTER_SIZED, Course, architecture_for
from steps.pix2pixhd.machine import Machine
from steps.pix2pixhd.pairs import Pairs
from steps.pix2pixhd.quality import Quality, peak_signal_to_noise, structural_similarity
from steps.pix2pixhd.train import Examination, Report, Watching, train_generator
from steps.pix2pixhd.training import Training

pytestmark = pytest.mark.slow

TINY = Architecture(ngf=8, n_downsample_global=2, n_blocks_global=1)
TINY_LOCAL = Architecture(net="local", ngf=8, n_downsample_global=1, n_blocks_global=1, n_local_enhancers=1, n_blocks_local=1)
COURSE = Course(steps=8, minutes=60, seed=5, batch=2, architecture=TINY, examined_every=4, pixels_only=0.5, ndf=8)
SILENT = Watching(say=lambda _: None)


@pytest.fixture
def pairs(faces):
    pictures, landmarks = faces
    small = np.ascontiguousarray(pictures[:, ::5, ::5])
    return Pairs(small, landmarks / 5)


class Killed(Exception):
    pass


def killed_at(words):
    def say(line):
        if words in line:
            raise Killed

    return Watching(say=say)


def state_of(path):
    return load_generator(path).state_dict()


@pytest.mark.parametrize("architecture", [TINY, TINY_LOCAL], ids=["global", "local"])
def test_a_killed_training_goes_on_where_it_stopped_and_ends_with_the_same_weights(tmp_path, pairs, architecture):
    course = replace(COURSE, architecture=architecture)
    whole, killed = tmp_path / "whole.pth", tmp_path / "killed.pth"
    train_generator(pairs, pairs, whole, course, SILENT)
    with pytest.raises(Killed):
        train_generator(pairs, pairs, killed, course, killed_at("step 4: unseen"))
    assert not killed.exists()
    said, steps = [], []
    train_generator(pairs, pairs, killed, course, Watching(say=said.append, advance=steps.append))
    assert "resumed" in said[0] and sum(steps) == course.steps
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["killed.pth", "whole.pth"]
    for key, tensor in state_of(whole).items():
        torch.testing.assert_close(state_of(killed)[key], tensor, atol=0, rtol=0)


def test_training_comes_nearer_to_the_presenter_and_shows_it(tmp_path, pairs):
    course = replace(COURSE, steps=60, examined_every=20, averaging=0.5, rate=4e-3)
    samples, told = tmp_path / "samples.png", tmp_path / "report.json"
    report = train_generator(pairs, pairs, tmp_path / "G.pth", course, replace(SILENT, samples=samples, report=told))
    assert [examination.step for examination in report.examinations] == [20, 40, 60]
    assert report.quality.psnr > report.examinations[0].quality.psnr + 1 and report.ended == "all steps"
    assert cv2.imread(str(samples)).shape == (4 * 64, 3 * 64, 3)
    assert json.loads(told.read_text())["kept"]["quality"]["psnr"] == report.quality.psnr
    assert Report.of(json.loads(told.read_text())) == report


def test_a_training_that_no_longer_gains_stops_and_keeps_its_best(tmp_path, pairs):
    course = replace(COURSE, steps=100, examined_every=1, patience=3, gain=100.0)
    report = train_generator(pairs, pairs, tmp_path / "G.pth", course, SILENT)
    assert (len(report.examinations), report.ended) == (4, "no longer rising"), "nothing gains 100 dB after the first"


def test_a_training_that_is_good_enough_stops(tmp_path, pairs):
    report = train_generator(pairs, pairs, tmp_path / "G.pth", replace(COURSE, enough=1.0), SILENT)
    assert (report.examinations[-1].step, report.ended) == (4, "good enough")


def test_what_is_kept_is_the_best_and_patience_counts_from_the_last_gain():
    levels = [20.0, 25.0, 24.0, 25.01, 24.9]
    told = [
        Examination(step=n, seconds=0, losses={}, quality=Quality(psnr=psnr, mouth_psnr=0, ssim=0, flicker=0, still=0))
        for n, psnr in enumerate(levels)
    ]
    report = Report(told)
    assert report.best.step == 3
    assert report.since_gain(0.02) == 3 and report.since_gain(0.0) == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", None], ids=["empty", "cut off", "of another course"])
def test_a_checkpoint_that_is_not_of_this_training_is_refused(tmp_path, pairs, content):
    out = tmp_path / "G.pth"
    if content is None:
        with pytest.raises(Killed):
            train_generator(pairs, pairs, out, replace(COURSE, seed=6), killed_at("step 4: unseen"))
    else:
        (tmp_path / "G.pth.training.1").write_bytes(content)
    with pytest.raises(BadWeights, match="remove it to begin anew"):
        train_generator(pairs, pairs, out, COURSE, SILENT)


def test_a_local_generator_is_taught_its_global_part_first_and_then_around_it(tmp_path, pairs):
    coarse, fine = replace(COURSE, architecture=TINY_LOCAL, steps=10).stages
    assert (coarse.architecture.net, coarse.architecture.ngf, coarse.steps, fine.steps) == ("global", 16, 5, 5)
    begun = Training(coarse)
    begun.advance(Pairs(pairs.pictures, pairs.landmarks, halvings=1))
    training = Training(replace(fine, fixed_global=0.5), coarse=begun.weights)
    inner = {key: tensor.clone() for key, tensor in training.generator.state_dict().items() if key.startswith("model.")}
    for key, tensor in inner.items():
        assert torch.equal(tensor, begun.weights[key]), key
    outer = training.generator.state_dict()["model1_2.5.weight"].clone()
    training.advance(pairs)
    state = training.generator.state_dict()
    assert all(torch.equal(state[key], tensor) for key, tensor in inner.items()), "the global part is fixed at first"
    assert not torch.equal(state["model1_2.5.weight"], outer)
    for _ in range(3):
        training.advance(pairs)
    assert not torch.equal(training.generator.state_dict()["model.1.weight"], inner["model.1.weight"])


def test_the_global_part_is_taught_on_what_the_local_generator_will_feed_it(pairs):
    half = Pairs(pairs.pictures, pairs.landmarks, halvings=1)
    rows = np.array([1, 4])
    whole, halved = pairs.batch(rows), half.batch(rows)
    fed = avg_pool2d(whole.encoding, 3, stride=2, padding=1, count_include_pad=False)
    torch.testing.assert_close(halved.encoding, fed)
    assert halved.picture.shape == (2, 3, 32, 32) and halved.weights.shape == (2, 1, 32, 32)
    torch.testing.assert_close(halved.picture, avg_pool2d(whole.picture, 2), atol=1.1 / 127.5, rtol=0)


def test_half_precision_scales_its_losses_and_learns(pairs):
    training = Training(replace(COURSE, pixels_only=0.0), Machine(kind=torch.float16))
    before = training.weights
    losses = training.advance(pairs)
    assert training.scaler.is_enabled() and training.scaler.get_scale() > 1
    assert losses.keys() == {"pixels", "fooling", "matching", "doubt"} and all(np.isfinite([*losses.values()]))
    after = training.generator.state_dict()
    assert any(not torch.equal(after[key], tensor) for key, tensor in before.items()) and "scale" in training.scaler.state_dict()


def test_the_net_grows_with_the_picture():
    assert [architecture_for(size) for size in (320, 512, 1024)] == [PRESENTER_SIZED, FULL_SIZED, LOCAL]
    assert (LOCAL.ngf, LOCAL.n_downsample_global, LOCAL.n_blocks_global, LOCAL.n_blocks_local) == (32, 4, 9, 3)
    assert LOCAL.side_multiple == 32 == FULL_SIZED.side_multiple * 2


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
