"""tacotron2's layers under the published keys, so that weights files are exchangeable.

Source: Shen et al., "Natural TTS Synthesis by Conditioning WaveNet on Mel Spectrogram Predictions", 2018; the attention is that
of Chorowski et al., "Attention-Based Models for Speech Recognition", 2015. Encoder and postnet run as they stand here; the
decoder holds its weights here and runs in `decoder`.

The regularisation of training (dropout between layers, zoneout) has no place here; the prenet's dropout, which is always on, is
`decoder`'s.
"""

from copy import deepcopy
from itertools import pairwise
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from steps.tacotron2.architecture import Architecture

__all__ = ["Decoder", "Encoder", "Postnet", "without_norms"]


class Dense(nn.Module):
    """A linear layer under the key `linear_layer`."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__()
        self.linear_layer = nn.Linear(inputs, outputs, bias=bias)


class Convolution(nn.Module):
    """A convolution over time that keeps the length, under the key `conv`."""

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.conv(features)
        return out


def normalised(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(Convolution(inputs, outputs, kernel), nn.BatchNorm1d(outputs))


def folded(published: nn.Module) -> nn.Conv1d:
    """A convolution with the norm after it, which in evaluation is a scale and a shift, as one convolution."""
    convolution, norm = published.children()
    return fuse_conv_bn_eval(convolution.get_submodule("conv"), norm)  # type: ignore[type-var, arg-type, return-value]


class Encoder(nn.Module):
    """Embedded symbols (N, channels, T) to the memory (N, T, channels). All N sentences are T symbols long: nothing is padded."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        channels = shape.encoder_embedding_dim
        self.convolutions = nn.ModuleList(
            normalised(channels, channels, shape.encoder_kernel_size) for _ in range(shape.encoder_n_convolutions)
        )
        self.lstm = nn.LSTM(channels, channels // 2, batch_first=True, bidirectional=True)

    def forward(self, embedded: Tensor) -> Tensor:
        for convolution in self.convolutions:
            embedded = convolution(embedded).relu()
        memory: Tensor = self.lstm(embedded.transpose(1, 2))[0]
        return memory


class Postnet(nn.Module):
    """What is added to the decoder's mel (N, mel channels, F) to sharpen it; the same shape."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        inner = [shape.postnet_embedding_dim] * (shape.postnet_n_convolutions - 1)
        widths = [shape.n_mel_channels, *inner, shape.n_mel_channels]
        self.convolutions = nn.ModuleList(
            normalised(inputs, outputs, shape.postnet_kernel_size) for inputs, outputs in pairwise(widths)
        )

    def forward(self, mel: Tensor) -> Tensor:
        *inner, last = self.convolutions
        for convolution in inner:
            mel = convolution(mel).tanh()
        residual: Tensor = last(mel)
        return residual


class Prenet(nn.Module):
    """Two layers without bias, each with ReLU and dropout."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Dense(shape.n_mel_channels, shape.prenet_dim), Dense(shape.prenet_dim, shape.prenet_dim)])

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        first, second = self.parameters()
        return first, second


class LocationLayer(nn.Module):
    """Where attention was, in the last frame and in all before, as features of each symbol."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        filters = shape.attention_location_n_filters
        self.location_conv = Convolution(2, filters, shape.attention_location_kernel_size, bias=False)
        self.location_dense = Dense(filters, shape.attention_dim)


class Attention(nn.Module):
    """Scores of the symbols: v . tanh(query + memory + location)."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.query_layer = Dense(shape.attention_rnn_dim, shape.attention_dim)
        self.memory_layer = Dense(shape.encoder_embedding_dim, shape.attention_dim)
        self.v = Dense(shape.attention_dim, 1)
        self.location_layer = LocationLayer(shape)


class Decoder(nn.Module):
    """From the last frame and the memory to the next frame and the gate that ends the sentence."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        context = shape.encoder_embedding_dim
        self.prenet = Prenet(shape)
        self.attention_rnn = nn.LSTMCell(shape.prenet_dim + context, shape.attention_rnn_dim)
        self.attention_layer = Attention(shape)
        self.decoder_rnn = nn.LSTMCell(shape.attention_rnn_dim + context, shape.decoder_rnn_dim)
        self.linear_projection = Dense(shape.decoder_rnn_dim + context, shape.n_mel_channels, bias=True)
        self.gate_layer = Dense(shape.decoder_rnn_dim + context, 1, bias=True)


Convolved = TypeVar("Convolved", Encoder, Postnet)


def without_norms(published: Convolved) -> Convolved:
    """A copy for inference whose batch norms are folded into the convolutions before them."""
    quick = deepcopy(published).eval().requires_grad_(False)
    quick.convolutions = nn.ModuleList(map(folded, quick.convolutions))
    return quick
