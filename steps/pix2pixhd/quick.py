"""The same generator, rearranged for a CPU: what it computes is the published net up to rounding, how it does so is not.

Three things make it quick (milliseconds a 320x320 frame of the presenter's net on one AVX512-bf16 core, beside plain torch):
- bfloat16 in channels_last, where the processor multiplies it natively: 72 to 47;
- instance norm as a group norm, whose kernel knows channels_last (0.7 instead of 1.3 for 16 channels), ReLU in place or straight
  into the padded buffer of the next convolution; a bias before a norm cancels out and is dropped;
- the last two layers on 2x2 blocks of pixels as channels (space to depth): a 7x7 convolution to 3 channels leaves most of a
  vector register idle, the same one as 4x4 to 12 channels does not (2.3 instead of 6.1), and the transposed convolution before
  it delivers blocks at no extra cost.
All in all 72 to 23. Of that 8.6 are the residual blocks, which run at what the processor can multiply. torch.compile was not
taken: it needs a C++ compiler at run time, and half a minute for each new shape.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, group_norm, pad

from steps.pix2pixhd.generator import Generator, LocalEnhancer, ResnetBlock

__all__ = ["QuickGenerator"]

TAIL = (nn.ConvTranspose2d, nn.InstanceNorm2d, nn.ReLU, nn.ReflectionPad2d, nn.Conv2d, nn.Tanh)
STAGE = 3
"""Layers of a stage: convolution, norm, ReLU."""


class QuickGenerator(nn.Module):
    """Built from a generator, whose weights it copies in `kind` (bfloat16 or float32). For inference, one thread at a time."""

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
        """(N, input_nc, H, W) to (N, 3, H, W) in -1 ... 1, of the kind it was built for."""
        scales = [encoding.to(self.kind, memory_format=torch.channels_last)]
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
            yield rest[0]
            position += 1
        else:
            yield Stage(rest[0], kind)  # type: ignore[arg-type]
            position += STAGE


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
        self.first, self.second = without_bias(first, kind), without_bias(second, kind)

    def forward(self, features: Tensor) -> Tensor:
        refined = instance_norm(self.first(reflected(features))).relu_()
        return instance_norm(self.second(reflected(refined))).add_(features)


class BlockwiseTail(nn.Module):
    """The last doubling and the convolution to a picture, on blocks: channel `4 c + 2 y + x` is channel c of pixel (y, x)."""

    def __init__(self, doubling: nn.ConvTranspose2d, last: nn.Conv2d, kind: torch.dtype) -> None:
        super().__init__()
        self.channels = doubling.out_channels
        self.doubling = blockwise_doubling(doubling.weight.detach().float()).to(kind, memory_format=torch.channels_last)
        self.last = blockwise_last(last.weight.detach().float()).to(kind, memory_format=torch.channels_last)
        self.bias = last.bias.detach().repeat_interleave(4).to(kind) if last.bias is not None else None

    def forward(self, features: Tensor) -> Tensor:
        blocks = group_norm(conv2d(pad(features, (0, 1, 0, 1)), self.doubling), self.channels)
        shifted = conv2d(reflected_blocks(blocks), self.last, self.bias).tanh_()
        return torch.pixel_shuffle(shifted, 2)[:, :, 1:-1, 1:-1]


def without_bias(convolution: nn.Conv2d | nn.ConvTranspose2d, kind: torch.dtype) -> nn.Module:
    """A copy; a bias before an instance norm has no effect."""
    copy = type(convolution)(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        stride=convolution.stride,  # type: ignore[arg-type]
        padding=convolution.padding,  # type: ignore[arg-type]
        bias=False,
        **({"output_padding": convolution.output_padding} if isinstance(convolution, nn.ConvTranspose2d) else {}),  # type: ignore[arg-type]
    )
    copy.weight = nn.Parameter(convolution.weight.detach().to(kind), requires_grad=False)
    return copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def instance_norm(features: Tensor) -> Tensor:
    return group_norm(features, features.shape[1])


def reflected(features: Tensor) -> Tensor:
    return pad(features, (1, 1, 1, 1), mode="reflect")


def blockwise_doubling(weight: Tensor) -> Tensor:
    """ConvTranspose2d(3, stride 2, padding 1, output_padding 1) as a 2x2 convolution to blocks: (I, O, 3, 3) to (4 O, I, 2, 2).

    Along one axis, out[2m] = w[1] x[m] and out[2m + 1] = w[2] x[m] + w[0] x[m + 1].
    """
    inputs, outputs = weight.shape[:2]
    blocks = weight.new_zeros(outputs, 2, 2, inputs, 2, 2)
    taps = ((0, 1, 0), (1, 2, 0), (1, 0, 1))
    """Pixel of the block, tap of the transposed kernel, tap of the block's kernel."""
    for pixel_y, from_y, to_y in taps:
        for pixel_x, from_x, to_x in taps:
            blocks[:, pixel_y, pixel_x, :, to_y, to_x] = weight[:, :, from_y, from_x].T
    return blocks.reshape(4 * outputs, inputs, 2, 2)


def blockwise_last(weight: Tensor) -> Tensor:
    """A 7x7 convolution as a 4x4 one from blocks to blocks: (O, I, 7, 7) to (4 O, 4 I, 4, 4).

    The blocks it gives begin one pixel earlier than those it takes: then 8 pixels, 4 blocks, hold all they depend on.
    """
    outputs, inputs = weight.shape[:2]
    pixels = weight.new_zeros(outputs, 2, 2, inputs, 8, 8)
    for y in range(2):
        for x in range(2):
            pixels[:, y, x, :, y : y + 7, x : x + 7] = weight
    blocks = pixels.reshape(4 * outputs, inputs, 4, 2, 4, 2).permute(0, 1, 3, 5, 2, 4)
    return blocks.reshape(4 * outputs, 4 * inputs, 4, 4)


def reflected_blocks(blocks: Tensor) -> Tensor:
    """ReLU, then the reflection of 4 pixels, which is 2 blocks, to each side: (N, 4 C, H, W) to (N, 4 C, H + 4, W + 4).

    A pixel's mirror image keeps its place in the block: even pixels are mirrored about the first block and beyond the last
    one's edge, odd ones the other way round.
    """
    count, channels, height, width = blocks.shape
    padded = torch.empty((count, channels, height + 4, width + 4), dtype=blocks.dtype, memory_format=torch.channels_last)
    torch.clamp_min(blocks, 0, out=padded[:, :, 2:-2, 2:-2])
    parts = padded.permute(0, 2, 3, 1).view(count, height + 4, width + 4, channels // 4, 2, 2)
    for axis, parity_axis in ((2, 5), (1, 4)):
        even, odd = (parts.select(parity_axis, parity) for parity in (0, 1))
        last = parts.shape[axis] - 1
        for side, mirrored, source in mirror_pairs(last):
            plane = even if side else odd
            plane.select(axis, mirrored).copy_(plane.select(axis, source))
    return padded


def mirror_pairs(last: int) -> tuple[tuple[bool, int, int], ...]:
    """Even pixels?, the padding's block, the block it mirrors; the picture's blocks are 2 ... last - 2."""
    return (
        (True, 1, 3), (True, 0, 4), (True, last - 1, last - 2), (True, last, last - 3),
        (False, 1, 2), (False, 0, 3), (False, last - 1, last - 3), (False, last, last - 4),
    )  # fmt: skip
