"""waveglow's inference against the papers' formulas as naive loops, and its tiling."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from small_waveglows import SMALL, TINY, build, fold, forward, naive_conditions, naive_coupling, plain_state, randoms

import steps.waveglow.model as net_module
from newsreel.errors import BadInput
from steps.waveglow.architecture import Architecture, CheckpointLayout, checkpoint_shapes
from steps.waveglow.model import scratch_width, split_into_tiles

pytestmark = pytest.mark.slow

FRAMES = 7


def waveglow(net=TINY, dtype=torch.float32, seed=0):
    return build(net, plain_state(net, seed), dtype)


def mel_of(net, frames=FRAMES, items=1, seed=5):
    return randoms(seed)(items, net.n_mel_channels, frames)


def test_the_published_net_has_the_published_sizes():
    shapes = checkpoint_shapes(Architecture(), CheckpointLayout())
    assert len(shapes) == 686
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 87_879_272
    assert Architecture().noise_channels == [4, 2, 2]
    assert Architecture().hop == 256
    assert (Architecture().sigma, Architecture(n_channels=512).sigma) == (0.6, 0.9)


@pytest.mark.parametrize("net", [SMALL, TINY])
def test_inference_inverts_the_published_direction(net):
    """The flow is a bijection: inference inverts the published direction, written as naive loops."""
    state, mel = plain_state(net), mel_of(net)
    sound = randoms(9)(FRAMES * net.hop).double().numpy()
    noise = forward(net, state, mel[0].double().numpy(), sound)
    again = build(net, state).infer(mel, sigma=1.0, noise=noise)
    assert again.shape == (1, FRAMES * net.hop)
    assert np.abs(again[0].numpy() - sound).max() < 1e-5 * np.abs(sound).max()


def test_a_coupling_matches_a_naive_loop_over_its_layers():
    net, state = TINY, plain_state(TINY)
    conditions, half = randoms(2)(40, net.condition_channels), randoms(3)(40, 3)
    scratch = torch.full((50, scratch_width(net)), torch.nan)
    shift, scale = fold(net, state, 2).shift_and_log_scale(half, conditions, scratch)
    naive = naive_coupling(net, state, 2, half.double().numpy().T, conditions.double().numpy().T)
    for ours, theirs in zip((shift, scale), naive, strict=True):
        assert np.abs(ours.numpy().T - theirs).max() < 1e-6


def test_the_1x1_convolution_is_inverted_exactly():
    net, state = TINY, plain_state(TINY)
    weight = state["convinv.1.conv.weight"][:, :, 0]
    both = weight @ fold(net, state, 1).inverse_1x1_convolution.T
    assert (both - torch.eye(len(weight))).abs().max() < 1e-6


def test_conditions_of_some_rows_equal_those_of_the_whole():
    net, mel = TINY, mel_of(TINY)[0]
    whole = naive_conditions(net, plain_state(net), mel.double().numpy()).T
    for rows in (range(FRAMES * 2), range(1), range(3, 5), range(5, 14), range(13, 14)):
        assert np.abs(waveglow().conditions(mel, rows).numpy() - whole[rows.start : rows.stop]).max() < 1e-5


@pytest.mark.parametrize("tile", [1, 7, 64])
def test_inference_in_tiles_equals_inference_as_a_whole(tile):
    net, mel = waveglow(), mel_of(TINY, frames=60)
    whole = net.infer(mel, seed=1)
    net.tile_rows = tile
    assert (net.infer(mel, seed=1) - whole).abs().max() < 1e-5 * whole.abs().max()


def test_a_coupling_has_exactly_its_receptive_field():
    assert Architecture().receptive_radius == 1 + 2 + 4 + 8 + 16 + 32 + 64 + 128 == 255
    net, rows, middle = TINY, 41, 20
    coupling = fold(net, plain_state(net), 0)
    conditions, half = torch.zeros(rows, net.condition_channels), torch.zeros(rows, 4)

    def output():
        return torch.cat(coupling.shift_and_log_scale(half, conditions, torch.zeros(rows, scratch_width(net))), dim=1)

    before = output()
    half[middle] = 1
    changed = (output() - before).abs().amax(dim=1).nonzero().flatten()
    assert (changed.min(), changed.max()) == (middle - 7, middle + 7)
    assert net.receptive_radius == 1 + 2 + 4


def test_audio_depends_on_mel_frames_within_the_receptive_field():
    net, frames, at = TINY, 120, 50
    mel = mel_of(net, frames)
    before = waveglow().infer(mel, seed=1)[0]
    mel[:, :, at] += 3
    changed = (waveglow().infer(mel, seed=1)[0] - before).nonzero().flatten()
    reach = (net.n_flows - 1) * net.receptive_radius * net.n_group  # the first flow to be inverted only reads its own rows
    assert changed.min() >= at * net.hop - reach
    assert changed.max() < at * net.hop + net.window + reach


def test_a_seed_determines_the_audio():
    net, mel = waveglow(), mel_of(TINY)
    assert torch.equal(net.infer(mel, seed=3), net.infer(mel, seed=3))
    assert not torch.equal(net.infer(mel, seed=3), net.infer(mel, seed=4))
    assert not torch.equal(net.infer(mel), net.infer(mel))


def test_noise_may_be_given_as_a_list_or_side_by_side():
    net, mel = waveglow(), mel_of(TINY, items=2)
    pieces = [randoms(8)(2, width, FRAMES * 2) for width in (4, 2, 2)]
    sound = net.infer(mel, noise=pieces)
    assert torch.equal(sound, net.infer(mel, noise=torch.cat(pieces, dim=1)))
    alone = net.infer(mel[1:], noise=[piece[1:] for piece in pieces])
    assert (alone[0] - sound[1]).abs().max() < 1e-5


@pytest.mark.parametrize("shape", [(1, 2, 9), (3, 9), (1, 3, 0), (1, 1, 3, 9)])
def test_a_mel_of_another_shape_is_refused(shape):
    with pytest.raises(BadInput, match="waveglow takes"):
        waveglow().infer(torch.zeros(shape))


@pytest.mark.parametrize("noise", [[], [torch.zeros(1, 4, 14)], torch.zeros(1, 8, 13), torch.zeros(1, 7, 14), torch.zeros(14)])
def test_noise_of_another_shape_is_refused(noise):
    with pytest.raises(BadInput, match="noise is"):
        waveglow().infer(mel_of(TINY), noise=noise)


def test_bfloat16_is_close_to_single_precision():
    mel = mel_of(TINY, 40)
    single, bfloat16 = (waveglow(dtype=dtype).infer(mel, seed=1) for dtype in (torch.float32, torch.bfloat16))
    assert 10 * torch.log10(single.square().mean() / (single - bfloat16).square().mean()) > 30


def test_half_precision_is_closer_than_bfloat16():
    mel = mel_of(TINY, 40)
    single, half = (waveglow(dtype=dtype).infer(mel, seed=1) for dtype in (torch.float32, torch.float16))
    assert 10 * torch.log10(single.square().mean() / (single - half).square().mean()) > 45


def test_a_single_frame_gives_finite_audio():
    assert waveglow().infer(mel_of(TINY, 1), seed=1).isfinite().all()


@pytest.mark.parametrize(("rows", "most", "workers"), [(1, 8, 2), (5000, 4096, 2), (513 * 4, 999, 4), (10**5, 6144, 3)])
def test_tiles_cover_every_row_once(rows, most, workers):
    tiles = split_into_tiles(rows, most, workers)
    assert [row for tile in tiles for row in tile] == [*range(rows)]
    assert max(map(len, tiles)) <= most


def test_memory_does_not_grow_with_the_length(tmp_path):
    """Except for what the allocator retains. Without tiles, 30 s more would take 400 MB more."""
    program = """
import dataclasses, resource, sys, torch
sys.path.insert(0, sys.argv[1])
from small_waveglows import VOICE, build, plain_state
torch.set_num_threads(1)
small = dataclasses.replace(VOICE, n_flows=2)
net = build(small, plain_state(small))
for seconds in (10, 40):
    net.infer(torch.zeros(1, 80, seconds * 22050 // 256), seed=1)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    home = str(net_module.__file__)
    ran = subprocess.run(
        [sys.executable, "-c", program, str(__file__).rsplit("/", 1)[0]],
        cwd=home.rsplit("/steps/", 1)[0],
        capture_output=True,
        text=True,
        check=True,
    )
    ten, forty = map(int, ran.stdout.split())
    assert forty - ten < 150
