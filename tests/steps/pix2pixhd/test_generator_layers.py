"""The nets compared with the paper, the published options and naive loops."""

import numpy as np
import pytest
import torch

from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.networks import ResnetBlock, build_generator

PUBLISHED_LOCAL = Architecture(net="local", ngf=32, input_nc=36, n_local_enhancers=1, n_blocks_local=3)
PUBLISHED_GLOBAL = Architecture(ngf=64, input_nc=36)


def weights_of(channels_in: int, channels_out: int, kernel: int) -> int:
    return channels_in * channels_out * kernel**2 + channels_out


def test_local_generator_has_182_9_million_parameters():
    with torch.device("meta"):
        generator = build_generator(PUBLISHED_LOCAL)
    inner = (
        weights_of(36, 64, 7)
        + sum(weights_of(n, 2 * n, 3) for n in (64, 128, 256, 512))
        + 9 * 2 * weights_of(1024, 1024, 3)
        + sum(weights_of(2 * n, n, 3) for n in (512, 256, 128, 64))
    )
    enhancer = weights_of(36, 32, 7) + weights_of(32, 64, 3) + 6 * weights_of(64, 64, 3) + weights_of(64, 32, 3)
    expected = inner + enhancer + weights_of(32, 3, 7)
    assert sum(p.numel() for p in generator.parameters()) == expected == 182_857_059


def test_global_generator_has_the_published_parameters():
    with torch.device("meta"):
        generator = build_generator(PUBLISHED_GLOBAL)
    assert sum(p.numel() for p in generator.parameters()) == 182_546_755


def test_global_generator_has_the_published_keys():
    with torch.device("meta"):
        keys = build_generator(PUBLISHED_GLOBAL).state_dict().keys()
    stages = [f"model.{n}" for n in (1, 4, 7, 10, 13, 25, 28, 31, 34, 38)]
    blocks = [f"model.{n}.conv_block.{m}" for n in range(16, 25) for m in (1, 5)]
    assert set(keys) == {f"{name}.{part}" for name in stages + blocks for part in ("weight", "bias")}


def test_local_generator_has_the_published_keys():
    with torch.device("meta"):
        whole, enhanced = (build_generator(a).state_dict().keys() for a in (PUBLISHED_GLOBAL, PUBLISHED_LOCAL))
    names = ["model1_1.1", "model1_1.4", "model1_2.3", "model1_2.7"]
    names += [f"model1_2.{n}.conv_block.{m}" for n in range(3) for m in (1, 5)]
    assert enhanced - whole == {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    assert whole - enhanced == {"model.38.weight", "model.38.bias"}


@pytest.mark.parametrize("sides", [(512, 1024), (1024, 2048)])
def test_layers_have_the_shapes_of_the_paper(sides):
    with torch.device("meta"):
        generator = build_generator(PUBLISHED_LOCAL)
        shapes = {}
        for name, layer in generator.named_modules():
            layer.register_forward_hook(lambda _, __, out, name=name: shapes.update({name: tuple(out.shape[1:])}))
        picture = generator(torch.empty(1, 36, *sides))
    height, width = sides
    assert picture.shape == (1, 3, height, width)
    assert shapes["downsample"] == (36, height // 2, width // 2)
    assert shapes["model.16"] == (1024, height // 32, width // 32)
    assert shapes["model"] == shapes["model1_1"] == (64, height // 2, width // 2)
    assert shapes["model1_2.6"] == (32, height + 6, width + 6)


def test_residual_block_equals_naive_loops():
    torch.manual_seed(1)
    block = ResnetBlock(3)
    features = torch.randn(1, 3, 5, 6)
    first, second = block.conv_block[1], block.conv_block[5]
    inner = np.maximum(naive_norm(naive_convolution(features[0].numpy(), first)), 0)
    expected = features[0].numpy() + naive_norm(naive_convolution(inner, second))
    np.testing.assert_allclose(block(features)[0].detach().numpy(), expected, atol=1e-5)


def test_downsampling_averages_only_pixels_of_the_picture():
    downsample = build_generator(Architecture(net="local", ngf=2, n_downsample_global=1, n_local_enhancers=1)).downsample
    picture = torch.arange(24.0).view(1, 1, 4, 6)
    expected = [[picture[0, 0, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].mean().item() for x in (0, 2, 4)] for y in (0, 2)]
    assert downsample(picture)[0, 0].tolist() == expected


def naive_convolution(features, layer):
    """3x3 over a mirrored border: the pixel beside the border is mirrored, not the border itself."""
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    channels, height, width = features.shape
    result = np.zeros((len(weight), height, width))
    for o in range(len(weight)):
        for y in range(height):
            for x in range(width):
                result[o, y, x] = bias[o]
                for i in range(channels):
                    for dy in (-1, 0, 1):
                        for dx in (-1, 0, 1):
                            pixel = features[i, mirrored(y + dy, height), mirrored(x + dx, width)]
                            result[o, y, x] += weight[o, i, dy + 1, dx + 1] * pixel
    return result


def mirrored(position, length):
    if position < 0:
        return -position
    return 2 * (length - 1) - position if position >= length else position


def naive_norm(features):
    """Every channel of every picture on its own: mean 0, variance 1 (biased), epsilon 1e-5."""
    return np.stack([(plane - plane.mean()) / np.sqrt(((plane - plane.mean()) ** 2).mean() + 1e-5) for plane in features])


def test_picture_depends_on_receptive_field_and_norms():
    torch.manual_seed(3)
    generator = build_generator(Architecture(ngf=16, n_downsample_global=1, n_blocks_global=1)).eval()
    for module in generator.modules():
        if isinstance(module, torch.nn.InstanceNorm2d):
            module.forward = lambda features: features
    encoding = torch.rand(1, 3, 64, 64, requires_grad=True)
    generator(encoding)[0, 0, 32, 32].backward()
    touched = encoding.grad.abs().sum(1)[0].nonzero()
    # 7x7 at both ends (6 + 6), 3x3 down (2), two 3x3 at half size (2 * 2 * 2), 3x3 transposed (at most 2): within 24 pixels.
    extent = (touched.max(0).values - touched.min(0).values + 1).tolist()
    assert all(20 <= side <= 25 for side in extent)
