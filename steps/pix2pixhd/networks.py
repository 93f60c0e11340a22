"""pix2pixHD's generators, discriminator and losses, layer by layer as published, so that weights files are exchangeable.

Generators: input (N, input_nc, H, W), output (N, output_nc, H, W) in -1 ... 1; H and W multiples of `Architecture.side_multiple`.
The keys of the state dict are the indices of the `nn.Sequential`s. `optimized_generator` runs the same nets faster.

Discriminator: every layer's output is returned for the feature-matching loss (getIntermFeat), hence the keys
`scale{s}_layer{l}.{i}`; scale 0 sees the coarsest picture.

Source: Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", 2018, section 3 and
equations 2-5; NVIDIA/pix2pixHD, models/networks.py; LSGAN: Mao et al., "Least Squares Generative Adversarial Networks", 2017.
"""

from itertools import pairwise
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from steps.pix2pixhd.config import Architecture


class ResnetBlock(nn.Module):
    """Two reflection-padded 3x3 convolutions with instance norm, added to their input: (N, C, H, W) to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        refined: Tensor = self.conv_block(features)
        return features + refined


class GlobalGenerator(nn.Module):
    """Downsampling, residual blocks, upsampling: for pictures up to about 1024 x 512."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        body = encode_transform_decode(
            architecture.input_nc, architecture.ngf, architecture.n_downsample_global, architecture.n_blocks_global
        )
        self.model = nn.Sequential(*body, *output_layers(architecture.ngf, architecture.output_nc))

    def forward(self, encoding: Tensor) -> Tensor:
        picture: Tensor = self.model(encoding)
        return picture


class LocalEnhancer(nn.Module):
    """A global generator at the coarsest scale, without its output layers, and one enhancer for each doubling of the size.

    Enhancer n is `model{n}_1` (features of its own scale's input) and `model{n}_2` (from the sum of both scales to twice the
    size).
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        enhancers = architecture.n_local_enhancers
        self.enhancers = range(1, enhancers + 1)
        inner = architecture.ngf * 2**enhancers
        self.model = nn.Sequential(
            *encode_transform_decode(architecture.input_nc, inner, architecture.n_downsample_global, architecture.n_blocks_global)
        )
        for number in self.enhancers:
            channels = architecture.ngf * 2 ** (enhancers - number)
            last = output_layers(channels, architecture.output_nc) if number == enhancers else []
            blocks = [ResnetBlock(2 * channels) for _ in range(architecture.n_blocks_local)]
            self.add_module(
                f"model{number}_1", nn.Sequential(*input_layers(architecture.input_nc, channels), *downsampling(channels))
            )
            self.add_module(f"model{number}_2", nn.Sequential(*blocks, *upsampling(2 * channels), *last))
        self.downsample = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)

    def forward(self, encoding: Tensor) -> Tensor:
        scales = [encoding]
        for _ in self.enhancers:
            scales.append(self.downsample(scales[-1]))
        features: Tensor = self.model(scales.pop())
        for number in self.enhancers:
            own = self.get_submodule(f"model{number}_1")(scales.pop())
            features = self.get_submodule(f"model{number}_2")(own + features)
        return features


Generator: TypeAlias = GlobalGenerator | LocalEnhancer


def build_generator(architecture: Architecture) -> Generator:
    """Build a generator with torch's initial weights; under `torch.device("meta")` it takes no memory."""
    return LocalEnhancer(architecture) if architecture.net == "local" else GlobalGenerator(architecture)


def encode_transform_decode(input_nc: int, ngf: int, downsamplings: int, blocks: int) -> list[nn.Module]:
    """(N, input_nc, H, W) to (N, ngf, H, W), through (N, ngf * 2**downsamplings, H / 2**downsamplings, ...)."""
    widths = [ngf * 2**number for number in range(downsamplings + 1)]
    return [
        *input_layers(input_nc, ngf),
        *(layer for channels in widths[:-1] for layer in downsampling(channels)),
        *(ResnetBlock(widths[-1]) for _ in range(blocks)),
        *(layer for channels in widths[:0:-1] for layer in upsampling(channels)),
    ]


