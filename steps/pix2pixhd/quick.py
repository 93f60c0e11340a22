"""The same generator, rearranged for a CPU: what it computes is the published net up to rounding, how it does so is not.

What makes it quick:
- bfloat16 in channels_last, where the processor multiplies it natively;
- wide residual blocks by Winograd's convolution (`winograd`): they are three quarters of a full-size net's work;
- instance norm as a group norm, whose kernel knows channels_last (0.7 instead of 1.3 milliseconds for 16 channels at 320x320),
  ReLU in place or straight into the padded buffer of the next convolution; a bias before a norm cancels out and is dropped;
- the last two layers on blocks of pixels (`blockwise`).

Measured on AVX512-bf16 cores: a 320x320 frame of the presenter's net 72 -> 23 milliseconds on one core; figures of full-size
nets are printed by `python -m tests.bench.pix2pixhd_speed`. torch.compile was not taken: it needs a C++ compiler at run time,
and half a minute for each new shape.

What keeps it near the net in single precision: the first layer's rounding would run through the whole net, so its input is
taken as the 8-bit levels it is drawn with, which bfloat16 holds exactly, and its weights, where a net is of full size, as sums
of two bfloat16 numbers.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, group_norm, pad

from steps.pix2pixhd.blockwise import BlockwiseTail
from steps.pix2pixhd.generator import Generator, LocalEnhancer, ResnetBlock
from steps.pix2pixhd.winograd import WORTHWHILE_CHANNELS, WinogradConvolution

__all__ = ["QuickGenerator"]

TAIL = (nn.ConvTranspose2d, nn.InstanceNorm2d, nn.ReLU, nn.ReflectionPad2d, nn.Conv2d, nn.Tanh)
HEAD = 4
"""Layers of the head: padding, convolution, norm, ReLU."""
STAGE = 3
"""Layers of a stage: convolution, norm, ReLU."""
LEVELS = 255
"""What a float of 1 is as an 8-bit level."""
IDLE_CHANNELS = 8
"""A convolution from fewer channels than this takes as long with twice as many, unless it is a small net's."""
FULL_SIZE_CHANNELS = 32
"""Of the first layer. The presenter's has 16: there two-part weights cost 1 ms of 23 and win nothing."""


class QuickGenerator(nn.Module):
    """Built from a generator, whose weights it copies in `kind` (bfloat16 or float32). For inference."""

    def __init__(self, generator: Generator, kind: torch.dtype) -> None:
        super().__init__()
        self.kind = kind
        self.enhancers = []
        if isinstance(generator, LocalEnhancer):
            self.enhancers = [
                (self.quickened(f"model{number}_1", generator), self.quickened(f"model{number}_2", generator))
                for number in generator.enhancers
            ]
        self.model = self.quickened("model", generator)

    def quickened(self, name: str, generator: Generator) -> nn.Sequential:
        return nn.Sequential(*quickened([*generator.get_submodule(name).children()], self.kind))

    @torch.inference_mode()
    def forward(self, encoding: Tensor) -> Tensor:
        """(N, input_nc, H, W) to (N, 3, H, W) in -1 ... 1, of the kind it was built for.

        The encoding is float, or uint8 whose level k stands for k / 255.
        """
        levels = encoding if encoding.dtype == torch.uint8 else encoding.float() * LEVELS
        scales = [levels.float() if self.enhancers else levels]
        for _ in self.enhancers:
            scales.append(avg_pool2d(scales[-1], 3, stride=2, padding=1, count_include_pad=False))
        features: Tensor = self.model(scales.pop())
        for own, upward in self.enhancers:
            features = upward(own(scales.pop()).add_(features))
        return features


def quickened(layers: Sequence[nn.Module], kind: torch.dtype) -> Iterator[nn.Module]:
    """The published layers, stage by stage, as quick ones."""
    position = 0
    while position < len(layers):
        rest = layers[position:]
        if tuple(map(type, rest)) == TAIL:
            yield BlockwiseTail(rest[0], rest[4], kind)  # type: ignore[arg-type]
            return
        if isinstance(rest[0], ResnetBlock):
            yield QuickBlock(rest[0], kind)
            position += 1
        elif isinstance(rest[0], nn.ReflectionPad2d):
            yield Head(rest[1], kind)  # type: ignore[arg-type]
            position += HEAD
        else:
            yield Stage(rest[0], kind)  # type: ignore[arg-type]
            position += STAGE


class Head(nn.Module):
    """Reflection padding, the 7x7 convolution from levels, instance norm and ReLU."""

    def __init__(self, convolution: nn.Conv2d, kind: torch.dtype) -> None:
        super().__init__()
        weight = convolution.weight.detach().float() / LEVELS
        parts = [weight.to(kind)]
        full_size = convolution.in_channels < IDLE_CHANNELS and convolution.out_channels >= FULL_SIZE_CHANNELS
        if full_size and kind != torch.float32:
            parts.append((weight - parts[0].float()).to(kind))
        self.copies = len(parts)
        self.weight = nn.Parameter(torch.cat(parts, 1).to(memory_format=torch.channels_last), requires_grad=False)

    def forward(self, levels: Tensor) -> Tensor:
        levels = levels.to(self.weight.dtype, memory_format=torch.channels_last)
        copied = torch.cat([levels] * self.copies, 1).contiguous(memory_format=torch.channels_last)
        return instance_norm(conv2d(pad(copied, (3, 3, 3, 3), mode="reflect"), self.weight)).relu_()


class Stage(nn.Module):
    """Convolution, up or down, instance norm and ReLU."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, kind: torch.dtype) -> None:
        super().__init__()
        self.convolution = without_bias(convolution, kind)

    def forward(self, features: Tensor) -> Tensor:
        return instance_norm(self.convolution(features)).relu_()


class QuickBlock(nn.Module):
    """`ResnetBlock`."""

    def __init__(self, block: ResnetBlock, kind: torch.dtype) -> None:
        super().__init__()
        first, second = (layer for layer in block.conv_block if isinstance(layer, nn.Conv2d))
        self.first, self.second = refining(first, kind), refining(second, kind)

    def forward(self, features: Tensor) -> Tensor:
        refined = instance_norm(self.first(reflected(features))).relu_()
        return instance_norm(self.second(reflected(refined))).add_(features)


def refining(convolution: nn.Conv2d, kind: torch.dtype) -> nn.Module:
    wide = convolution.in_channels >= WORTHWHILE_CHANNELS
    return WinogradConvolution(convolution.weight, kind) if wide else without_bias(convolution, kind)


def without_bias(convolution: nn.Conv2d | nn.ConvTranspose2d, kind: torch.dtype) -> nn.Module:
    """A copy; a bias before an instance norm has no effect."""
    copy = type(convolution)(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        stride=convolution.stride,  # type: ignore[arg-type]
        padding=convolution.padding,  # type: ignore[arg-type]
        bias=False,
        device="meta",
        **({"output_padding": convolution.output_padding} if isinstance(convolution, nn.ConvTranspose2d) else {}),  # type: ignore[arg-type]
    )
    copy.weight = nn.Parameter(convolution.weight.detach().to(kind), requires_grad=False)
    return copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def instance_norm(features: Tensor) -> Tensor:
    return group_norm(features, features.shape[1])


def reflected(features: Tensor) -> Tensor:
    return pad(features, (1, 1, 1, 1), mode="reflect")
