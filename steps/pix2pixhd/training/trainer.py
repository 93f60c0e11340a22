"""The trainer of one stage: networks, optimisers, one training step, and checkpoints of all of it.

The losses are pix2pixHD's (Wang et al. 2018) and a pixel loss in which mouth and eyes have more weight. It takes the place of the
published recipe's perceptual loss, which needs VGG-19's ImageNet weights; those cannot be shipped. An exponential moving average
of the weights is evaluated and saved, since it flickers less. The same seed gives the same batches in the same order, also after
a resumption.
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
from steps.pix2pixhd.config import TrainingConfig
from steps.pix2pixhd.networks import (
    MultiscaleDiscriminator,
    build_generator,
    feature_matching_loss,
    least_squares_loss,
    pixel_loss,
)
from steps.pix2pixhd.training.dataset import Batch, FrameDataset


@dataclass(frozen=True)
class Accelerator:
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    """The device that a generator is trained on, and the precision of its autocast."""

    dtype: torch.dtype = torch.bfloat16
    """float16 has too small a range for gradients: its losses are scaled."""

    @classmethod
    def detect(cls) -> "Accelerator":
        """The first GPU, with bfloat16 if it supports it, else with float16; without a GPU the CPU, with bfloat16."""
        if not torch.cuda.is_available():
            return cls()
        torch.backends.cudnn.benchmark = True
        return cls(torch.device("cuda"), torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)

    def autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, self.dtype)

    def scaler(self) -> torch.amp.GradScaler:
        """Scales losses for float16; does nothing for other types."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype is torch.float16)


CPU = Accelerator()


class InstanceNormFunction(torch.autograd.Function):
    """Instance norm with a fast backward pass in channels_last; half of a training step on a CPU would be spent on it otherwise.

    torch's own backward pass converts channels_last tensors to another layout and back (measured per 16-channel 320x320 bfloat16
    picture on one core: 10.7 ms; here 2 ms). The result is that of `nn.InstanceNorm2d` up to bfloat16's rounding.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, eps: float) -> Tensor:
        count, channels, height, width = features.shape
        # Instance norm is group norm with one channel a group, which has a kernel for channels_last.
        normal, _, scale = torch.native_group_norm(features, None, None, count, channels, height * width, channels, eps)
        ctx.save_for_backward(normal, scale)
        return normal

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """dx = scale * (g - mean(g) - y * mean(g * y)), means over a channel's pixels."""
        normal, scale = ctx.saved_tensors
        count, channels, height, width = normal.shape
        gradient, normal = (tensor.permute(0, 2, 3, 1).reshape(count, height, -1) for tensor in (gradients[0], normal))
        average = gradient.new_full((count, 1, height * width), 1 / (height * width))

        def mean(rows: Tensor) -> Tensor:
            return torch.bmm(average, rows.view(count, height * width, channels)).view(count, channels)

        def along_row(values: Tensor) -> Tensor:
            """(count, channels) to (count, 1, width * channels): broadcasting over whole rows is many times faster."""
            return values.to(gradient.dtype).repeat(1, width).unsqueeze(1)

        slope = mean(gradient * normal)
        result = normal * along_row(-slope)
        result += gradient
        result -= along_row(mean(gradient))
        result *= along_row(scale.view(count, channels))
        return result.view(count, height, width, channels).permute(0, 3, 1, 2), None


class FastInstanceNorm(nn.Module):
    def __init__(self, eps: float) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        normal: Tensor = InstanceNormFunction.apply(features, self.eps)  # type: ignore[no-untyped-call]
        return normal


def use_fast_instance_norm(net: nn.Module) -> None:
    """Replace every `nn.InstanceNorm2d` of a net in channels_last by `FastInstanceNorm`. The state dict stays the same."""
    for module in [*net.modules()]:
        for name, child in module.named_children():
            if isinstance(child, nn.InstanceNorm2d):
                setattr(module, name, FastInstanceNorm(child.eps))


DISCRIMINATOR_RATE = 4e-4


