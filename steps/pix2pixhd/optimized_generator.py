"""A generator optimised for inference on a CPU: the published function up to rounding, computed in another way.

Optimisations:
- bfloat16 in channels_last, where the CPU multiplies it natively;
- wide residual blocks by Winograd convolution (`WinogradConvolution`): three quarters of a full-size net's work;
- instance norm as group norm, whose kernel supports channels_last (0.7 instead of 1.3 milliseconds for 16 channels at 320x320),
  ReLU in place or directly into the padded buffer of the next convolution; a bias before a norm cancels out and is dropped;
- the last two layers on 2x2 blocks of pixels (`BlockwiseOutputStage`).

Measured on AVX512-bf16 cores: a 320x320 frame of the presenter's net 72 -> 23 milliseconds on one core; figures of full-size
nets are printed by `python -m tests.bench.pix2pixhd_speed`. torch.compile is not used: it needs a C++ compiler at run time and
half a minute for each new shape.

Accuracy: a rounding error of the first layer would pass through the whole net, so its input are the 8-bit levels it is drawn
with, which bfloat16 represents exactly, and its weights, in a full-size net, are sums of two bfloat16 numbers.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, group_norm, pad

from steps.pix2pixhd.networks import Generator, LocalEnhancer, ResnetBlock

WINOGRAD_MIN_CHANNELS = 512
"""From this width on Winograd convolution is so much faster that its rounding and 1.8 times the memory are worth it."""

G = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0.0, 0.0, 1.0))
A = ((1.0, 1.0, 1.0, 0.0), (0.0, 1.0, -1.0, -1.0))


class WinogradConvolution(nn.Module):
    """3x3 convolution by Winograd's minimal filtering F(2x2, 3x3): 16 multiplications for 4 pixels instead of 36.

    Built from `weight` (O, I, 3, 3) in `dtype`; no bias, no padding, stride 1: (N, I, H + 2, W + 2) to (N, O, H, W). Each 2x2 of
    the result is computed from 4x4 of the input; both are transformed so that the convolution becomes 16 matrix products.
    Measured
    for 1024 channels at 64x32 in bfloat16 on two cores: 26 milliseconds, the direct convolution 46 (the CPU's peak rate). The
    transforms add rounding: an error of 0.6 % instead of 0.2 % of the result's standard deviation. They read and write four times
    the picture's memory, which does not pay for fewer channels.

    Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, section 4.1, whose names B, G, A are used.
    """

    def __init__(self, weight: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        outputs, inputs = weight.shape[:2]
        g, a = torch.tensor(G), torch.tensor(A)
        transformed = torch.einsum("pr,oirs,qs->pqio", g, weight.detach().float(), g)
        self.weight = nn.Parameter(transformed.reshape(16, inputs, outputs).to(dtype), requires_grad=False)
        self.inverse = nn.Parameter(torch.einsum("yp,xq->yxpq", a, a).reshape(4, 16).to(dtype), requires_grad=False)

    def forward(self, padded: Tensor) -> Tensor:
        """Input and output are channels_last."""
        height, width = padded.shape[2] - 2, padded.shape[3] - 2
        if height % 2 or width % 2:
            even: Tensor = self(nn.functional.pad(padded, (0, width % 2, 0, height % 2)))
            return even[:, :, :height, :width].contiguous(memory_format=torch.channels_last)
        tiles = transform_tiles(padded.permute(0, 2, 3, 1))
        products = torch.bmm(tiles.view(16, -1, padded.shape[1]), self.weight)
        # The inverse transform as one matrix product, so that it is rounded only once.
        pixels = torch.mm(self.inverse, products.view(16, -1))
        pixels = pixels.view(2, 2, len(padded), height // 2, width // 2, -1).permute(2, 3, 0, 4, 1, 5)
        return pixels.reshape(len(padded), height, width, -1).permute(0, 3, 1, 2)


def transform_tiles(pixels: Tensor) -> Tensor:
    """Transform B: (N, H + 2, W + 2, C) to (4, 4, N, H / 2, W / 2, C), the 4x4 values of every overlapping tile."""
    count, height, width, channels = pixels.shape
    tiles = pixels.new_empty(4, 4, count, height // 2 - 1, width // 2 - 1, channels)
    first, second, third, fourth = (pixels[:, row : height - 3 + row : 2] for row in range(4))
    for down, row in enumerate((first - third, second + third, third - second, second - fourth)):
        left, inner_left, inner_right, right = (row[:, :, column : width - 3 + column : 2] for column in range(4))
        torch.sub(left, inner_right, out=tiles[down, 0])
        torch.add(inner_left, inner_right, out=tiles[down, 1])
        torch.sub(inner_right, inner_left, out=tiles[down, 2])
        torch.sub(inner_left, right, out=tiles[down, 3])
    return tiles


class BlockwiseOutputStage(nn.Module):
    """The last upsampling and the convolution to a picture, on 2x2 blocks of pixels as channels (space to depth).

    Channel `4 c + 2 y + x` of a block is channel c of its pixel (y, x). A 7x7 convolution to 3 channels leaves most of a vector
    register unused; as a 4x4 convolution to 12 channels it does not (2.3 milliseconds instead of 6.1 for a 320x320 frame of 16
    channels on one core), and the transposed convolution before it yields blocks at no extra cost.
    """

    def __init__(self, upsampling: nn.ConvTranspose2d, last: nn.Conv2d, dtype: torch.dtype) -> None:
        super().__init__()
        self.channels = upsampling.out_channels
        self.upsampling = blockwise_transposed_convolution(upsampling.weight.detach().float()).to(
            dtype, memory_format=torch.channels_last
        )
        self.last = blockwise_convolution(last.weight.detach().float()).to(dtype, memory_format=torch.channels_last)
        self.bias = last.bias.detach().repeat_interleave(4).to(dtype) if last.bias is not None else None

    def forward(self, features: Tensor) -> Tensor:
        blocks = group_norm(conv2d(pad(features, (0, 1, 0, 1)), self.upsampling), self.channels)
        shifted = conv2d(relu_and_reflect_blocks(blocks), self.last, self.bias).tanh_()
        return torch.pixel_shuffle(shifted, 2)[:, :, 1:-1, 1:-1]


def blockwise_transposed_convolution(weight: Tensor) -> Tensor:
    """ConvTranspose2d(3, stride 2, padding 1, output_padding 1) as a 2x2 convolution to blocks: (I, O, 3, 3) to (4 O, I, 2, 2).

    Along one axis, out[2m] = w[1] x[m] and out[2m + 1] = w[2] x[m] + w[0] x[m + 1].
    """
    inputs, outputs = weight.shape[:2]
    blocks = weight.new_zeros(outputs, 2, 2, inputs, 2, 2)
    taps = ((0, 1, 0), (1, 2, 0), (1, 0, 1))  # pixel of the block, tap of the transposed kernel, tap of the block's kernel
    for pixel_y, from_y, to_y in taps:
        for pixel_x, from_x, to_x in taps:
            blocks[:, pixel_y, pixel_x, :, to_y, to_x] = weight[:, :, from_y, from_x].T
    return blocks.reshape(4 * outputs, inputs, 2, 2)


def blockwise_convolution(weight: Tensor) -> Tensor:
    """A 7x7 convolution as a 4x4 one from blocks to blocks: (O, I, 7, 7) to (4 O, 4 I, 4, 4).

    Output blocks begin one pixel earlier than input blocks, so that they depend on exactly 8 pixels, which are 4 blocks.
    """
    outputs, inputs = weight.shape[:2]
    pixels = weight.new_zeros(outputs, 2, 2, inputs, 8, 8)
    for y in range(2):
        for x in range(2):
            pixels[:, y, x, :, y : y + 7, x : x + 7] = weight
    blocks = pixels.reshape(4 * outputs, inputs, 4, 2, 4, 2).permute(0, 1, 3, 5, 2, 4)
    return blocks.reshape(4 * outputs, 4 * inputs, 4, 4)


def relu_and_reflect_blocks(blocks: Tensor) -> Tensor:
    """ReLU, then reflection padding of 4 pixels (2 blocks) at each side: (N, 4 C, H, W) to (N, 4 C, H + 4, W + 4).

    A pixel's mirror image keeps its position in the block: even pixels are mirrored about the first block and beyond the last
    one's edge, odd pixels the other way round.
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
    """(even pixels?, block of the padding, block that it mirrors); the picture's own blocks are 2 ... last - 2."""
    return (
        (True, 1, 3), (True, 0, 4), (True, last - 1, last - 2), (True, last, last - 3),
        (False, 1, 2), (False, 0, 3), (False, last - 1, last - 3), (False, last, last - 4),
    )  # fmt: skip


OUTPUT_STAGE = (nn.ConvTranspose2d, nn.InstanceNorm2d, nn.ReLU, nn.ReflectionPad2d, nn.Conv2d, nn.Tanh)
INPUT_STAGE_LAYERS = 4
"""Padding, convolution, norm, ReLU."""
STAGE_LAYERS = 3
"""Convolution, norm, ReLU."""
MAX_LEVEL = 255
"""The 8-bit level of 1.0."""
UNDERUSED_CHANNELS = 8
"""A convolution with fewer input channels takes no longer with twice as many, except in a small net."""
FULL_SIZE_CHANNELS = 32
"""Output channels of a full-size net's first layer. The presenter's net has 16: there two-part weights cost 1 of 23 ms and gain
nothing."""


class OptimizedGenerator(nn.Module):
    """A generator's function with a copy of its weights in `dtype` (bfloat16 or float32). For inference only."""

    def __init__(self, generator: Generator, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.enhancers = []
        if isinstance(generator, LocalEnhancer):
            self.enhancers = [
                (self.optimized(f"model{number}_1", generator), self.optimized(f"model{number}_2", generator))
                for number in generator.enhancers
            ]
        self.model = self.optimized("model", generator)

    def optimized(self, name: str, generator: Generator) -> nn.Sequential:
        return nn.Sequential(*optimize_layers([*generator.get_submodule(name).children()], self.dtype))

    @torch.inference_mode()
    def forward(self, encoding: Tensor) -> Tensor:
        """(N, input_nc, H, W) to (N, 3, H, W) in -1 ... 1, in the dtype it was built with.

        The encoding is float, or uint8 in which level k means k / 255.
        """
        levels = encoding if encoding.dtype == torch.uint8 else encoding.float() * MAX_LEVEL
        scales = [levels.float() if self.enhancers else levels]
        for _ in self.enhancers:
            scales.append(avg_pool2d(scales[-1], 3, stride=2, padding=1, count_include_pad=False))
        features: Tensor = self.model(scales.pop())
        for own, upward in self.enhancers:
            features = upward(own(scales.pop()).add_(features))
        return features


def optimize_layers(layers: Sequence[nn.Module], dtype: torch.dtype) -> Iterator[nn.Module]:
    """The published layers as optimised ones, stage by stage."""
    position = 0
    while position < len(layers):
        rest = layers[position:]
        if tuple(map(type, rest)) == OUTPUT_STAGE:
            yield BlockwiseOutputStage(rest[0], rest[4], dtype)  # type: ignore[arg-type]
            return
        if isinstance(rest[0], ResnetBlock):
            yield OptimizedResnetBlock(rest[0], dtype)
            position += 1
        elif isinstance(rest[0], nn.ReflectionPad2d):
            yield InputStage(rest[1], dtype)  # type: ignore[arg-type]
            position += INPUT_STAGE_LAYERS
        else:
            yield ConvolutionStage(rest[0], dtype)  # type: ignore[arg-type]
            position += STAGE_LAYERS


class InputStage(nn.Module):
    """Reflection padding, the 7x7 convolution of 8-bit levels, instance norm and ReLU."""

    def __init__(self, convolution: nn.Conv2d, dtype: torch.dtype) -> None:
        super().__init__()
        weight = convolution.weight.detach().float() / MAX_LEVEL
        parts = [weight.to(dtype)]
        full_size = convolution.in_channels < UNDERUSED_CHANNELS and convolution.out_channels >= FULL_SIZE_CHANNELS
        if full_size and dtype != torch.float32:
            parts.append((weight - parts[0].float()).to(dtype))
        self.copies = len(parts)
        self.weight = nn.Parameter(torch.cat(parts, 1).to(memory_format=torch.channels_last), requires_grad=False)

    def forward(self, levels: Tensor) -> Tensor:
        levels = levels.to(self.weight.dtype, memory_format=torch.channels_last)
        copied = torch.cat([levels] * self.copies, 1).contiguous(memory_format=torch.channels_last)
        return instance_norm(conv2d(pad(copied, (3, 3, 3, 3), mode="reflect"), self.weight)).relu_()


class ConvolutionStage(nn.Module):
    """Convolution (downsampling or upsampling), instance norm and ReLU."""

    def __init__(self, convolution: nn.Conv2d | nn.ConvTranspose2d, dtype: torch.dtype) -> None:
        super().__init__()
        self.convolution = without_bias(convolution, dtype)

    def forward(self, features: Tensor) -> Tensor:
        return instance_norm(self.convolution(features)).relu_()


class OptimizedResnetBlock(nn.Module):
    """`ResnetBlock`."""

    def __init__(self, block: ResnetBlock, dtype: torch.dtype) -> None:
        super().__init__()
        first, second = (layer for layer in block.conv_block if isinstance(layer, nn.Conv2d))
        self.first, self.second = block_convolution(first, dtype), block_convolution(second, dtype)

    def forward(self, features: Tensor) -> Tensor:
        hidden = instance_norm(self.first(reflection_pad(features))).relu_()
        return instance_norm(self.second(reflection_pad(hidden))).add_(features)


def block_convolution(convolution: nn.Conv2d, dtype: torch.dtype) -> nn.Module:
    wide = convolution.in_channels >= WINOGRAD_MIN_CHANNELS
    return WinogradConvolution(convolution.weight, dtype) if wide else without_bias(convolution, dtype)


def without_bias(convolution: nn.Conv2d | nn.ConvTranspose2d, dtype: torch.dtype) -> nn.Module:
    """A copy without bias, which has no effect before an instance norm."""
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
    copy.weight = nn.Parameter(convolution.weight.detach().to(dtype), requires_grad=False)
    return copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def instance_norm(features: Tensor) -> Tensor:
    return group_norm(features, features.shape[1])


def reflection_pad(features: Tensor) -> Tensor:
    return pad(features, (1, 1, 1, 1), mode="reflect")
