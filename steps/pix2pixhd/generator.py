"""pix2pixHD's generators, layer by layer as published, so that weights files are exchangeable: the keys of the state dict are the
indices of these `nn.Sequential`s.

Source: Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", 2018; NVIDIA/pix2pixHD,
models/networks.py. Input (N, input_nc, H, W), output (N, output_nc, H, W) in -1 ... 1; H and W multiples of
`Architecture.side_multiple`. `renderer` runs the same nets faster.
"""

from typing import TypeAlias

from torch import Tensor, nn

from steps.pix2pixhd.architecture import Architecture

__all__ = ["Generator", "GlobalGenerator", "LocalEnhancer", "ResnetBlock", "build_generator"]


class ResnetBlock(nn.Module):
    """Two reflection-padded 3x3 convolutions with instance norm, added to their input. Channels and size are kept."""

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
    """Down, through residual blocks, up again: for pictures up to about 1024 x 512."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        body = encode_transform_decode(
            architecture.input_nc, architecture.ngf, architecture.n_downsample_global, architecture.n_blocks_global
        )
        self.model = nn.Sequential(*body, *to_picture(architecture.ngf, architecture.output_nc))

    def forward(self, encoding: Tensor) -> Tensor:
        picture: Tensor = self.model(encoding)
        return picture


class LocalEnhancer(nn.Module):
    """A global generator at the coarsest scale, without its last layer, and one enhancer for each doubling of the sides.

    Enhancer n is `model{n}_1` (features of its own scale's input) and `model{n}_2` (from the sum of both scales upward).
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
            last = to_picture(channels, architecture.output_nc) if number == enhancers else []
            blocks = [ResnetBlock(2 * channels) for _ in range(architecture.n_blocks_local)]
            self.add_module(f"model{number}_1", nn.Sequential(*from_picture(architecture.input_nc, channels), *halved(channels)))
            self.add_module(f"model{number}_2", nn.Sequential(*blocks, *doubled(2 * channels), *last))
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
    """A generator with torch's initial weights; under `torch.device("meta")` it takes no memory."""
    return LocalEnhancer(architecture) if architecture.net == "local" else GlobalGenerator(architecture)


def encode_transform_decode(input_nc: int, ngf: int, downsamplings: int, blocks: int) -> list[nn.Module]:
    """(N, input_nc, H, W) to (N, ngf, H, W), by way of (N, ngf * 2**downsamplings, H / 2**downsamplings, ...)."""
    widths = [ngf * 2**number for number in range(downsamplings + 1)]
    return [
        *from_picture(input_nc, ngf),
        *(layer for channels in widths[:-1] for layer in halved(channels)),
        *(ResnetBlock(widths[-1]) for _ in range(blocks)),
        *(layer for channels in widths[:0:-1] for layer in doubled(channels)),
    ]


def from_picture(input_nc: int, channels: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(input_nc, channels, 7), nn.InstanceNorm2d(channels), nn.ReLU()]


def to_picture(channels: int, output_nc: int) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(channels, output_nc, 7), nn.Tanh()]


def halved(channels: int) -> list[nn.Module]:
    """Half the sides, twice the channels."""
    convolution = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1)
    return [convolution, nn.InstanceNorm2d(2 * channels), nn.ReLU()]


def doubled(channels: int) -> list[nn.Module]:
    """Twice the sides, half the channels."""
    convolution = nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)
    return [convolution, nn.InstanceNorm2d(channels // 2), nn.ReLU()]
