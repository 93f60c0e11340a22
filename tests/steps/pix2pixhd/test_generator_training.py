"""Training of a generator: it learns, resumes after a kill, keeps its best weights, stops early, trains coarse to fine."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from newsreel.errors import BadWeights
from steps.pix2pixhd import load_generator
from steps.pix2pixhd.config import (
    GLOBAL_GENERATOR,
    LOCAL_GENERATOR,
    SMALL_GENERATOR,
    Architecture,
    TrainingConfig,
    architecture_for,
)
from steps.pix2pixhd.training.dataset import FrameDataset
from steps.pix2pixhd.training.evaluation import Quality, peak_signal_to_noise, structural_similarity
from steps.pix2pixhd.training.loop import Evaluation, TrainingCallbacks, TrainingReport, train_generator
from steps.pix2pixhd.training.trainer import Accelerator, Trainer

pytestmark = pytest.mark.slow

TINY = Architecture(ngf=8, n_downsample_global=2, n_blocks_global=1)
TINY_LOCAL = Architecture(net="local", ngf=8, n_downsample_global=1, n_blocks_global=1, n_local_enhancers=1, n_blocks_local=1)
CONFIG = TrainingConfig(steps=8, minutes=60, seed=5, batch=2, architecture=TINY, eval_interval=4, adversarial_start=0.5, ndf=8)
SILENT = TrainingCallbacks(log=lambda _: None)


@pytest.fixture
def dataset(faces):
    pictures, landmarks = faces
    small = np.ascontiguousarray(pictures[:, ::5, ::5])
    return FrameDataset(small, landmarks / 5)


class Killed(Exception):
    pass


def killed_at(words):
    def log(line):
        if words in line:
            raise Killed

    return TrainingCallbacks(log=log)


def state_of(path):
    return load_generator(path).state_dict()


@pytest.mark.parametrize("architecture", [TINY, TINY_LOCAL], ids=["global", "local"])
def test_killed_training_resumes_to_the_same_weights(tmp_path, dataset, architecture):
    config = replace(CONFIG, architecture=architecture)
    complete, killed = tmp_path / "complete.pth", tmp_path / "killed.pth"
    train_generator(dataset, dataset, complete, config, SILENT)
    with pytest.raises(Killed):
        train_generator(dataset, dataset, killed, config, killed_at("step 4: held-out"))
    assert not killed.exists()
    lines, steps = [], []
    train_generator(dataset, dataset, killed, config, TrainingCallbacks(log=lines.append, advance=steps.append))
    assert "resumed" in lines[0] and sum(steps) == config.steps
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["complete.pth", "killed.pth"]
    for key, tensor in state_of(complete).items():
        torch.testing.assert_close(state_of(killed)[key], tensor, atol=0, rtol=0)


def test_training_raises_psnr_and_writes_samples_and_report(tmp_path, dataset):
    config = replace(CONFIG, steps=60, eval_interval=20, ema_decay=0.5, learning_rate=4e-3)
    samples, written = tmp_path / "samples.png", tmp_path / "report.json"
    report = train_generator(dataset, dataset, tmp_path / "G.pth", config, replace(SILENT, samples=samples, report=written))
    assert [evaluation.step for evaluation in report.evaluations] == [20, 40, 60]
    assert report.quality.psnr > report.evaluations[0].quality.psnr + 1 and report.ended == "all steps"
    assert cv2.imread(str(samples)).shape == (4 * 64, 3 * 64, 3)
    assert json.loads(written.read_text())["kept"]["quality"]["psnr"] == report.quality.psnr
    assert TrainingReport.from_dict(json.loads(written.read_text())) == report


def test_training_stops_when_psnr_no_longer_rises(tmp_path, dataset):
    config = replace(CONFIG, steps=100, eval_interval=1, patience=3, min_delta=100.0)
    report = train_generator(dataset, dataset, tmp_path / "G.pth", config, SILENT)
    assert (len(report.evaluations), report.ended) == (4, "no longer rising"), "nothing gains 100 dB after the first"


def test_training_stops_at_the_target_psnr(tmp_path, dataset):
    report = train_generator(dataset, dataset, tmp_path / "G.pth", replace(CONFIG, target_psnr=1.0), SILENT)
    assert (report.evaluations[-1].step, report.ended) == (4, "good enough")


def test_best_evaluation_wins_and_patience_counts_from_it():
    levels = [20.0, 25.0, 24.0, 25.01, 24.9]
    evaluations = [
        Evaluation(step=n, seconds=0, losses={}, quality=Quality(psnr=psnr, mouth_psnr=0, ssim=0, flicker=0, still=0))
        for n, psnr in enumerate(levels)
    ]
    report = TrainingReport(evaluations)
    assert report.best.step == 3
    assert report.evaluations_since_improvement(0.02) == 3 and report.evaluations_since_improvement(0.0) == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", None], ids=["empty", "cut off", "of another config"])
def test_foreign_or_damaged_checkpoint_is_refused(tmp_path, dataset, content):
    out = tmp_path / "G.pth"
    if content is None:
        with pytest.raises(Killed):
            train_generator(dataset, dataset, out, replace(CONFIG, seed=6), killed_at("step 4: held-out"))
    else:
        (tmp_path / "G.pth.training.1").write_bytes(content)
    with pytest.raises(BadWeights, match="remove it to start again"):
        train_generator(dataset, dataset, out, CONFIG, SILENT)


def test_local_generator_trains_its_global_part_first(tmp_path, dataset):
    global_stage, fine = replace(CONFIG, architecture=TINY_LOCAL, steps=10).stages
    assert (global_stage.architecture.net, global_stage.architecture.ngf, global_stage.steps, fine.steps) == ("global", 16, 5, 5)
    begun = Trainer(global_stage)
    begun.train_step(FrameDataset(dataset.pictures, dataset.landmarks, halvings=1))
    trainer = Trainer(replace(fine, frozen_global=0.5), global_state=begun.weights)
    inner = {key: tensor.clone() for key, tensor in trainer.generator.state_dict().items() if key.startswith("model.")}
    for key, tensor in inner.items():
        assert torch.equal(tensor, begun.weights[key]), key
    outer = trainer.generator.state_dict()["model1_2.5.weight"].clone()
    trainer.train_step(dataset)
    state = trainer.generator.state_dict()
    assert all(torch.equal(state[key], tensor) for key, tensor in inner.items()), "the global part is fixed at first"
    assert not torch.equal(state["model1_2.5.weight"], outer)
    for _ in range(3):
        trainer.train_step(dataset)
    assert not torch.equal(trainer.generator.state_dict()["model.1.weight"], inner["model.1.weight"])


def test_global_part_is_trained_on_downsampled_input(dataset):
    half = FrameDataset(dataset.pictures, dataset.landmarks, halvings=1)
    rows = np.array([1, 4])
    complete, halved = dataset.batch(rows), half.batch(rows)
    fed = avg_pool2d(complete.encoding, 3, stride=2, padding=1, count_include_pad=False)
    torch.testing.assert_close(halved.encoding, fed)
    assert halved.picture.shape == (2, 3, 32, 32) and halved.weights.shape == (2, 1, 32, 32)
    torch.testing.assert_close(halved.picture, avg_pool2d(complete.picture, 2), atol=1.1 / 127.5, rtol=0)


def test_half_precision_scales_its_losses_and_learns(dataset):
    trainer = Trainer(replace(CONFIG, adversarial_start=0.0), Accelerator(dtype=torch.float16))
    before = trainer.weights
    losses = trainer.train_step(dataset)
    assert trainer.scaler.is_enabled() and trainer.scaler.get_scale() > 1
    assert losses.keys() == {"pixels", "fooling", "matching", "doubt"} and all(np.isfinite([*losses.values()]))
    after = trainer.generator.state_dict()
    assert any(not torch.equal(after[key], tensor) for key, tensor in before.items()) and "scale" in trainer.scaler.state_dict()


def test_architecture_grows_with_the_picture():
    assert [architecture_for(size) for size in (320, 512, 1024)] == [SMALL_GENERATOR, GLOBAL_GENERATOR, LOCAL_GENERATOR]
    assert (
        LOCAL_GENERATOR.ngf,
        LOCAL_GENERATOR.n_downsample_global,
        LOCAL_GENERATOR.n_blocks_global,
        LOCAL_GENERATOR.n_blocks_local,
    ) == (32, 4, 9, 3)
    assert LOCAL_GENERATOR.side_multiple == 32 == GLOBAL_GENERATOR.side_multiple * 2


def test_psnr_and_ssim_agree_with_their_definitions(faces):
    picture = faces[0][0]
    assert peak_signal_to_noise(picture, picture) == float("inf")
    assert peak_signal_to_noise(np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)) == 0
    assert structural_similarity(picture, picture) == pytest.approx(1)
    noisy = np.clip(picture + np.random.default_rng(1).normal(0, 20, picture.shape), 0, 255).astype(np.uint8)
    assert structural_similarity(noisy, picture) < 0.8


def test_mismatched_pictures_and_landmarks_are_refused(faces):
    with pytest.raises(ValueError, match="do not match"):
        FrameDataset(faces[0], faces[1][:5])
