"""waveglow's inference against the papers' formulas written as loops, and what makes it fit any length."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from small_waveglows import SMALL, TINY, built, folded, forward, naive_conditions, naive_coupling, plain_state, randoms

import steps.waveglow.net as net_module
from newsreel.errors import BadInput
from steps.waveglow.architecture import Architecture, Layout, layout
from steps.waveglow.coupling import desk_width
from steps.waveglow.net import tiles_of

pytestmark = pytest.mark.slow

FRAMES = 7


def waveglow(net=TINY, kind=torch.float32, seed=0):
    return built(net, plain_state(net, seed), kind)


def mel_of(net, frames=FRAMES, items=1, seed=5):
    return randoms(seed)(items, net.mels, frames)


def test_the_published_net_has_the_published_numbers():
    shapes = layout(Architecture(), Layout())
    assert len(shapes) == 686
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 87_879_272
    assert Architecture().noise_widths == [4, 2, 2]
    assert Architecture().hop == 256
    assert (Architecture().sigma, Architecture(channels=512).sigma) == (0.6, 0.9)


@pytest.mark.parametrize("net", [SMALL, TINY])
def test_sound_made_noise_by_the_formulas_is_made_sound_again(net):
    """The flow is a bijection: what the published direction, written as loops, does to a sound, inference undoes."""
    state, mel = plain_state(net), mel_of(net)
    sound = randoms(9)(FRAMES * net.hop).double().numpy()
    noise = forward(net, state, mel[0].double().numpy(), sound)
    again = built(net, state).infer(mel, sigma=1.0, noise=noise)
    assert again.shape == (1, FRAMES * net.hop)
    assert np.abs(again[0].numpy() - sound).max() < 1e-5 * np.abs(sound).max()


def test_a_coupling_is_its_layers_loop_by_loop():
    net, state = TINY, plain_state(TINY)
    conditions, half = randoms(2)(40, net.conditions), randoms(3)(40, 3)
    desk = torch.full((50, desk_width(net)), torch.nan)
    shift, scale = folded(net, state, 2).shifts_and_scales(half, conditions, desk)
    naive = naive_coupling(net, state, 2, half.double().numpy().T, conditions.double().numpy().T)
    for ours, theirs in zip((shift, scale), naive, strict=True):
        assert np.abs(ours.numpy().T - theirs).max() < 1e-6


def test_a_mixing_is_undone_exactly():
    net, state = TINY, plain_state(TINY)
    mixing = state["convinv.1.conv.weight"][:, :, 0]
    both = mixing @ folded(net, state, 1).unmixing.T
    assert (both - torch.eye(len(mixing))).abs().max() < 1e-6


def test_any_rows_have_the_conditions_that_all_of_them_have():
    net, mel = TINY, mel_of(TINY)[0]
    whole = naive_conditions(net, plain_state(net), mel.double().numpy()).T
    for rows in (range(FRAMES * 2), range(1), range(3, 5), range(5, 14), range(13, 14)):
        assert np.abs(waveglow().conditions(mel, rows).numpy() - whole[rows.start : rows.stop]).max() < 1e-5


@pytest.mark.parametrize("tile", [1, 7, 64])
def test_in_tiles_a_sound_is_what_it_is_as_a_whole(tile):
    net, mel = waveglow(), mel_of(TINY, frames=60)
    whole = net.infer(mel, seed=1)
    net.tile = tile
    assert (net.infer(mel, seed=1) - whole).abs().max() < 1e-5 * whole.abs().max()


def test_a_coupling_reaches_as_far_as_its_dilations_add_up_and_no_further():
    assert Architecture().reach == 1 + 2 + 4 + 8 + 16 + 32 + 64 + 128 == 255
    net, rows, middle = TINY, 41, 20
    coupling = folded(net, plain_state(net), 0)
    conditions, half = torch.zeros(rows, net.conditions), torch.zeros(rows, 4)

    def output():
        return torch.cat(coupling.shifts_and_scales(half, conditions, torch.zeros(rows, desk_width(net))), dim=1)

    before = output()
    half[middle] = 1
    changed = (output() - before).abs().amax(dim=1).nonzero().flatten()
    assert (changed.min(), changed.max()) == (middle - 7, middle + 7)
    assert net.reach == 1 + 2 + 4


def test_a_sound_depends_on_mel_frames_no_further_than_the_flows_reach():
    net, frames, at = TINY, 120, 50
    mel = mel_of(net, frames)
    before = waveglow().infer(mel, seed=1)[0]
    mel[:, :, at] += 3
    changed = (waveglow().infer(mel, seed=1)[0] - before).nonzero().flatten()
    reach = (net.flows - 1) * net.reach * net.group  # the first flow to be undone is conditioned without reaching
    assert changed.min() >= at * net.hop - reach
    assert changed.max() < at * net.hop + net.window + reach


def test_the_same_seed_gives_the_same_sound_and_another_another():
    net, mel = waveglow(), mel_of(TINY)
    assert torch.equal(net.infer(mel, seed=3), net.infer(mel, seed=3))
    assert not torch.equal(net.infer(mel, seed=3), net.infer(mel, seed=4))
    assert not torch.equal(net.infer(mel), net.infer(mel))


def test_noise_may_be_given_in_pieces_or_side_by_side():
    net, mel = waveglow(), mel_of(TINY, items=2)
    pieces = [randoms(8)(2, width, FRAMES * 2) for width in (4, 2, 2)]
    sound = net.infer(mel, noise=pieces)
    assert torch.equal(sound, net.infer(mel, noise=torch.cat(pieces, dim=1)))
    alone = net.infer(mel[1:], noise=[piece[1:] for piece in pieces])
    assert (alone[0] - sound[1]).abs().max() < 1e-5


@pytest.mark.parametrize("shape", [(1, 2, 9), (3, 9), (1, 3, 0), (1, 1, 3, 9)])
def test_what_is_no_mel_spectrogram_is_refused(shape):
    with pytest.raises(BadInput, match="waveglow takes"):
        waveglow().infer(torch.zeros(shape))


@pytest.mark.parametrize("noise", [[], [torch.zeros(1, 4, 14)], torch.zeros(1, 8, 13), torch.zeros(1, 7, 14), torch.zeros(14)])
def test_noise_of_another_shape_is_refused(noise):
    with pytest.raises(BadInput, match="noise is"):
        waveglow().infer(mel_of(TINY), noise=noise)


def test_bfloat16_is_close_to_single_precision():
    mel = mel_of(TINY, 40)
    exact, quick = (waveglow(kind=kind).infer(mel, seed=1) for kind in (torch.float32, torch.bfloat16))
    assert 10 * torch.log10(exact.square().mean() / (exact - quick).square().mean()) > 30


def test_half_precision_as_on_a_gpu_is_closer():
    mel = mel_of(TINY, 40)
    exact, half = (waveglow(kind=kind).infer(mel, seed=1) for kind in (torch.float32, torch.float16))
    assert 10 * torch.log10(exact.square().mean() / (exact - half).square().mean()) > 45


def test_one_frame_and_the_shortest_tiles_are_sound():
    assert waveglow().infer(mel_of(TINY, 1), seed=1).isfinite().all()


@pytest.mark.parametrize(("rows", "most", "workers"), [(1, 8, 2), (5000, 4096, 2), (513 * 4, 999, 4), (10**5, 6144, 3)])
def test_tiles_cover_every_row_once(rows, most, workers):
    tiles = tiles_of(rows, most, workers)
    assert [row for tile in tiles for row in tile] == [*range(rows)]
    assert max(map(len, tiles)) <= most


def test_the_memory_of_forty_seconds_is_that_of_ten(tmp_path):
    """But for what the allocator keeps. As a whole, the conditions and the desk of 30 s more would be 400 MB more."""
    program = """
import dataclasses, resource, sys, torch
sys.path.insert(0, sys.argv[1])
from small_waveglows import VOICE, built, plain_state
torch.set_num_threads(1)
small = dataclasses.replace(VOICE, flows=2)
net = built(small, plain_state(small))
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
