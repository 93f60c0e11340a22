"""Inference: bit-identical in any batch, dropout seeded or given, ended by the gate."""

import pytest
import torch
from reading_net import SMALL, reading_net, seeded_net

from newsreel.errors import BadInput
from steps.tacotron2.decoder import BATCH_SIZE, BUFFER_SYMBOLS
from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import Tacotron2, draw_prenet_dropout


@pytest.fixture(scope="module")
def net():
    return seeded_net()


@pytest.fixture
def symbols():
    torch.manual_seed(11)
    return torch.randint(1, 148, (11, 30))


def same(one, other):
    return all(torch.equal(getattr(one, part), getattr(other, part)) for part in ("mel", "alignment", "gate"))


def test_a_sentence_is_bit_identical_in_any_batch(net, symbols):
    lengths, seeds = [30, 4, 17, 1, 29, 8, 30, 12, 3, 21, 9], [*range(11)]
    assert len(lengths) > BATCH_SIZE
    together = net.infer(symbols, lengths, seed=seeds, frames=12)
    backwards = net.infer(symbols.flip(0), lengths[::-1], seed=seeds[::-1], frames=12)[::-1]
    for number, (one, other) in enumerate(zip(together, backwards, strict=True)):
        row, size = symbols[number : number + 1], lengths[number]
        assert same(one, other)
        assert same(one, net.infer(row[:, :size], [size], seed=seeds[number], frames=12)[0])


@pytest.mark.slow
def test_the_net_of_full_size_is_bit_identical_in_any_batch():
    torch.manual_seed(3)
    net = Tacotron2(Architecture()).eval().requires_grad_(False)
    symbols = torch.randint(1, 148, (2, 40))
    both = net.infer(symbols, [40, 25], seed=[1, 2], frames=4)
    assert [tuple(one.mel.shape) for one in both] == [(4, 80), (4, 80)]
    assert same(both[1], net.infer(symbols[1:, :25], [25], seed=2, frames=4)[0])


def test_given_masks_equal_the_same_dropout_drawn_by_seed(net, symbols):
    masks = torch.stack([draw_prenet_dropout(seed, 12, SMALL.prenet_dim) for seed in (4, 9)], dim=2)
    drawn_by_seed = net.infer(symbols[:2], [30, 20], seed=[4, 9], frames=12)
    for given in (masks, 2.0 * masks):
        assert all(map(same, drawn_by_seed, net.infer(symbols[:2], [30, 20], masks=given, frames=12)))


def test_seeds_differ_and_more_frames_begin_the_same(net, symbols):
    first, second = (net.infer(symbols[:1], [30], seed=seed, frames=20)[0] for seed in (1, 2))
    assert not torch.equal(first.gate, second.gate)
    assert torch.equal(first.gate[:7], net.infer(symbols[:1], [30], seed=1, frames=7)[0].gate)


def test_the_gate_ends_one_sentence_while_others_continue(symbols):
    short, long = reading_net().infer(symbols[:2], [5, 9])
    assert (len(short.mel), len(long.mel)) == (5, 9)
    assert short.ended and long.ended
    assert (short.gate > 0).tolist() == [False] * 4 + [True]
    assert short.alignment.argmax(1).tolist() == [0, 1, 2, 3, 4]


def test_a_gate_that_never_fires_is_cut_off_at_the_limit(symbols):
    net = reading_net()
    net.decoder.gate_layer.linear_layer.weight.zero_()
    cut = net.infer(symbols[:1], [5], limit=23)[0]
    assert len(cut.mel) == 23 and not cut.ended


def test_a_fixed_number_of_frames_ignores_the_gate(symbols):
    assert [len(one.mel) for one in reading_net().infer(symbols[:2], [5, 9], frames=40)] == [40, 40]


def test_text_longer_than_the_default_buffer_is_read():
    length = BUFFER_SYMBOLS + 30
    read = reading_net().infer(torch.full((1, length), 20), [length])[0]
    assert read.alignment.argmax(1).tolist() == [*range(length)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_reduced_precision_is_close_to_single_precision(net, symbols, dtype):
    single = net.infer(symbols[:1], [30], frames=10)[0]
    reduced = net.optimized(dtype=dtype).infer(symbols[:1], [30], frames=10)[0]
    torch.testing.assert_close(reduced.mel, single.mel, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": torch.full((1, 5), 148)},
        {"symbols": torch.full((1, 5), -1)},
        {"symbols": torch.zeros(1, 5)},
        {"symbols": torch.ones(5, dtype=torch.int64)},
        {"lengths": [0]},
        {"lengths": [6]},
        {"lengths": [5, 5]},
        {"seed": [1, 2]},
        {"masks": torch.ones(3, 2, 2, 4)},
        {"masks": torch.ones(3, 2, 1, 4), "frames": 4},
    ],
)
def test_arguments_that_do_not_fit_are_refused(net, wrong):
    with pytest.raises(BadInput):
        net.infer(**({"symbols": torch.ones(1, 5, dtype=torch.int64), "lengths": [5]} | wrong))
