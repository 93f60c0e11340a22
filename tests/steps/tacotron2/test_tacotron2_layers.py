"""The net as the papers define it: sizes by counting, every block against a naive loop in NumPy."""

import math

import numpy as np
import torch
from reading_net import SMALL, seeded_net

from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import Tacotron2


def test_the_published_net_has_84_tensors_and_all_parameters():
    with torch.device("meta"):
        net = Tacotron2(Architecture())
    convolution = {(i, o): 5 * i * o + o + 2 * o for i, o in ((512, 512), (80, 512), (512, 80))}
    lstm = {(i, h): 4 * h * (i + h) + 8 * h for i, h in ((512, 256), (256 + 512, 1024), (1024 + 512, 1024))}
    expected = (
        148 * 512
        + 3 * convolution[512, 512]
        + 2 * lstm[512, 256]
        + 80 * 256 + 256 * 256
        + lstm[256 + 512, 1024]
        + 1024 * 128 + 512 * 128 + 128 + 2 * 32 * 31 + 32 * 128
        + lstm[1024 + 512, 1024]
        + (1024 + 512) * 81 + 81
        + convolution[80, 512] + 3 * convolution[512, 512] + convolution[512, 80]
    )  # fmt: skip
    assert expected == 28_193_153
    assert sum(parameter.numel() for parameter in net.parameters()) == expected
    assert len(net.state_dict()) == 84


def test_the_published_keys_have_their_shapes():
    with torch.device("meta"):
        state = Tacotron2(Architecture()).state_dict()
    expected = {
        "embedding.weight": (148, 512),
        "encoder.convolutions.2.0.conv.weight": (512, 512, 5),
        "encoder.convolutions.2.1.running_var": (512,),
        "encoder.lstm.weight_ih_l0_reverse": (1024, 512),
        "decoder.prenet.layers.0.linear_layer.weight": (256, 80),
        "decoder.attention_rnn.weight_ih": (4096, 768),
        "decoder.attention_layer.v.linear_layer.weight": (1, 128),
        "decoder.attention_layer.location_layer.location_conv.conv.weight": (32, 2, 31),
        "decoder.attention_layer.location_layer.location_dense.linear_layer.weight": (128, 32),
        "decoder.decoder_rnn.weight_ih": (4096, 1536),
        "decoder.linear_projection.linear_layer.bias": (80,),
        "decoder.gate_layer.linear_layer.weight": (1, 1536),
        "postnet.convolutions.4.0.conv.weight": (80, 512, 5),
        "postnet.convolutions.0.1.num_batches_tracked": (),
    }
    assert {key: tuple(state[key].shape) for key in expected} == expected


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def lstm_cell(inputs, hidden, memory, weights):
    """Unit by unit, gates i, f, g, o (Hochreiter & Schmidhuber 1997, with forget gate)."""
    from_input, from_hidden, bias_input, bias_hidden = weights
    size = len(hidden)
    after, cell = np.zeros(size), np.zeros(size)
    for unit in range(size):
        gate = [
            from_input[row] @ inputs + from_hidden[row] @ hidden + bias_input[row] + bias_hidden[row]
            for row in range(unit, 4 * size, size)
        ]
        cell[unit] = sigmoid(gate[1]) * memory[unit] + sigmoid(gate[0]) * math.tanh(gate[2])
        after[unit] = sigmoid(gate[3]) * math.tanh(cell[unit])
    return after, cell


def convolve(signal, weight, bias):
    """(channels, T) by (outputs, channels, kernel) with zeros beyond the ends."""
    edge = weight.shape[2] // 2
    out = np.zeros((len(weight), signal.shape[1]))
    for place in range(signal.shape[1]):
        for tap in range(weight.shape[2]):
            source = place + tap - edge
            if 0 <= source < signal.shape[1]:
                out[:, place] += weight[:, :, tap] @ signal[:, source]
    return out + bias[:, None]


def conv_batch_norm(state, name, signal):
    out = convolve(signal, state[f"{name}.0.conv.weight"], state[f"{name}.0.conv.bias"])
    mean, variance = state[f"{name}.1.running_mean"][:, None], state[f"{name}.1.running_var"][:, None]
    return (out - mean) / np.sqrt(variance + 1e-5) * state[f"{name}.1.weight"][:, None] + state[f"{name}.1.bias"][:, None]


