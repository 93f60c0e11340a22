"""All that changes while a generator is trained: one step of it, and laying it down and taking it up again.

The losses are pix2pixHD's (Wang et al. 2018) and a pixel loss in which mouth and eyes count more. It stands where the published
recipe may have a perceptual loss: that needs VGG-19's ImageNet weights, which cannot be shipped. The averaged weights are what is
examined and kept; averaging keeps them from flickering. The same seed sees the same pairs in the same order, also after a
resumption.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.swa_utils import AveragedModel

from newsreel.errors import BadWeights
from newsreel.weights.state_dict import read_content
from steps.pix2pixhd.course import Course
from steps.pix2pixhd.discriminator import MultiscaleDiscriminator
from steps.pix2pixhd.generator import build_generator
from steps.pix2pixhd.losses import feature_matching_loss, least_squares_loss, pixel_loss
from steps.pix2pixhd.machine import PROCESSOR, Machine
from steps.pix2pixhd.normalisation import cheapen_norms
from steps.pix2pixhd.pairs import Batch, Pairs

__all__ = ["Training", "inner_part"]

DISCRIMINATOR_RATE = 4e-4


@dataclass
class Training:
    """One stage of a course on one machine."""

    course: Course
    machine: Machine = PROCESSOR
    coarse: Mapping[str, Tensor] | None = None
    """For a local generator: the state of the global generator it begins with."""
    step: int = 0
    seconds: float = 0.0
    """Spent training, over all resumptions."""
    generator: nn.Module = field(init=False)
    averaged: AveragedModel = field(init=False)
    discriminator: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.course.seed)
        shape = self.course.architecture
        self.generator = self.prepared(build_generator(shape))
        if self.coarse is not None:
            self.generator.load_state_dict(inner_part(self.generator, self.coarse), strict=False)
        self.averaged = AveragedModel(self.generator, multi_avg_fn=moving_average(self.course.averaging))  # type: ignore[no-untyped-call]
        judge = MultiscaleDiscriminator(shape.input_nc + shape.output_nc, ndf=self.course.ndf, scales=self.course.discriminators)
        self.discriminator = self.prepared(judge)
        self.generator_steps = Adam(self.generator.parameters(), betas=(0.5, 0.99))
        self.discriminator_steps = Adam(self.discriminator.parameters(), betas=(0.5, 0.99))
        self.scaler = self.machine.scaler()

    def prepared(self, net: nn.Module) -> nn.Module:
        """Published initial weights (normal, 0.02) and channels_last; on a CPU with norms whose gradient is quick there."""
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
        if self.machine.device.type == "cpu":
            cheapen_norms(net)
        return net.to(self.machine.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    @property
    def share(self) -> float:
        """How much of the course is done, 0 to 1."""
        return min(1.0, max(self.step / self.course.steps, self.seconds / 60 / self.course.minutes))

    @property
    def weights(self) -> dict[str, Tensor]:
        """The averaged generator's state, on the CPU."""
        return {key: tensor.detach().cpu().clone() for key, tensor in self.averaged.module.state_dict().items()}

    def advance(self, seen: Pairs) -> dict[str, float]:
        """One step on a batch of its own; its losses by name."""
        began = time.monotonic()
        chance = np.random.default_rng([self.course.seed, self.step])
        rows = chance.integers(len(seen), size=self.course.batch)
        jitter = chance.normal(0, self.course.jitter, (self.course.batch, 68, 2)).astype(np.float32)
        batch = seen.batch(rows, jitter).to(self.machine.device)
        rate = self.course.rate * decay(self.share)
        if self.coarse is not None:
            self.generator.get_submodule("model").requires_grad_(self.share >= self.course.fixed_global)
        learn = self.learn_pixels if self.share < self.course.pixels_only else self.learn_looks
        losses = {name: loss.item() for name, loss in learn(batch, rate).items()}
        self.scaler.update()
        self.averaged.update_parameters(self.generator)
        self.step += 1
        self.seconds += time.monotonic() - began
        return losses

    def learn_pixels(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        with self.machine.autocast():
            loss = pixel_loss(self.generator(batch.encoding), batch.picture, batch.weights)
        self.descend(self.generator_steps, loss, rate)
        return {"pixels": loss}

    def learn_looks(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        """The discriminator learns to tell made from real, then the generator to be taken for real."""
        self.discriminator.requires_grad_(True)
        with self.machine.autocast():
            made = self.generator(batch.encoding).float()
            told_made = self.discriminator(torch.cat([batch.encoding, made.detach()], 1))
            told_real = self.discriminator(torch.cat([batch.encoding, batch.picture], 1))
            doubt = 0.5 * (least_squares_loss(told_made, False) + least_squares_loss(told_real, True))
        self.descend(self.discriminator_steps, doubt, DISCRIMINATOR_RATE)

        self.discriminator.requires_grad_(False)
        with self.machine.autocast():
            verdicts = self.discriminator(torch.cat([batch.encoding, made], 1))
            pixels = pixel_loss(made, batch.picture, batch.weights)
            fooling = least_squares_loss(verdicts, True)
            matching = feature_matching_loss(verdicts, told_real)
            loss = pixels + self.course.adversarial * fooling + self.course.matching * matching
        self.descend(self.generator_steps, loss, rate)
        return {"pixels": pixels, "fooling": fooling, "matching": matching, "doubt": doubt}

    def descend(self, optimiser: Adam, loss: Tensor, rate: float) -> None:
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(optimiser)

    def parts(self) -> dict[str, Any]:
        return {
            "generator": self.generator,
            "averaged": self.averaged,
            "discriminator": self.discriminator,
            "generator_steps": self.generator_steps,
            "discriminator_steps": self.discriminator_steps,
            "scaler": self.scaler,
        }

    def checkpoint(self, **beside: object) -> bytes:
        """Everything, and what the caller keeps beside it: tensors, numbers, text, lists and mappings."""
        content = BytesIO()
        states = {name: part.state_dict() for name, part in self.parts().items()}
        torch.save({"course": repr(self.course), "step": self.step, "seconds": self.seconds, **beside, **states}, content)
        return content.getvalue()

    def resume(self, path: Path) -> dict[str, Any]:
        """Take up a checkpoint of the same course; all it holds. Raises BadWeights for any other."""
        try:
            saved = read_content(path)
        except BadWeights as fault:
            raise BadWeights(f"{path}: the checkpoint is damaged; remove it to begin anew") from fault
        if not isinstance(saved, dict) or saved.get("course") != repr(self.course):
            raise BadWeights(f"{path}: of another course of training; remove it to begin anew")
        try:
            for name, part in self.parts().items():
                part.load_state_dict(saved[name])
            self.step, self.seconds = int(saved["step"]), float(saved["seconds"])
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as fault:
            raise BadWeights(f"{path}: the checkpoint is damaged; remove it to begin anew") from fault
        return saved


def inner_part(local: nn.Module, coarse: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What of a global generator's state a local one has inside: all but the last layer, which made the picture."""
    own = local.state_dict()
    shared = {key: tensor for key, tensor in coarse.items() if key in own}
    missing = [key for key in own if key.startswith("model.") and key not in shared]
    misshapen = [key for key, tensor in shared.items() if tensor.shape != own[key].shape]
    if missing or misshapen:
        raise ValueError(f"not the global part of this generator: {', '.join([*missing, *misshapen])}")
    return shared


def moving_average(most: float) -> Callable[[Any, Any, Any], None]:
    """An average over the last 1 / (1 - most) steps, over fewer early on: the first would long be seen in it."""

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        kept = min(most, (1 + int(steps)) / (10 + int(steps)))
        with torch.no_grad():
            for old, new in zip(averaged, current, strict=True):
                old.lerp_(new, 1 - kept)

    return update


def decay(share: float) -> float:
    """A short warm-up, then a half cosine to a fiftieth."""
    return min(1.0, share / 0.02 + 0.05) * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * share))))
