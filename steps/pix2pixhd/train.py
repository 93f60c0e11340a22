"""Train a presenter's generator: pixels first, then the discriminator's eye for what looks soft; the best weights are kept."""

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
from steps.pix2pixhd.course import PRESENTER_SIZED, Course
from steps.pix2pixhd.generator import build_generator
from steps.pix2pixhd.machine import Machine
from steps.pix2pixhd.pairs import Pairs
from steps.pix2pixhd.quality import Quality, examine, sample_sheet
from steps.pix2pixhd.training import Training
from steps.pix2pixhd.weights import save_generator

__all__ = ["PRESENTER_SIZED", "Course", "Examination", "Report", "train_generator"]

STEPS_BETWEEN_LINES = 50


@dataclass(frozen=True, kw_only=True)
class Examination:
    """How good the generator was on frames it had not seen, after so many steps and seconds of training."""

    step: int
    seconds: float
    losses: dict[str, float]
    """Of the step before."""
    quality: Quality


@dataclass
class Report:
    """What a training was like, stage by stage."""

    examinations: list[Examination] = field(default_factory=list)
    ended: str = "unfinished"
    """`all steps`, `all minutes`, `good enough` or `no longer rising`."""

    @property
    def best(self) -> Examination:
        """The first of the best; what is kept."""
        return max(self.examinations, key=lambda examination: examination.quality.psnr)

    @property
    def quality(self) -> Quality:
        return self.best.quality

    def since_gain(self, gain: float) -> int:
        """Examinations since the last that was better than all before it by `gain` dB."""
        highest, since = -float("inf"), 0
        for examination in self.examinations:
            risen = examination.quality.psnr > highest + gain
            highest, since = (examination.quality.psnr, 0) if risen else (highest, since + 1)
        return since

    def record(self) -> dict[str, Any]:
        """As plain data, for a file."""
        return {
            "ended": self.ended,
            "kept": asdict(self.best) if self.examinations else None,
            "examinations": [asdict(examination) for examination in self.examinations],
        }

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Report":
        told = [Examination(**{**one, "quality": Quality(**one["quality"])}) for one in record["examinations"]]
        return cls(told, record["ended"])


@dataclass(frozen=True, kw_only=True)
class Watching:
    """How a training is followed while it runs."""

    say: Callable[[str], None] = print
    advance: Callable[[int], None] = lambda count: None
    """Told of every step, and at once of those that an earlier run has done."""
    samples: Path | None = None
    """A picture for people to look at, written at every examination: edges, made, real."""
    report: Path | None = None
    """The examinations so far, as JSON."""


def train_generator(
    seen: Pairs,
    unseen: Pairs,
    out: Path,
    course: Course,
    watching: Watching,
    machine: Machine | None = None,
    checkpoints: Path | None = None,
) -> Report:
    """Train on `seen`, examine on `unseen` (consecutive frames of a motion), and write a half-precision state dict to `out`.

    Checkpoints, `checkpoints`.1 and so on, one a stage (`out`.training.1 by default), are taken up by the same call and removed
    at the end. Raises BadWeights for a checkpoint of another course, DiskFull.
    """
    retain_freed_memory()
    machine = machine or Machine.at_hand()
    checkpoints = checkpoints or out.with_name(out.name + ".training")
    stages = course.stages
    laid_down = [checkpoints.with_name(f"{checkpoints.name}.{number}") for number in range(1, len(stages) + 1)]
    weights: dict[str, Tensor] | None = None
    report = Report()
    for number, (stage, checkpoint) in enumerate(zip(stages, laid_down, strict=True), start=1):
        halvings = course.architecture.n_local_enhancers if number < len(stages) else 0
        views = [Pairs(pairs.pictures, pairs.landmarks, pairs.body, halvings) for pairs in (seen, unseen)]
        weights, report = StageRun(stage, machine, checkpoint, watching, weights).to_the_end(*views)
    generator = build_generator(course.architecture)
    generator.load_state_dict(weights or {})
    save_generator(generator, out, half=True)
    for checkpoint in laid_down:
        checkpoint.unlink(missing_ok=True)
    watching.say(f"{out.name}: {report.ended} after {report.examinations[-1].step} steps; unseen frames: {report.quality}")
    return report


@dataclass
class StageRun:
    course: Course
    machine: Machine
    checkpoint: Path
    watching: Watching
    coarse: dict[str, Tensor] | None

    def __post_init__(self) -> None:
        self.training = Training(self.course, self.machine, self.coarse)
        self.report = Report()
        self.best: dict[str, Tensor] = {}

    def to_the_end(self, seen: Pairs, unseen: Pairs) -> tuple[dict[str, Tensor], Report]:
        """The best weights, and how they came about."""
        if self.checkpoint.exists():
            self.take_up()
        training, course = self.training, self.course
        while self.report.ended == "unfinished":
            losses = training.advance(seen)
            self.watching.advance(1)
            if training.step % STEPS_BETWEEN_LINES == 0 or training.step == 1:
                self.watching.say(f"step {training.step}/{course.steps} {training.seconds:.0f} s: {in_words(losses)}")
            if training.step % course.examined_every == 0 or training.share >= 1:
                self.examine(unseen, losses)
        return self.best, self.report

    def take_up(self) -> None:
        saved = self.training.resume(self.checkpoint)
        try:
            self.report, self.best = Report.of(saved["report"]), saved["best"]
        except (KeyError, TypeError) as fault:
            raise BadWeights(f"{self.checkpoint}: the checkpoint is damaged; remove it to begin anew") from fault
        self.watching.advance(self.training.step)
        self.watching.say(f"step {self.training.step}: resumed from {self.checkpoint.name}")

    def examine(self, unseen: Pairs, losses: dict[str, float]) -> None:
        training, averaged = self.training, self.training.averaged
        quality = examine(averaged, unseen, self.machine)
        self.report.examinations.append(
            Examination(step=training.step, seconds=round(training.seconds, 1), losses=losses, quality=quality)
        )
        if self.report.best is self.report.examinations[-1] or not self.best:
            self.best = training.weights
        self.report.ended = self.verdict(quality)
        write_atomically(self.checkpoint, training.checkpoint(report=self.report.record(), best=self.best))
        self.show(averaged, unseen)
        self.watching.say(f"step {training.step}: unseen frames: {quality}")

    def verdict(self, quality: Quality) -> str:
        if quality.psnr >= self.course.enough:
            return "good enough"
        if self.report.since_gain(self.course.gain) >= self.course.patience:
            return "no longer rising"
        if self.training.share < 1:
            return "unfinished"
        return "all steps" if self.training.step >= self.course.steps else "all minutes"

    def show(self, averaged: AveragedModel, unseen: Pairs) -> None:
        if self.watching.samples:
            write_picture(self.watching.samples, sample_sheet(averaged, unseen, machine=self.machine))
        if self.watching.report:
            write_atomically(self.watching.report, json.dumps(self.report.record(), indent=2) + "\n")


def in_words(losses: dict[str, float]) -> str:
    return " ".join(f"{name} {loss:.4f}" for name, loss in losses.items())


def write_picture(path: Path, picture: np.ndarray[Any, Any]) -> None:
    _, content = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    write_atomically(path, content.tobytes())
