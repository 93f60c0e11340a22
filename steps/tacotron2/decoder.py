"""tacotron2's decoder, arranged to be quick: what it computes is the published net up to rounding, how it does so is not.

Eight sentences at a time, always eight and always in buffers of the same width: reading the LSTMs' 71 MB of weights is what a
frame costs, and it costs that once for all of them. And since no sum is ever taken in another order because of its neighbours, a
sentence gives the same mel, bit for bit, in whatever company.

Every layer of the recurrence reads and writes one buffer, laid out so that what each needs lies side by side:

    prenet | attention hidden | context | decoder hidden
    `------- attention RNN -----------'
             `----------- decoder RNN ----------------'
                                `- projection, gate --'
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import conv1d

from steps.tacotron2.arranged import ArrangedDecoder

__all__ = ["LANES", "WIDTH", "Lanes", "width_for"]

LANES = 8
"""Sentences decoded at a time."""
WIDTH = 160
"""Symbols that the buffers hold; for longer sentences a multiple. The step's own all fit."""


def width_for(symbols: int) -> int:
    """How wide the buffers are for a sentence of so many symbols."""
    return max(-(-symbols // WIDTH), 1) * WIDTH


class Lanes:
    """Sentences on their way from memory to mel. `load` begins; each `advance` is one frame of all. For one thread at a time."""

    def __init__(self, decoder: ArrangedDecoder, width: int) -> None:
        def rows(*shape: int) -> Tensor:
            return torch.zeros(LANES, *shape, device=decoder.device)

        self.decoder = decoder
        prenet, hidden = decoder.prenet_dim, decoder.attention_rnn.size
        attention_dim, channels = decoder.memory.shape
        context = slice(prenet + hidden, prenet + hidden + channels)
        state = rows(context.stop + decoder.decoder_rnn.size)
        self.state = state
        self.seen, self.hidden, self.context, self.spoken = (
            state[:, :prenet], state[:, prenet : context.start], state[:, context], state[:, context.stop :]
        )  # fmt: skip
        self.for_attention, self.for_decoder, self.for_projection = (
            state[:, : context.stop], state[:, prenet:], state[:, context.start :]
        )  # fmt: skip
        self.cells = rows(hidden), rows(decoder.decoder_rnn.size)

        self.memory = rows(width, channels)
        self.memory_scores = rows(attention_dim, width)
        self.beyond = rows(width)
        """Added to the symbols' scores: minus infinity where there is no symbol."""
        edge = decoder.location.shape[2] // 2
        self.attended = rows(2, width + 2 * edge)
        """Attention of the last frame, and of all frames added up; with the convolution's padding at both ends."""
        self.attention = self.attended[:, 0, edge : edge + width]
        """Of the last frame: (lanes, width), each lane's sums to 1."""
        self.keep = rows(2, prenet)
        """What the prenet's two layers are multiplied with in the coming frame: 2 for what dropout keeps, else 0."""
        self.frame = rows(decoder.outputs)
        """(lanes, mel channels + 1): the mel of the last frame and, last, the gate before its sigmoid."""
        self.advance = recorded(self.step, decoder.device)

    def load(self, memories: Sequence[Tensor]) -> None:
        """Begin at most eight sentences, each the encoder's (T, channels). Lanes that stay free read zeros."""
        for buffer in (self.state, *self.cells, self.memory, self.beyond, self.attended, self.keep, self.frame):
            buffer.zero_()
        for lane, memory in enumerate(memories):
            self.memory[lane, : len(memory)] = memory
            self.beyond[lane, len(memory) :] = -torch.inf
        self.memory_scores.copy_(torch.matmul(self.decoder.memory, self.memory.mT))

    def step(self) -> None:
        self.look_back()
        self.decoder.attention_rnn(self.for_attention, self.hidden, self.cells[0])
        self.attend()
        self.decoder.decoder_rnn(self.for_decoder, self.spoken, self.cells[1])
        self.frame.copy_(self.decoder.projection(self.for_projection))

    def look_back(self) -> None:
        """The prenet: the last frame through two layers with dropout."""
        first, second = self.decoder.prenet
        narrowed = first(self.frame[:, :-1]).relu_().mul_(self.keep[:, 0])
        torch.mul(second(narrowed).relu_(), self.keep[:, 1], out=self.seen)

    def attend(self) -> None:
        """Location-sensitive attention: where to read, from what is to be said, the symbols, and where was read before."""
        features = conv1d(self.attended, self.decoder.location).add_(self.memory_scores)
        features.add_(self.decoder.query(self.hidden)[:, :, None]).tanh_()
        scores = torch.matmul(self.decoder.score, features)[:, 0]
        self.attention.copy_(scores.add_(self.beyond).softmax(1))
        self.attended[:, 1].add_(self.attended[:, 0])
        self.context.copy_(torch.bmm(self.attention[:, None], self.memory)[:, 0])


def recorded(step: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """On CUDA the step as a graph, whose forty small kernels are launched at once; its buffers stay where they are.

    Source: PyTorch, "CUDA semantics", CUDA graphs: warm up on a stream of its own, then capture.
    """
    if device.type != "cuda":
        return step
    beside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    beside.wait_stream(torch.cuda.current_stream(device))
    with torch.inference_mode(), torch.cuda.stream(beside):
        for _ in range(3):
            step()
    torch.cuda.current_stream(device).wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.inference_mode(), torch.cuda.graph(graph):
        step()
    return graph.replay
