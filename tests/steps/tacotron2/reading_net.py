"""A small tacotron2 with weights set by hand that reads its text: attention goes symbol by symbol, the gate fires at the last.

    encoder   every symbol's memory is (first?, last?): the convolutions see the padding at either end
    attention a symbol is scored by the weight that the one before it had in the last frame; in the first frame, by first?
    gate      fires when the context is last?

An `unreliable` one's gate also fires, from the second frame on, where dropout keeps one unit in both layers, in a quarter
of all frames: then a sentence ends too soon, and another seed may read it to its end.
"""

import torch

from steps.tacotron2.layers import Architecture
from steps.tacotron2.model import Tacotron2

SMALL = Architecture(
    n_mel_channels=80, encoder_embedding_dim=8, prenet_dim=4, attention_rnn_dim=4, decoder_rnn_dim=4, attention_dim=4,
    attention_location_n_filters=2, attention_location_kernel_size=5, postnet_embedding_dim=8,
)  # fmt: skip
FIRST, LAST = 0, 1
"""Channels of the memory."""
SURE = 40.0


def seeded_net(architecture=SMALL, seed=5):
    """Random weights, norms that do something."""
    torch.manual_seed(seed)
    net = Tacotron2(architecture)
    for name, buffer in net.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.3)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return net.eval().requires_grad_(False)


def reading_net(unreliable=False):
    net = seeded_net()
    for tensor in net.parameters():
        tensor.zero_()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.reset_running_stats()
            module.weight.fill_(1)
    net.embedding.weight[:, 2] = 1.0
    mark_the_ends(net.encoder)
    attend_to_the_next(net.decoder.attention_layer)
    end_at_the_last(net.decoder, unreliable)
    return net


def mark_the_ends(encoder):
    """Channel 2 is 1 for every symbol and 0 beyond the ends: 1 - the neighbour's is 1 at one end alone."""
    first, second, third = (block[0].conv for block in encoder.convolutions)
    for channel, tap in ((FIRST, 1), (LAST, 3)):
        first.weight[channel, 2, tap], first.bias[channel] = -1, 1
        for later in (second, third):
            later.weight[channel, channel, 2] = 1
    lstm, half = encoder.lstm, encoder.lstm.hidden_size
    for channel in (FIRST, LAST):  # forget nothing into nothing: input and output gates open, forget gate shut
        for gate, bias in ((0, SURE), (1, -SURE), (3, SURE)):
            lstm.bias_ih_l0[gate * half + channel] = bias
        lstm.weight_ih_l0[2 * half + channel, channel] = SURE


def attend_to_the_next(attention):
    """Feature 0 is what the symbol before had of attention; feature 1 is first?, too weak against it after the first frame."""
    layer = attention.location_layer
    layer.location_conv.conv.weight[0, 0, 1] = 1
    layer.location_dense.linear_layer.weight[0, 0] = 3
    attention.memory_layer.linear_layer.weight[1, FIRST] = 0.5
    attention.v.linear_layer.weight[0, :2] = SURE


def end_at_the_last(decoder, unreliable):
    """The mel is 1 in the first channel, and the prenet hands it on to the decoder's state and so to the gate."""
    hidden = decoder.decoder_rnn.hidden_size
    decoder.linear_projection.linear_layer.bias[0] = 1
    decoder.gate_layer.linear_layer.weight[0, hidden + LAST] = 2 * SURE
    decoder.gate_layer.linear_layer.bias[0] = -SURE
    if not unreliable:
        return
    for layer in decoder.prenet.layers:
        layer.linear_layer.weight[0, 0] = 1
    for cell in (decoder.attention_rnn, decoder.decoder_rnn):
        size = cell.hidden_size
        for gate, bias in ((0, SURE), (1, -SURE), (3, SURE)):
            cell.bias_ih[gate * size] = bias
        cell.weight_ih[2 * size, 0] = SURE
    decoder.gate_layer.linear_layer.weight[0, 0] = 3 * SURE
