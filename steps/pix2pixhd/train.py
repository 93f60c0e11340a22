"""Train a presenter's generator on a CPU in minutes: pixels first, then the discriminator's eye for what looks soft.

The losses are pix2pixHD's (Wang et al. 2018) and a pixel loss in which mouth and eyes count more; the saved weights are an
average over the last steps, which keeps them from flickering. The same seed sees the same pairs in the same order, also after
a resumption.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from steps.errors import BadWeights
from steps.pix2pixhd.architecture import Architecture
from steps.pix2pixhd.discriminator import MultiscaleDiscriminator
from steps.pix2pixhd.generator import build_generator
from steps.pix2pixhd.losses import feature_matching_loss, least_squares_loss, pixel_loss
from steps.pix2pixhd.memory import keep_freed_memory
from steps.pix2pixhd.normalisation import cheapen_norms
from steps.pix2pixhd.pairs import Batch, Pairs
from steps.pix2pixhd.quality import Quality, examine, sample_sheet
from steps.pix2pixhd.weights import save_generator
from steps.workspace import write_atomically

__all__ = ["PRESENTER_SIZED", "Course", "train_generator"]

PRESENTER_SIZED = Architecture(ngf=16, n_downsample_global=3, n_blocks_global=4)
"""For frames of about 320 x 320: 1.38 million parameters, 2.8 MB in half precision."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How to train. The course ends after `steps` or `minutes`, whichever comes first; rates and phases follow that."""

    steps: int = 5000
    minutes: float = 12.0
    seed: int = 1
    batch: int = 2
    architecture: Architecture = PRESENTER_SIZED
    pixels_only: float = 0.75
    """The share of the course before the discriminator joins in."""
    rate: float = 2e-3
    jitter: float = 0.2
    """Standard deviation, pixels, by which drawn landmarks are moved: found landmarks tremble, the picture must not."""
    adversarial: float = 0.02
    """Weight of the discriminator's verdict beside a pixel weight of 1."""
    matching: float = 0.1
    """Weight of feature matching."""
    averaging: float = 0.997
    """How much of the averaged weights a step keeps."""
    examined_every: int = 500
    """Steps between examinations on unseen frames, each of which may end the course and writes a checkpoint."""
    enough: float = 45.0
    """PSNR on unseen frames, dB, at which training may stop early."""


def train_generator(
    seen: Pairs,
    unseen: Pairs,
    out: Path,
    course: Course = Course(),
    samples: Path | None = None,
    say: Callable[[str], None] = print,
) -> Quality:
    """Train on `seen`, examine on `unseen` (consecutive frames of a motion), and write a half-precision state dict to `out`.

    A checkpoint beside `out` (`out` + `.training`) is taken up by the same call and removed at the end. `samples` names a picture
    written for people to look at. Raises BadWeights for a checkpoint of another course, NoRoom.
    """
    keep_freed_memory()
    training = Training(course)
    checkpoint = out.with_name(out.name + ".training")
    if checkpoint.exists():
        training.resume(checkpoint)
        say(f"step {training.step}: resumed from {checkpoint.name}")
    quality = None
    while training.share < 1:
        losses = training.advance(seen)
        if training.step % 50 == 0 or training.step == 1:
            say(f"step {training.step}/{course.steps} {training.seconds:.0f} s: {losses}")
        if training.step % course.examined_every == 0:
            quality = examine(training.averaged, unseen)
            say(f"step {training.step}: unseen frames: {quality}")
            write_atomically(checkpoint, training.checkpoint())
            if samples:
                write_picture(samples, sample_sheet(training.averaged, unseen))
            if quality.psnr >= course.enough:
                break
    quality = examine(training.averaged, unseen)
    save_generator(training.averaged.module, out, half=True)
    if samples:
        write_picture(samples, sample_sheet(training.averaged, unseen))
    checkpoint.unlink(missing_ok=True)
    say(f"{out.name}: {training.step} steps in {training.seconds:.0f} s; unseen frames: {quality}")
    return quality


