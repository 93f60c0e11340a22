"""tacotron2's decoder, optimised for inference: it computes the published net up to rounding, in another order.

Eight sentences at a time, always eight and always in buffers of the same width: a frame costs the reading of the LSTMs' 71 MB of
weights, once for all of them. And since no sum is ever taken in another order because of other rows, a sentence gives the same
mel, bit for bit, whatever it is batched with.

Every layer of the recurrence reads and writes one buffer, laid out so that the inputs of each layer are adjacent:

    prenet | attention hidden | context | decoder hidden
    `------- attention_rnn -----------'
             `----------- decoder_rnn ----------------'
                                `- projection, gate --'
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d

from steps.tacotron2.layers import Decoder

BATCH_SIZE = 8
"""Sentences decoded at a time."""
BUFFER_SYMBOLS = 160
"""Symbols that the buffers hold; for longer sentences a multiple. The parts that the step makes all fit."""

Linear = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class PackedLSTMCell:
    """An LSTM cell whose gates i, f, o, g are one product of input and state together; its memory stays in single precision."""

    gates: Linear
    dtype: torch.dtype
    hidden_size: int

    def __call__(self, inputs: Tensor, hidden: Tensor, memory: Tensor) -> None:
        """Update `hidden` (N, hidden_size) and `memory` (N, hidden_size) in place from `inputs` (N, input and hidden)."""
        gates = self.gates(inputs.to(self.dtype)).float()
        input_gate, forget_gate, output_gate = gates[:, : 3 * self.hidden_size].sigmoid_().chunk(3, 1)
        memory.mul_(forget_gate).addcmul_(input_gate, gates[:, 3 * self.hidden_size :].tanh_())
        torch.mul(output_gate, memory.tanh(), out=hidden)


@dataclass(frozen=True, kw_only=True)
class PackedDecoder:
    """The decoder's weights, packed for the layout of the buffer.

    Milliseconds a frame of eight sentences for both LSTMs, on two cores: one matrix a cell through MKL 12, through oneDNN 3.
    """

    device: torch.device
    prenet: tuple[Linear, Linear]
    prenet_dim: int
    attention_rnn: PackedLSTMCell
    decoder_rnn: PackedLSTMCell
    query_layer: Linear
    memory_layer: Tensor
    """(attention_dim, encoder_embedding_dim)."""
    location_layer: Tensor
    """(attention_dim, 2, kernel)."""
    v: Tensor
    """(1, attention_dim)."""
    projection: Linear
    """To the mel and, last, the gate."""
    output_dim: int
    """Mel channels + 1."""


def pack_decoder(decoder: Decoder, dtype: torch.dtype, device: torch.device) -> PackedDecoder:
    """Pack the published weights. `dtype` is that of the LSTMs' products: float32, or bfloat16, float16 where available."""
    attention = decoder.attention_layer
    context = attention.memory_layer.linear_layer.in_features
    first, second = decoder.prenet.weights
    prenet, hidden = len(second), decoder.attention_rnn.hidden_size
    projection, bias = merge_projection_and_gate(decoder)

    def copied(weight: Tensor) -> Tensor:
        return weight.detach().to(device, copy=True)

    def cell(published: nn.LSTMCell, inputs: Sequence[int], order: Sequence[int]) -> PackedLSTMCell:
        gates = pack_linear(*merge_lstm_weights(published, inputs, order), device, dtype)
        return PackedLSTMCell(gates, dtype, published.hidden_size)

    return PackedDecoder(
        device=device,
        prenet=(pack_linear(first, None, device), pack_linear(second, None, device)),
        prenet_dim=prenet,
        attention_rnn=cell(decoder.attention_rnn, (prenet, context), (0, 2, 1)),
        decoder_rnn=cell(decoder.decoder_rnn, (hidden, context), (0, 1, 2)),
        query_layer=pack_linear(attention.query_layer.linear_layer.weight, None, device),
        memory_layer=copied(attention.memory_layer.linear_layer.weight),
        location_layer=copied(merge_location_layer(decoder)),
        v=copied(attention.v.linear_layer.weight),
        projection=pack_linear(projection, bias, device),
        output_dim=len(bias),
    )


