"""The decoder's weights, arranged for the buffer that `decoder` keeps: prenet | attention hidden | context | decoder hidden.

Milliseconds a frame of eight sentences for both LSTMs, on two cores: one matrix a cell through MKL 12, through oneDNN 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from steps.tacotron2.layers import Decoder

__all__ = ["ArrangedDecoder", "Cell", "arrange"]

Linear = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Cell:
    """An LSTM cell whose gates i, f, o, g are one product of input and state together; its memory stays in single precision."""

    gates: Linear
    kind: torch.dtype
    size: int

    def __call__(self, inputs: Tensor, hidden: Tensor, memory: Tensor) -> None:
        """(N, input and state) to `hidden` (N, size) and `memory` (N, size), both in place."""
        gates = self.gates(inputs.to(self.kind)).float()
        through, keep, show = gates[:, : 3 * self.size].sigmoid_().chunk(3, 1)
        memory.mul_(keep).addcmul_(through, gates[:, 3 * self.size :].tanh_())
        torch.mul(show, memory.tanh(), out=hidden)


@dataclass(frozen=True, kw_only=True)
class ArrangedDecoder:
    """The decoder, weights alone. Matrices are (inputs, outputs)."""

    device: torch.device
    prenet: tuple[Tensor, Tensor]
    attention_rnn: Cell
    decoder_rnn: Cell
    query: Tensor
    memory: Tensor
    """(attention_dim, channels of the memory)."""
    location: Tensor
    """(attention_dim, 2, kernel)."""
    score: Tensor
    """(1, attention_dim)."""
    projection: Tensor
    """Mel and, last, the gate."""
    bias: Tensor


def arrange(decoder: Decoder, kind: torch.dtype, device: torch.device) -> ArrangedDecoder:
    """`kind` is what the LSTMs' products are taken in: float32, or bfloat16, float16 where the device has them."""
    attention = decoder.attention_layer
    context = attention.memory_layer.linear_layer.in_features
    first, second = decoder.prenet.weights
    prenet, hidden = len(second), decoder.attention_rnn.hidden_size
    projection, bias = projection_and_gate(decoder)

    def held(weight: Tensor) -> Tensor:
        return weight.detach().to(device, copy=True)

    def cell(published: nn.LSTMCell, inputs: Sequence[int], order: Sequence[int]) -> Cell:
        return Cell(linear(*as_one_matrix(published, inputs, order), kind, device), kind, published.hidden_size)

    return ArrangedDecoder(
        device=device,
        prenet=(held(first.T), held(second.T)),
        attention_rnn=cell(decoder.attention_rnn, (prenet, context), (0, 2, 1)),
        decoder_rnn=cell(decoder.decoder_rnn, (hidden, context), (0, 1, 2)),
        query=held(attention.query_layer.linear_layer.weight.T),
        memory=held(attention.memory_layer.linear_layer.weight),
        location=held(location_as_one(decoder)),
        score=held(attention.v.linear_layer.weight),
        projection=held(projection),
        bias=held(bias),
    )


def as_one_matrix(cell: nn.LSTMCell, inputs: Sequence[int], order: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A cell's matrix (4 H, inputs and state) and bias (4 H). The inputs and, last, the state are brought into `order`, the gates
    i, f, g, o into i, f, o, g: then those with a sigmoid lie side by side."""
    ends = [sum(inputs[: number + 1]) for number in range(len(inputs))]
    parts = torch.cat([cell.weight_ih, cell.weight_hh], 1).detach().tensor_split(ends, 1)
    gates = torch.arange(4 * cell.hidden_size).view(4, -1)[[0, 1, 3, 2]].flatten()
    return torch.cat([parts[number] for number in order], 1)[gates], (cell.bias_ih + cell.bias_hh).detach()[gates]


def location_as_one(decoder: Decoder) -> Tensor:
    """The location layer's convolution and matrix as one convolution: both are linear, neither has a bias."""
    layer = decoder.attention_layer.location_layer
    return torch.einsum("df,fck->dck", layer.location_dense.linear_layer.weight, layer.location_conv.conv.weight)


def projection_and_gate(decoder: Decoder) -> tuple[Tensor, Tensor]:
    """Both as one matrix (context and decoder hidden, mel channels + 1) and its bias."""
    layers = decoder.linear_projection.linear_layer, decoder.gate_layer.linear_layer
    weight, size = torch.cat([layer.weight for layer in layers]), decoder.decoder_rnn.hidden_size
    return torch.cat([weight[:, size:], weight[:, :size]], 1).T, torch.cat([layer.bias for layer in layers])


def linear(weight: Tensor, bias: Tensor, kind: torch.dtype, device: torch.device) -> Linear:
    """x W' + b; on a CPU by oneDNN, whose products of eight rows are the quicker ones. Few CPUs have float16 for it."""
    weight, bias = weight.to(device, kind), bias.to(device, kind)
    if device.type != "cpu" or kind == torch.float16 or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda rows: nn.functional.linear(rows, weight, bias)
    packed_weight, packed_bias = weight.to_mkldnn(), bias.to_mkldnn()

    def product(rows: Tensor) -> Tensor:
        packed = rows.contiguous().to_mkldnn()
        out: Tensor = torch.ops.aten.mkldnn_linear(packed, packed_weight, packed_bias).to_dense()
        return out

    return product