@dataclass
class Training:
    """All that changes while training, so that it can be laid down and taken up again."""

    course: Course
    step: int = 0
    seconds: float = 0.0
    """Spent training, over all resumptions."""
    generator: nn.Module = field(init=False)
    averaged: AveragedModel = field(init=False)
    discriminator: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.course.seed)
        shape = self.course.architecture
        self.generator = prepared(build_generator(shape))
        self.averaged = AveragedModel(self.generator, multi_avg_fn=get_ema_multi_avg_fn(self.course.averaging))  # type: ignore[no-untyped-call]
        self.discriminator = prepared(MultiscaleDiscriminator(shape.input_nc + shape.output_nc, ndf=16, scales=2))
        self.generator_steps = Adam(self.generator.parameters(), betas=(0.5, 0.99))
        self.discriminator_steps = Adam(self.discriminator.parameters(), betas=(0.5, 0.99))

    @property
    def share(self) -> float:
        """How much of the course is done, 0 to 1."""
        return min(1.0, max(self.step / self.course.steps, self.seconds / 60 / self.course.minutes))

    def advance(self, seen: Pairs) -> str:
        """One step on a batch of its own; says what the losses were."""
        began = time.monotonic()
        chance = np.random.default_rng([self.course.seed, self.step])
        rows = chance.integers(len(seen), size=self.course.batch)
        jitter = chance.normal(0, self.course.jitter, (self.course.batch, 68, 2)).astype(np.float32)
        batch = seen.batch(rows, jitter)
        rate = self.course.rate * decay(self.share)
        with torch.autocast("cpu", torch.bfloat16):
            learn = self.learn_pixels if self.share < self.course.pixels_only else self.learn_looks
            losses = learn(batch, rate)
        self.averaged.update_parameters(self.generator)
        self.step += 1
        self.seconds += time.monotonic() - began
        return losses

    def learn_pixels(self, batch: Batch, rate: float) -> str:
        loss = pixel_loss(self.generator(batch.encoding), batch.picture, batch.weights)
        descend(self.generator_steps, loss, rate)
        return f"pixels {loss.item():.4f}"

    def learn_looks(self, batch: Batch, rate: float) -> str:
        made = self.generator(batch.encoding).float()
        real_pair = torch.cat([batch.encoding, batch.picture], 1)
        self.discriminator.requires_grad_(True)
        told_made = self.discriminator(torch.cat([batch.encoding, made.detach()], 1))
        told_real = self.discriminator(real_pair)
        doubt = 0.5 * (least_squares_loss(told_made, False) + least_squares_loss(told_real, True))
        descend(self.discriminator_steps, doubt, 4e-4)

        self.discriminator.requires_grad_(False)
        verdicts = self.discriminator(torch.cat([batch.encoding, made], 1))
        pixels = pixel_loss(made, batch.picture, batch.weights)
        fooling = least_squares_loss(verdicts, True)
        matching = feature_matching_loss(verdicts, told_real)
        loss = pixels + self.course.adversarial * fooling + self.course.matching * matching
        descend(self.generator_steps, loss, rate)
        return f"pixels {pixels.item():.4f} fooling {fooling.item():.3f} matching {matching.item():.3f} doubt {doubt.item():.3f}"

    def parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "averaged": self.averaged,
            "discriminator": self.discriminator,
            "generator_steps": self.generator_steps,
            "discriminator_steps": self.discriminator_steps,
        }

    def checkpoint(self) -> bytes:
        content = BytesIO()
        states = {name: part.state_dict() for name, part in self.parts().items()}
        torch.save({"course": repr(self.course), "step": self.step, "seconds": self.seconds, **states}, content)
        return content.getvalue()

    def resume(self, path: Path) -> None:
        """Take up a checkpoint of the same course. Raises BadWeights for any other."""
        try:
            saved = torch.load(path, weights_only=True)
            if saved["course"] != repr(self.course):
                raise BadWeights(f"{path}: of another course of training; remove it to begin anew")
            for name, part in self.parts().items():
                part.load_state_dict(saved[name])
            self.step, self.seconds = saved["step"], saved["seconds"]
        except BadWeights:
            raise
        except Exception as fault:  # torch raises anything from EOFError to RuntimeError on a damaged file
            raise BadWeights(f"{path}: the checkpoint is damaged; remove it to begin anew") from fault


def prepared(net: nn.Module) -> nn.Module:
    """Published initial weights (normal, 0.02), the memory order and norms that are quick on a CPU."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
    cheapen_norms(net)
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def decay(share: float) -> float:
    """A short warm-up, then a half cosine to a fiftieth."""
    return min(1.0, share / 0.02 + 0.05) * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * share))))


def descend(optimiser: Adam, loss: Tensor, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


def write_picture(path: Path, picture: np.ndarray[Any, Any]) -> None:
    _, content = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    write_atomically(path, content.tobytes())
