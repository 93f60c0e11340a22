"""The training loop of a presenter's generator: stages, evaluation on held-out frames, early stopping, checkpoints, report.

The pixel loss comes first, then the adversarial losses, which sharpen what looks soft; the best weights are saved.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from newsreel.errors import BadWeights
from newsreel.files import write_atomically
from newsreel.runtime.host import retain_freed_memory
from steps.pix2pixhd.config import TrainingConfig
from steps.pix2pixhd.networks import build_generator
from steps.pix2pixhd.training.dataset import FrameDataset
from steps.pix2pixhd.training.evaluation import Quality, evaluate, sample_grid
from steps.pix2pixhd.training.trainer import Accelerator, Trainer
from steps.pix2pixhd.weights import save_generator

LOG_INTERVAL = 50
"""Steps between log lines."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Quality on held-out frames after so many steps and seconds of training."""

    step: int
    seconds: float
    losses: dict[str, float]
    """Of the last training step."""
    quality: Quality


@dataclass
class TrainingReport:
    """Evaluations of the last stage, and why it ended."""

    evaluations: list[Evaluation] = field(default_factory=list)
    ended: str = "unfinished"
    """`unfinished`, `all steps`, `all minutes`, `good enough` or `no longer rising`."""

    @property
    def best(self) -> Evaluation:
        """The first evaluation with the highest PSNR, whose weights are saved."""
        return max(self.evaluations, key=lambda evaluation: evaluation.quality.psnr)

    @property
    def quality(self) -> Quality:
        return self.best.quality

    def evaluations_since_improvement(self, min_delta: float) -> int:
        """Evaluations since the last whose PSNR was higher than all before it by `min_delta` dB."""
        highest, since = -float("inf"), 0
        for evaluation in self.evaluations:
            improved = evaluation.quality.psnr > highest + min_delta
            highest, since = (evaluation.quality.psnr, 0) if improved else (highest, since + 1)
        return since

    def to_dict(self) -> dict[str, Any]:
        """As plain data, for `training/report.json`."""
        return {
            "ended": self.ended,
            "kept": asdict(self.best) if self.evaluations else None,
            "examinations": [asdict(evaluation) for evaluation in self.evaluations],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "TrainingReport":
        evaluations = [Evaluation(**{**one, "quality": Quality(**one["quality"])}) for one in content["examinations"]]
        return cls(evaluations, content["ended"])


@dataclass(frozen=True, kw_only=True)
class TrainingCallbacks:
    """How a training reports what it does."""

    log: Callable[[str], None] = print
    advance: Callable[[int], None] = lambda count: None
    """Called with the number of finished steps; on resumption first with those of earlier runs."""
    samples: Path | None = None
    """Picture of sample frames, written at every evaluation; see `sample_grid`."""
    report: Path | None = None
    """The evaluations so far, as JSON, written at every evaluation."""


def train_generator(
    dataset: FrameDataset,
    held_out: FrameDataset,
    out: Path,
    config: TrainingConfig,
    callbacks: TrainingCallbacks,
    accelerator: Accelerator | None = None,
    checkpoints: Path | None = None,
) -> TrainingReport:
    """Train on `dataset`, evaluate on `held_out` (consecutive frames), and write a half-precision state dict to `out`.

    The same call resumes from the checkpoints, `checkpoints`.1 and so on, one for each stage (by default `out`.training.1), and
    removes them at the end. Raises BadWeights for a checkpoint of another configuration; DiskFull.
    """
    retain_freed_memory()
    accelerator = accelerator or Accelerator.detect()
    checkpoints = checkpoints or out.with_name(out.name + ".training")
    stages = config.stages
    paths = [checkpoints.with_name(f"{checkpoints.name}.{number}") for number in range(1, len(stages) + 1)]
    weights: dict[str, Tensor] | None = None
    report = TrainingReport()
    for number, (stage, checkpoint) in enumerate(zip(stages, paths, strict=True), start=1):
        halvings = config.architecture.n_local_enhancers if number < len(stages) else 0
        views = [FrameDataset(data.pictures, data.landmarks, data.body, halvings) for data in (dataset, held_out)]
        weights, report = StageRun(stage, accelerator, checkpoint, callbacks, weights).run(*views)
    generator = build_generator(config.architecture)
    generator.load_state_dict(weights or {})
    save_generator(generator, out, half=True)
    for checkpoint in paths:
        checkpoint.unlink(missing_ok=True)
    callbacks.log(f"{out.name}: {report.ended} after {report.evaluations[-1].step} steps; held-out frames: {report.quality}")
    return report


@dataclass
class StageRun:
    """One stage of the training, from its checkpoint if there is one."""

    config: TrainingConfig
    accelerator: Accelerator
    checkpoint: Path
    callbacks: TrainingCallbacks
    global_state: dict[str, Tensor] | None

    def __post_init__(self) -> None:
        self.trainer = Trainer(self.config, self.accelerator, self.global_state)
        self.report = TrainingReport()
        self.best: dict[str, Tensor] = {}

    def run(self, dataset: FrameDataset, held_out: FrameDataset) -> tuple[dict[str, Tensor], TrainingReport]:
        """Train to the end of the stage; the best weights and the report."""
        if self.checkpoint.exists():
            self.resume()
        trainer, config = self.trainer, self.config
        while self.report.ended == "unfinished":
            losses = trainer.train_step(dataset)
            self.callbacks.advance(1)
            if trainer.step % LOG_INTERVAL == 0 or trainer.step == 1:
                self.callbacks.log(f"step {trainer.step}/{config.steps} {trainer.seconds:.0f} s: {format_losses(losses)}")
            if trainer.step % config.eval_interval == 0 or trainer.progress >= 1:
                self.evaluate(held_out, losses)
        return self.best, self.report

    def resume(self) -> None:
        saved = self.trainer.resume(self.checkpoint)
        try:
            self.report, self.best = TrainingReport.from_dict(saved["report"]), saved["best"]
        except (KeyError, TypeError) as fault:
            raise BadWeights(f"{self.checkpoint}: the checkpoint is damaged; remove it to start again") from fault
        self.callbacks.advance(self.trainer.step)
        self.callbacks.log(f"step {self.trainer.step}: resumed from {self.checkpoint.name}")

    def evaluate(self, held_out: FrameDataset, losses: dict[str, float]) -> None:
        """Evaluate, decide whether to stop, and write checkpoint, samples and report."""
        trainer, averaged = self.trainer, self.trainer.averaged
        quality = evaluate(averaged, held_out, self.accelerator)
        self.report.evaluations.append(
            Evaluation(step=trainer.step, seconds=round(trainer.seconds, 1), losses=losses, quality=quality)
        )
        if self.report.best is self.report.evaluations[-1] or not self.best:
            self.best = trainer.weights
        self.report.ended = self.stop_reason(quality)
        write_atomically(self.checkpoint, trainer.checkpoint(report=self.report.to_dict(), best=self.best))
        self.write_progress(averaged, held_out)
        self.callbacks.log(f"step {trainer.step}: held-out frames: {quality}")

    def stop_reason(self, quality: Quality) -> str:
        """Why the stage ends now; `unfinished` if it goes on."""
        if quality.psnr >= self.config.target_psnr:
            return "good enough"
        if self.report.evaluations_since_improvement(self.config.min_delta) >= self.config.patience:
            return "no longer rising"
        if self.trainer.progress < 1:
            return "unfinished"
        return "all steps" if self.trainer.step >= self.config.steps else "all minutes"

    def write_progress(self, averaged: AveragedModel, held_out: FrameDataset) -> None:
        if self.callbacks.samples:
            write_picture(self.callbacks.samples, sample_grid(averaged, held_out, accelerator=self.accelerator))
        if self.callbacks.report:
            write_atomically(self.callbacks.report, json.dumps(self.report.to_dict(), indent=2) + "\n")


def format_losses(losses: dict[str, float]) -> str:
    return " ".join(f"{name} {loss:.4f}" for name, loss in losses.items())


def write_picture(path: Path, picture: np.ndarray[Any, Any]) -> None:
    _, content = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    write_atomically(path, content.tobytes())