@dataclass
class Trainer:
    """One stage of a training on one device."""

    config: TrainingConfig
    accelerator: Accelerator = CPU
    global_state: Mapping[str, Tensor] | None = None
    """For a local generator: state of the global generator that it starts from."""
    step: int = 0
    seconds: float = 0.0
    """Time spent on training, over all resumptions."""
    generator: nn.Module = field(init=False)
    averaged: AveragedModel = field(init=False)
    discriminator: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        torch.manual_seed(self.config.seed)
        shape = self.config.architecture
        self.generator = self.initialize(build_generator(shape))
        if self.global_state is not None:
            self.generator.load_state_dict(global_part(self.generator, self.global_state), strict=False)
        self.averaged = AveragedModel(self.generator, multi_avg_fn=moving_average(self.config.ema_decay))  # type: ignore[no-untyped-call]
        scales = self.config.discriminator_scales
        discriminator = MultiscaleDiscriminator(shape.input_nc + shape.output_nc, ndf=self.config.ndf, scales=scales)
        self.discriminator = self.initialize(discriminator)
        self.generator_optimizer = Adam(self.generator.parameters(), betas=(0.5, 0.99))
        self.discriminator_optimizer = Adam(self.discriminator.parameters(), betas=(0.5, 0.99))
        self.scaler = self.accelerator.scaler()

    def initialize(self, net: nn.Module) -> nn.Module:
        """Published initial weights (normal, 0.02), channels_last; on a CPU with `FastInstanceNorm`."""
        for module in net.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
        if self.accelerator.device.type == "cpu":
            use_fast_instance_norm(net)
        return net.to(self.accelerator.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    @property
    def progress(self) -> float:
        """Fraction of the training that is done, 0 to 1."""
        return min(1.0, max(self.step / self.config.steps, self.seconds / 60 / self.config.minutes))

    @property
    def weights(self) -> dict[str, Tensor]:
        """The averaged generator's state, on the CPU."""
        return {key: tensor.detach().cpu().clone() for key, tensor in self.averaged.module.state_dict().items()}

    def train_step(self, dataset: FrameDataset) -> dict[str, float]:
        """One training step on a random batch; returns its losses by name."""
        began = time.monotonic()
        random = np.random.default_rng([self.config.seed, self.step])
        rows = random.integers(len(dataset), size=self.config.batch)
        jitter = random.normal(0, self.config.jitter, (self.config.batch, 68, 2)).astype(np.float32)
        batch = dataset.batch(rows, jitter).to(self.accelerator.device)
        rate = self.config.learning_rate * learning_rate_factor(self.progress)
        if self.global_state is not None:
            self.generator.get_submodule("model").requires_grad_(self.progress >= self.config.frozen_global)
        train = self.pixel_step if self.progress < self.config.adversarial_start else self.adversarial_step
        losses = {name: loss.item() for name, loss in train(batch, rate).items()}
        self.scaler.update()
        self.averaged.update_parameters(self.generator)
        self.step += 1
        self.seconds += time.monotonic() - began
        return losses

    def pixel_step(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        with self.accelerator.autocast():
            loss = pixel_loss(self.generator(batch.encoding), batch.picture, batch.weights)
        self.descend(self.generator_optimizer, loss, rate)
        return {"pixels": loss}

    def adversarial_step(self, batch: Batch, rate: float) -> dict[str, Tensor]:
        """One update of the discriminator, then one of the generator. The losses' names are those of the training report."""
        self.discriminator.requires_grad_(True)
        with self.accelerator.autocast():
            generated = self.generator(batch.encoding).float()
            on_generated = self.discriminator(torch.cat([batch.encoding, generated.detach()], 1))
            on_real = self.discriminator(torch.cat([batch.encoding, batch.picture], 1))
            discriminator_loss = 0.5 * (least_squares_loss(on_generated, False) + least_squares_loss(on_real, True))
        self.descend(self.discriminator_optimizer, discriminator_loss, DISCRIMINATOR_RATE)

        self.discriminator.requires_grad_(False)
        with self.accelerator.autocast():
            on_generated = self.discriminator(torch.cat([batch.encoding, generated], 1))
            pixels = pixel_loss(generated, batch.picture, batch.weights)
            adversarial = least_squares_loss(on_generated, True)
            matching = feature_matching_loss(on_generated, on_real)
            loss = pixels + self.config.adversarial_weight * adversarial + self.config.feature_matching_weight * matching
        self.descend(self.generator_optimizer, loss, rate)
        return {"pixels": pixels, "fooling": adversarial, "matching": matching, "doubt": discriminator_loss}

    def descend(self, optimizer: Adam, loss: Tensor, rate: float) -> None:
        """One step of gradient descent."""
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.step(optimizer)

    def stateful(self) -> dict[str, Any]:
        """All that a checkpoint holds the state of, by name."""
        return {
            "generator": self.generator,
            "averaged": self.averaged,
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "scaler": self.scaler,
        }

    def checkpoint(self, **extra: object) -> bytes:
        """The whole state, and `extra` of the caller: tensors, numbers, text, lists and mappings."""
        content = BytesIO()
        states = {name: part.state_dict() for name, part in self.stateful().items()}
        torch.save({"config": repr(self.config), "step": self.step, "seconds": self.seconds, **extra, **states}, content)
        return content.getvalue()

    def resume(self, path: Path) -> dict[str, Any]:
        """Restore the state from a checkpoint of the same configuration; returns all it holds. Raises BadWeights for another."""
        try:
            saved = read_content(path)
        except BadWeights as fault:
            raise BadWeights(f"{path}: the checkpoint is damaged; remove it to start again") from fault
        if not isinstance(saved, dict) or saved.get("config") != repr(self.config):
            raise BadWeights(f"{path}: the checkpoint is of another training configuration; remove it to start again")
        try:
            for name, part in self.stateful().items():
                part.load_state_dict(saved[name])
            self.step, self.seconds = int(saved["step"]), float(saved["seconds"])
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as fault:
            raise BadWeights(f"{path}: the checkpoint is damaged; remove it to start again") from fault
        return saved


def global_part(local: nn.Module, global_state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The part of a global generator's state that a local one contains: all but the output layers."""
    own = local.state_dict()
    shared = {key: tensor for key, tensor in global_state.items() if key in own}
    missing = [key for key in own if key.startswith("model.") and key not in shared]
    misshapen = [key for key, tensor in shared.items() if tensor.shape != own[key].shape]
    if missing or misshapen:
        raise ValueError(f"not the global part of this generator: {', '.join([*missing, *misshapen])}")
    return shared


def moving_average(most: float) -> Callable[[Any, Any, Any], None]:
    """Exponential moving average with decay `most`, less at first, so that the initial weights are soon forgotten."""

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        decay = min(most, (1 + int(steps)) / (10 + int(steps)))
        with torch.no_grad():
            for old, new in zip(averaged, current, strict=True):
                old.lerp_(new, 1 - decay)

    return update


def learning_rate_factor(progress: float) -> float:
    """Schedule of the learning rate: a short warm-up, then a half cosine down to a fiftieth."""
    return min(1.0, progress / 0.02 + 0.05) * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * progress))))
