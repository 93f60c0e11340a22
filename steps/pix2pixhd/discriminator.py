"""pix2pixHD's multi-scale discriminator as published, every layer's output tapped for the feature-matching loss.

Source: Wang et al. 2018, section 3.2; NVIDIA/pix2pixHD, models/networks.py with getIntermFeat, hence the keys
`scale{s}_layer{l}.{i}`: scale 0 sees the coarsest picture.
"""

from itertools import pairwise

from torch import Tensor, nn

__all__ = ["MultiscaleDiscriminator"]

KERNEL, PADDING = 4, 2
WIDEST = 512


class MultiscaleDiscriminator(nn.Module):
    """`scales` PatchGANs of the same shape, each on a picture of half the sides of the one before."""

    def __init__(self, input_nc: int, ndf: int = 64, layers: int = 3, scales: int = 3) -> None:
        super().__init__()
        self.scales, self.layers = scales, layers + 2
        for scale in range(scales):
            for number, layer in enumerate(patch_layers(input_nc, ndf, layers)):
                self.add_module(f"scale{scale}_layer{number}", layer)
        self.downsample = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)

    def forward(self, pair: Tensor) -> list[list[Tensor]]:
        """`pair` is encoding and picture (N, input_nc, H, W). Of each scale, finest first, every layer's output;
        the last is the verdict, one value a patch."""
        verdicts = []
        for scale in reversed(range(self.scales)):
            taps = []
            features = pair
            for number in range(self.layers):
                features = self.get_submodule(f"scale{scale}_layer{number}")(features)
                taps.append(features)
            verdicts.append(taps)
            pair = self.downsample(pair)
        return verdicts


def patch_layers(input_nc: int, ndf: int, layers: int) -> list[nn.Sequential]:
    """The layers of one PatchGAN: `layers` of stride 2, one more of stride 1, and the verdict."""
    widths = [min(ndf * 2**number, WIDEST) for number in range(layers + 1)]
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
