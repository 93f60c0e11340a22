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
    """The decoder, weights alone."""

    device: torch.device
    prenet: tuple[Linear, Linear]
    prenet_dim: int
    attention_rnn: Cell
    decoder_rnn: Cell
    query: Linear
    memory: Tensor
    """(attention_dim, channels of the memory)."""
    location: Tensor
    """(attention_dim, 2, kernel)."""
    score: Tensor
    """(1, attention_dim)."""
    projection: Linear
    """To the mel and, last, the gate."""
    outputs: int
    """Mel channels + 1."""


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
        return Cell(linear(*as_one_matrix(published, inputs, order), device, kind), kind, published.hidden_size)

    return ArrangedDecoder(
        device=device,
        prenet=(linear(first, None, device), linear(second, None, device)),
        prenet_dim=prenet,
        attention_rnn=cell(decoder.attention_rnn, (prenet, context), (0, 2, 1)),
        decoder_rnn=cell(decoder.decoder_rnn, (hidden, context), (0, 1, 2)),
        query=linear(attention.query_layer.linear_layer.weight, None, device),
        memory=held(attention.memory_layer.linear_layer.weight),
        location=held(location_as_one(decoder)),
        score=held(attention.v.linear_layer.weight),
        projection=linear(projection, bias, device),
        outputs=len(bias),
    )


def as_one_matrix(cell: nn.LSTMCell, inputs: Sequence[int], order: Sequence[int]) -> tuple[Tensor, Tensor]:
    """A cell's matrix (4 H, inputs and state) and bias (4 H). The inputs and, last, the state are brought into `order`, the gates
    i, f, g, o into i, f, o, g: then those with a sigmoid lie side by side."""
    ends = [sum(inputs[: number + 1]) for number in range(len(inputs))]
    parts = [*cell.weight_ih.detach().tensor_split(ends[:-1], 1), cell.weight_hh.detach()]
    gates = torch.arange(4 * cell.hidden_size).view(4, -1)[[0, 1, 3, 2]].flatten()
    return torch.cat([parts[number][gates] for number in order], 1), (cell.bias_ih + cell.bias_hh).detach()[gates]


def location_as_one(decoder: Decoder) -> Tensor:
    """The location layer's convolution and matrix as one convolution: both are linear, neither has a bias."""
    layer = decoder.attention_layer.location_layer
    return torch.einsum("df,fck->dck", layer.location_dense.linear_layer.weight, layer.location_conv.conv.weight)


def projection_and_gate(decoder: Decoder) -> tuple[Tensor, Tensor]:
    """Both as one matrix (mel channels + 1, context and decoder hidden) and its bias."""
    layers = decoder.linear_projection.linear_layer, decoder.gate_layer.linear_layer
    weight, size = torch.cat([layer.weight for layer in layers]), decoder.decoder_rnn.hidden_size
    return torch.cat([weight[:, size:], weight[:, :size]], 1), torch.cat([layer.bias for layer in layers])


def linear(weight: Tensor, bias: Tensor | None, device: torch.device, kind: torch.dtype = torch.float32) -> Linear:
    """x W' + b; on a CPU by oneDNN: it is quicker with eight rows, and a row's place does not change its result, as it may with
    MKL. Few CPUs have float16 for it."""
    weight = weight.detach().to(device, kind)
    bias = torch.zeros(len(weight), device=device, dtype=kind) if bias is None else bias.detach().to(device, kind)
    if device.type != "cpu" or kind == torch.float16 or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda rows: nn.functional.linear(rows, weight, bias)
    packed_weight, packed_bias = weight.to_mkldnn(), bias.to_mkldnn()

    def product(rows: Tensor) -> Tensor:
        packed = rows.contiguous().to_mkldnn()
        out: Tensor = torch.ops.aten.mkldnn_linear(packed, packed_weight, packed_bias).to_dense()
        return out

    return product