def input_layers(input_nc: int, channels: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(input_nc, channels, 7), nn.InstanceNorm2d(channels), nn.ReLU()]


def output_layers(channels: int, output_nc: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(channels, output_nc, 7), nn.Tanh()]


def downsampling(channels: int) -> list[nn.Module]:
    """(N, C, H, W) to (N, 2 C, H / 2, W / 2)."""
    convolution = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
    return [convolution, nn.InstanceNorm2d(2 * channels), nn.ReLU()]


def upsampling(channels: int) -> list[nn.Module]:
    """(N, C, H, W) to (N, C / 2, 2 H, 2 W)."""
    convolution = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)
    return [convolution, nn.InstanceNorm2d(channels // 2), nn.ReLU()]


KERNEL, PADDING = 4, 2
MAX_CHANNELS = 512


class MultiscaleDiscriminator(nn.Module):
    """`scales` PatchGANs of the same architecture, each on a picture of half the size of the one before."""

    def __init__(self, input_nc: int, ndf: int = 64, layers: int = 3, scales: int = 3) -> None:
        super().__init__()
        self.scales, self.layers = scales, layers + 2
        for scale in range(scales):
            for number, layer in enumerate(patch_layers(input_nc, ndf, layers)):
                self.add_module(f"scale{scale}_layer{number}", layer)
        self.downsample = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)

    def forward(self, pair: Tensor) -> list[list[Tensor]]:
        """Outputs of every layer, by scale, finest first; the last of a scale is its prediction, one value a patch.

        `pair` is the encoding and the picture, concatenated: (N, input_nc, H, W).
        """
        outputs = []
        for scale in reversed(range(self.scales)):
            layers = []
            features = pair
            for number in range(self.layers):
                features = self.get_submodule(f"scale{scale}_layer{number}")(features)
                layers.append(features)
            outputs.append(layers)
            pair = self.downsample(pair)
        return outputs


def patch_layers(input_nc: int, ndf: int, layers: int) -> list[nn.Sequential]:
    """The layers of one PatchGAN: `layers` of stride 2, one more of stride 1, and the prediction."""
    widths = [min(ndf * 2**number, MAX_CHANNELS) for number in range(layers + 1)]
    first = nn.Sequential(nn.Conv2d(input_nc, ndf, KERNEL, stride=2, padding=PADDING), nn.LeakyReLU(0.2))
    middle = [
        nn.Sequential(
            nn.Conv2d(before, after, KERNEL, stride=1 if number == layers else 2, padding=PADDING),
            nn.InstanceNorm2d(after),
            nn.LeakyReLU(0.2),
        )
        for number, (before, after) in enumerate(pairwise(widths), start=1)
    ]
    return [first, *middle, nn.Sequential(nn.Conv2d(widths[-1], 1, KERNEL, padding=PADDING))]


def least_squares_loss(outputs: list[list[Tensor]], real: bool) -> Tensor:
    """LSGAN loss: sum over scales of the mean squared difference of each patch's prediction from 1 (real) or 0 (generated)."""
    predictions = [layers[-1].float() for layers in outputs]
    losses = [mse_loss(prediction, torch.full_like(prediction, float(real))) for prediction in predictions]
    return sum(losses[1:], losses[0])


def feature_matching_loss(generated: list[list[Tensor]], real: list[list[Tensor]]) -> Tensor:
    """L1 distance between the discriminator's features of the generated and of the real picture.

    Weights as published: 4 / layers for a layer, 1 / scales for a scale; the prediction itself is not included.
    """
    losses = []
    for generated_layers, real_layers in zip(generated, real, strict=True):
        weight = 4.0 / (len(generated_layers) - 1) / len(generated)
        pairs = zip(generated_layers[:-1], real_layers[:-1], strict=True)
        losses += [weight * l1_loss(ours.float(), theirs.detach().float()) for ours, theirs in pairs]
    return sum(losses[1:], losses[0])


def pixel_loss(generated: Tensor, real: Tensor, weights: Tensor) -> Tensor:
    """Weighted L1 loss of pictures (N, C, H, W); `weights` (N, 1, H, W)."""
    return ((generated.float() - real.float()).abs() * weights).mean()