def merge_lstm_weights(cell: nn.LSTMCell, inputs: Sequence[int], order: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Merge a cell's matrices into one (4 H, inputs and hidden) and its biases into one (4 H).

    Args:
        inputs: widths of the parts of the cell's input.
        order: order of the parts and, as the last part, the hidden state in the columns of the result.

    The gates i, f, g, o become i, f, o, g, so that those with a sigmoid are adjacent.
    """
    ends = [sum(inputs[: number + 1]) for number in range(len(inputs))]
    parts = [*cell.weight_ih.detach().tensor_split(ends[:-1], 1), cell.weight_hh.detach()]
    gates = torch.arange(4 * cell.hidden_size).view(4, -1)[[0, 1, 3, 2]].flatten()
    return torch.cat([parts[number][gates] for number in order], 1), (cell.bias_ih + cell.bias_hh).detach()[gates]


def merge_location_layer(decoder: Decoder) -> Tensor:
    """The location layer's convolution and matrix as one convolution: both are linear, neither has a bias."""
    layer = decoder.attention_layer.location_layer
    return torch.einsum("df,fck->dck", layer.location_dense.linear_layer.weight, layer.location_conv.conv.weight)


def merge_projection_and_gate(decoder: Decoder) -> tuple[Tensor, Tensor]:
    """Both as one matrix (mel channels + 1, context and decoder hidden) and its bias."""
    layers = decoder.linear_projection.linear_layer, decoder.gate_layer.linear_layer
    weight, size = torch.cat([layer.weight for layer in layers]), decoder.decoder_rnn.hidden_size
    return torch.cat([weight[:, size:], weight[:, :size]], 1), torch.cat([layer.bias for layer in layers])


def pack_linear(weight: Tensor, bias: Tensor | None, device: torch.device, dtype: torch.dtype = torch.float32) -> Linear:
    """x W' + b; on a CPU by oneDNN: faster for eight rows, and a row's index does not change its result, as it may with MKL.

    Few CPUs have float16 for it.
    """
    weight = weight.detach().to(device, dtype)
    bias = torch.zeros(len(weight), device=device, dtype=dtype) if bias is None else bias.detach().to(device, dtype)
    if device.type != "cpu" or dtype == torch.float16 or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda rows: nn.functional.linear(rows, weight, bias)
    packed_weight, packed_bias = weight.to_mkldnn(), bias.to_mkldnn()

    def product(rows: Tensor) -> Tensor:
        packed = rows.contiguous().to_mkldnn()
        out: Tensor = torch.ops.aten.mkldnn_linear(packed, packed_weight, packed_bias).to_dense()
        return out

    return product


def buffer_width(symbols: int) -> int:
    """Symbols that the buffers hold for a sentence of so many symbols."""
    return max(-(-symbols // BUFFER_SYMBOLS), 1) * BUFFER_SYMBOLS


class BatchDecoder:
    """State of a batch of sentences being decoded: `load` starts it, each `advance` decodes one frame of all. Not thread-safe."""

    def __init__(self, decoder: PackedDecoder, width: int) -> None:
        def zeros(*shape: int) -> Tensor:
            return torch.zeros(BATCH_SIZE, *shape, device=decoder.device)

        self.decoder = decoder
        prenet, hidden = decoder.prenet_dim, decoder.attention_rnn.hidden_size
        attention_dim, channels = decoder.memory_layer.shape
        context = slice(prenet + hidden, prenet + hidden + channels)
        state = zeros(context.stop + decoder.decoder_rnn.hidden_size)
        self.state = state
        self.prenet_output, self.attention_hidden = state[:, :prenet], state[:, prenet : context.start]
        self.attention_context, self.decoder_hidden = state[:, context], state[:, context.stop :]
        self.attention_rnn_input, self.decoder_rnn_input = state[:, : context.stop], state[:, prenet:]
        self.projection_input = state[:, context.start :]
        self.attention_cell, self.decoder_cell = zeros(hidden), zeros(decoder.decoder_rnn.hidden_size)

        self.memory = zeros(width, channels)
        self.processed_memory = zeros(attention_dim, width)
        self.padding_scores = zeros(width)
        """Added to the scores of the symbols: minus infinity where there is no symbol."""
        edge = decoder.location_layer.shape[2] // 2
        self.attention_history = zeros(2, width + 2 * edge)
        """Attention weights of the last frame, and summed over all frames; with the convolution's padding at both ends."""
        self.attention_weights = self.attention_history[:, 0, edge : edge + width]
        """Of the last frame: (BATCH_SIZE, width), each row sums to 1."""
        self.dropout = zeros(2, prenet)
        """Multipliers for the prenet's two layers in the next frame: 2 where dropout keeps a unit, else 0."""
        self.frame = zeros(decoder.output_dim)
        """(BATCH_SIZE, mel channels + 1): the mel of the last frame and, last, the gate before its sigmoid."""
        self.advance = capture_cuda_graph(self.decode_frame, decoder.device)

    def load(self, memories: Sequence[Tensor]) -> None:
        """Start at most BATCH_SIZE sentences, each the encoder's (T, channels). Unused rows hold zeros."""
        buffers = (
            self.state, self.attention_cell, self.decoder_cell, self.memory, self.padding_scores, self.attention_history,
            self.dropout, self.frame,
        )  # fmt: skip
        for buffer in buffers:
            buffer.zero_()
        for row, memory in enumerate(memories):
            self.memory[row, : len(memory)] = memory
            self.padding_scores[row, len(memory) :] = -torch.inf
        self.processed_memory.copy_(torch.matmul(self.decoder.memory_layer, self.memory.mT))

    def decode_frame(self) -> None:
        self.run_prenet()
        self.decoder.attention_rnn(self.attention_rnn_input, self.attention_hidden, self.attention_cell)
        self.attend()
        self.decoder.decoder_rnn(self.decoder_rnn_input, self.decoder_hidden, self.decoder_cell)
        self.frame.copy_(self.decoder.projection(self.projection_input))

    def run_prenet(self) -> None:
        """The last frame through two layers with ReLU and dropout."""
        first, second = self.decoder.prenet
        hidden = first(self.frame[:, :-1]).relu_().mul_(self.dropout[:, 0])
        torch.mul(second(hidden).relu_(), self.dropout[:, 1], out=self.prenet_output)

    def attend(self) -> None:
        """Location-sensitive attention (Chorowski et al. 2015): v . tanh(query + memory + location), softmax over the symbols."""
        features = conv1d(self.attention_history, self.decoder.location_layer).add_(self.processed_memory)
        features.add_(self.decoder.query_layer(self.attention_hidden)[:, :, None]).tanh_()
        scores = torch.matmul(self.decoder.v, features)[:, 0]
        self.attention_weights.copy_(scores.add_(self.padding_scores).softmax(1))
        self.attention_history[:, 1].add_(self.attention_history[:, 0])
        self.attention_context.copy_(torch.bmm(self.attention_weights[:, None], self.memory)[:, 0])


def capture_cuda_graph(step: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """On CUDA, capture the step as a graph that launches its forty small kernels at once; its buffers stay where they are.

    Source: PyTorch, "CUDA semantics", CUDA graphs: warm up on a side stream, then capture.
    """
    if device.type != "cuda":
        return step
    side_stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    side_stream.wait_stream(torch.cuda.current_stream(device))
    with torch.inference_mode(), torch.cuda.stream(side_stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream(device).wait_stream(side_stream)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph):
        step()
    return graph.replay