def naive_encoder(state, symbols):
    features = state["embedding.weight"][symbols].T
    for number in range(SMALL.encoder_n_convolutions):
        features = np.maximum(conv_batch_norm(state, f"encoder.convolutions.{number}", features), 0)
    halves = []
    for suffix, order in (("", 1), ("_reverse", -1)):
        weights = [state[f"encoder.lstm.{part}_l0{suffix}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        hidden = cell = np.zeros(SMALL.encoder_embedding_dim // 2)
        read = []
        for column in features.T[::order]:
            hidden, cell = lstm_cell(column, hidden, cell, weights)
            read.append(hidden)
        halves.append(np.array(read[::order]))
    return np.concatenate(halves, 1)


def naive_decoder(state, memory, masks):
    """Frame by frame as figure 1 of Shen et al. has it; the mel before the postnet, alignments, gates."""
    weights = {name.removeprefix("decoder.").replace(".linear_layer.weight", ""): value for name, value in state.items()}
    rnn = {
        name: [weights[f"{name}.{part}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        for name in ("attention_rnn", "decoder_rnn")
    }
    mel, context = np.zeros(SMALL.n_mel_channels), np.zeros(memory.shape[1])
    hidden = cell = np.zeros(SMALL.attention_rnn_dim)
    decoder_hidden = decoder_cell = np.zeros(SMALL.decoder_rnn_dim)
    last = summed = np.zeros(len(memory))
    mels, alignments, gates = [], [], []
    for mask in masks:
        prenet = np.maximum(weights["prenet.layers.0"] @ mel, 0) * mask[0]
        prenet = np.maximum(weights["prenet.layers.1"] @ prenet, 0) * mask[1]
        hidden, cell = lstm_cell(np.concatenate([prenet, context]), hidden, cell, rnn["attention_rnn"])
        filtered = convolve(
            np.stack([last, summed]),
            weights["attention_layer.location_layer.location_conv.conv.weight"],
            np.zeros(SMALL.attention_location_n_filters),
        )
        scores = np.zeros(len(memory))
        for place in range(len(memory)):
            features = (
                weights["attention_layer.query_layer"] @ hidden
                + weights["attention_layer.memory_layer"] @ memory[place]
                + weights["attention_layer.location_layer.location_dense"] @ filtered[:, place]
            )
            scores[place] = weights["attention_layer.v"][0] @ np.tanh(features)
        last = np.exp(scores) / np.exp(scores).sum()
        summed = summed + last
        context = sum(share * symbol for share, symbol in zip(last, memory, strict=True))
        decoder_hidden, decoder_cell = lstm_cell(
            np.concatenate([hidden, context]), decoder_hidden, decoder_cell, rnn["decoder_rnn"]
        )
        read = np.concatenate([decoder_hidden, context])
        mel = weights["linear_projection"] @ read + weights["linear_projection.linear_layer.bias"]
        mels.append(mel)
        alignments.append(last)
        gates.append((weights["gate_layer"] @ read + weights["gate_layer.linear_layer.bias"])[0])
    return np.array(mels), np.array(alignments), np.array(gates)


def naive_postnet(state, mel):
    features = mel.T
    for number in range(SMALL.postnet_n_convolutions):
        features = conv_batch_norm(state, f"postnet.convolutions.{number}", features)
        features = np.tanh(features) if number < SMALL.postnet_n_convolutions - 1 else features
    return mel + features.T


def test_every_block_matches_a_naive_loop_over_its_weights():
    net = seeded_net()
    state = {key: tensor.double().numpy() for key, tensor in net.state_dict().items()}
    symbols = torch.randint(1, 148, (1, 13))
    masks = torch.rand(9, 2, 1, SMALL.prenet_dim) < 0.5
    utterance = net.infer(symbols, [13], masks=masks, frames=9)[0]

    memory = naive_encoder(state, symbols[0].numpy())
    mels, alignments, gates = naive_decoder(state, memory, 2.0 * masks[:, :, 0].numpy())
    optimized = net.on_cpu.encoder(net.on_cpu.embedding[symbols[0]].T[None])[0]
    np.testing.assert_allclose(optimized, memory, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(utterance.alignment, alignments, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(utterance.gate, gates, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(utterance.mel, naive_postnet(state, mels), rtol=1e-4, atol=1e-4)
