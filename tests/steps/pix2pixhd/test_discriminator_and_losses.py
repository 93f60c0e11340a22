"""The discriminator as published, and the losses against values computed by hand."""

import pytest
import torch

from steps.pix2pixhd.networks import MultiscaleDiscriminator, feature_matching_loss, least_squares_loss, pixel_loss
from steps.pix2pixhd.training.trainer import use_fast_instance_norm


def test_discriminator_has_the_published_keys_and_parameters():
    with torch.device("meta"):
        discriminator = MultiscaleDiscriminator(input_nc=39, ndf=64, layers=3, scales=2)
    layers = [(39, 64), (64, 128), (128, 256), (256, 512), (512, 1)]
    expected = 2 * sum(16 * before * after + after for before, after in layers)
    assert sum(p.numel() for p in discriminator.parameters()) == expected
    keys = {f"scale{s}_layer{n}.0.{part}" for s in range(2) for n in range(5) for part in ("weight", "bias")}
    assert discriminator.state_dict().keys() == keys


def test_discriminator_returns_every_layer_finest_scale_first():
    verdicts = MultiscaleDiscriminator(input_nc=6, ndf=8, layers=3, scales=2)(torch.rand(1, 6, 64, 64))
    shapes = [[tuple(tap.shape[1:]) for tap in taps] for taps in verdicts]
    assert shapes == [
        [(8, 33, 33), (16, 17, 17), (32, 9, 9), (64, 10, 10), (1, 11, 11)],
        [(8, 17, 17), (16, 9, 9), (32, 5, 5), (64, 6, 6), (1, 7, 7)],
    ]


def test_least_squares_loss_sums_predictions_over_scales():
    verdicts = [[torch.full((1, 4, 2, 2), 9.0), torch.full((1, 1, 2, 2), 0.5)], [torch.ones(1, 4, 1, 1), torch.zeros(1, 1, 1, 1)]]
    assert least_squares_loss(verdicts, real=True).item() == pytest.approx(0.25 + 1.0)
    assert least_squares_loss(verdicts, real=False).item() == pytest.approx(0.25 + 0.0)


def test_feature_matching_weights_layers_and_scales():
    made = [[torch.zeros(1), torch.zeros(1), torch.zeros(1)]] * 2
    real = [[torch.ones(1), torch.full((1,), 3.0), torch.full((1,), 99.0)]] * 2
    assert feature_matching_loss(made, real).item() == pytest.approx(2 * (4 / 2 / 2) * (1 + 3))


def test_pixel_loss_weights_each_pixel():
    made, real = torch.zeros(1, 3, 1, 2), torch.ones(1, 3, 1, 2)
    assert pixel_loss(made, real, torch.tensor([[[[1.0, 5.0]]]])).item() == pytest.approx(3.0)


def test_fast_norm_has_values_and_gradients_of_instance_norm():
    torch.manual_seed(2)
    features = (3 * torch.randn(2, 8, 12, 10) + 1).contiguous(memory_format=torch.channels_last)
    weights = torch.randn_like(features)
    results = []
    for cheap in (False, True):
        net = torch.nn.Sequential(torch.nn.InstanceNorm2d(8))
        if cheap:
            use_fast_instance_norm(net)
        leaf = features.clone().requires_grad_()
        out = net(leaf)
        (out * weights).sum().backward()
        results.append((out.detach(), leaf.grad))
    for plain, cheap in zip(*results, strict=True):
        torch.testing.assert_close(cheap, plain, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_prediction_sees_a_patch_of_the_published_size(layers, field):
    """Isola et al. 2017: 70x70 with three layers of stride 2. Computed from the input pixels that one prediction depends on."""
    discriminator = MultiscaleDiscriminator(input_nc=1, ndf=2, layers=layers, scales=1).eval()
    for module in discriminator.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.ones_(module.weight)
    # Instance norm looks at the whole picture; without it the reach of the convolutions alone remains.
    for name, layer in discriminator.named_children():
        layers = [part for part in layer if not isinstance(part, torch.nn.InstanceNorm2d)] if name != "downsample" else []
        if layers:
            setattr(discriminator, name, torch.nn.Sequential(*layers))
    picture = torch.ones(1, 1, 256, 256, requires_grad=True)
    verdict = discriminator(picture)[0][-1]
    verdict[0, 0, verdict.shape[2] // 2, verdict.shape[3] // 2].backward()
    rows = picture.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert len(rows) == int(rows[-1] - rows[0]) + 1 == field


def test_coarser_scale_averages_without_padding():
    seen = []
    discriminator = MultiscaleDiscriminator(input_nc=1, ndf=2, layers=1, scales=2)
    discriminator.scale0_layer0.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    picture = torch.rand(1, 1, 8, 8)
    discriminator(picture)
    naive = torch.empty(4, 4)
    for row in range(4):
        for column in range(4):
            window = picture[0, 0, max(0, 2 * row - 1) : 2 * row + 2, max(0, 2 * column - 1) : 2 * column + 2]
            naive[row, column] = window.mean()
    torch.testing.assert_close(seen[0][0, 0], naive)
