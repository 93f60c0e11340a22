"""Winograd convolution gives the result of a convolution."""

import numpy as np
import pytest
import torch

from steps.pix2pixhd.config import Architecture
from steps.pix2pixhd.networks import build_generator
from steps.pix2pixhd.optimized_generator import WINOGRAD_MIN_CHANNELS, OptimizedGenerator, WinogradConvolution


def naive_convolution(features, weight):
    """Every output pixel is the sum over its 3x3 neighbourhood, without padding."""
    count, _, height, width = features.shape
    result = np.zeros((count, len(weight), height - 2, width - 2))
    for y in range(height - 2):
        for x in range(width - 2):
            result[:, :, y, x] = np.einsum("nirs,oirs->no", features[:, :, y : y + 3, x : x + 3], weight)
    return result


@pytest.mark.parametrize("sides", [(4, 6), (5, 6), (4, 3), (1, 1)], ids=str)
def test_winograd_equals_naive_loops_for_any_size(sides):
    torch.manual_seed(5)
    features = torch.randn(2, 5, sides[0] + 2, sides[1] + 2).to(memory_format=torch.channels_last)
    weight = torch.randn(7, 5, 3, 3)
    result = WinogradConvolution(weight, torch.float32)(features)
    np.testing.assert_allclose(result, naive_convolution(features.numpy(), weight.numpy()), atol=2e-5)
    assert result.is_contiguous(memory_format=torch.channels_last)


def test_winograd_error_in_bfloat16_is_below_one_percent():
    torch.manual_seed(6)
    features = torch.randn(1, 64, 18, 34).bfloat16().to(memory_format=torch.channels_last)
    weight = torch.randn(64, 64, 3, 3)
    expected = torch.from_numpy(naive_convolution(features.double().numpy(), weight.double().numpy()))
    result = WinogradConvolution(weight, torch.bfloat16)(features).double()
    assert (result - expected).std() / expected.std() < 0.01


@pytest.mark.parametrize("sides", [(64, 32), (24, 40)], ids=["even tiles", "odd tiles"])
def test_net_of_published_width_is_the_same_in_float32(sides):
    torch.manual_seed(7)
    published = Architecture(ngf=64, n_downsample_global=3, n_blocks_global=1)
    assert published.ngf * 2**published.n_downsample_global >= WINOGRAD_MIN_CHANNELS
    generator = build_generator(published).eval().requires_grad_(False)
    encoding = torch.rand(1, 3, *sides)
    torch.testing.assert_close(OptimizedGenerator(generator, torch.float32)(encoding), generator(encoding), atol=2e-4, rtol=0)
