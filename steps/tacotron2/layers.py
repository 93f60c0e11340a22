"""tacotron2's layers under the published keys, so that weights files are exchangeable.

Source: Shen et al., "Natural TTS Synthesis by Conditioning WaveNet on Mel Spectrogram Predictions", 2018; the attention is that
of Chorowski et al., "Attention-Based Models for Speech Recognition", 2015.

Encoder and postnet run as they are here; the decoder only holds its weights here and runs in `decoder`. The regularisation of
training (dropout between layers, zoneout) is left out; the prenet's dropout, which is always on, is drawn in `model`.
"""

from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes of the layers, by the names of the published hparams; the defaults are the published values.

    Kernels are odd, so that a convolution keeps the length.
    """

    n_symbols: int = 148
    n_mel_channels: int = 80
    encoder_n_convolutions: int = 3
    encoder_kernel_size: int = 5
    encoder_embedding_dim: int = 512
    """Channels of a symbol from its embedding to the memory that the decoder attends to; even, half of it for each direction."""
    prenet_dim: int = 256
    attention_rnn_dim: int = 1024
    decoder_rnn_dim: int = 1024
    attention_dim: int = 128
    attention_location_n_filters: int = 32
    attention_location_kernel_size: int = 31
    postnet_n_convolutions: int = 5
    postnet_kernel_size: int = 5
    postnet_embedding_dim: int = 512

    def __str__(self) -> str:
        return (
            f"tacotron2, {self.n_symbols} symbols to {self.n_mel_channels} mel channels, encoder {self.encoder_embedding_dim}, "
            f"prenet {self.prenet_dim}, decoder {self.attention_rnn_dim} + {self.decoder_rnn_dim}, "
            f"attention {self.attention_dim}, postnet {self.postnet_n_convolutions} x {self.postnet_embedding_dim}"
        )


class LinearNorm(nn.Module):
    """A linear layer under the key `linear_layer`."""

    def __init__(self, inputs: int, outputs: int, bias: bool = False) -> None:
        super().__init__()
        self.linear_layer = nn.Linear(inputs, outputs, bias=bias)


class ConvNorm(nn.Module):
    """A convolution over time that keeps the length, under the key `conv`."""

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.conv(features)
        return out


def conv_batch_norm(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(ConvNorm(inputs, outputs, kernel), nn.BatchNorm1d(outputs))


class Encoder(nn.Module):
    """Embedded symbols (N, channels, T) to the memory (N, T, channels). All N sentences have T symbols: nothing is padded."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        channels = architecture.encoder_embedding_dim
        self.convolutions = nn.ModuleList(
            conv_batch_norm(channels, channels, architecture.encoder_kernel_size)
            for _ in range(architecture.encoder_n_convolutions)
        )
        self.lstm = nn.LSTM(channels, channels // 2, batch_first=True, bidirectional=True)

    def forward(self, embedded: Tensor) -> Tensor:
        for convolution in self.convolutions:
            embedded = convolution(embedded).relu()
        memory: Tensor = self.lstm(embedded.transpose(1, 2))[0]
        return memory


class Postnet(nn.Module):
    """Residual that is added to the decoder's mel (N, mel channels, F) to refine it; the same shape."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        inner = [architecture.postnet_embedding_dim] * (architecture.postnet_n_convolutions - 1)
        widths = [architecture.n_mel_channels, *inner, architecture.n_mel_channels]
        self.convolutions = nn.ModuleList(
            conv_batch_norm(inputs, outputs, architecture.postnet_kernel_size) for inputs, outputs in pairwise(widths)
        )

    def forward(self, mel: Tensor) -> Tensor:
        *inner, last = self.convolutions
        for convolution in inner:
            mel = convolution(mel).tanh()
        residual: Tensor = last(mel)
        return residual


class Prenet(nn.Module):
    """Two layers without bias, each with ReLU and dropout."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        mel, width = architecture.n_mel_channels, architecture.prenet_dim
        self.layers = nn.ModuleList([LinearNorm(mel, width), LinearNorm(width, width)])

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        first, second = self.parameters()
        return first, second


class LocationLayer(nn.Module):
    """Attention weights of the last frame and summed over all frames, as features of each symbol."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        filters = architecture.attention_location_n_filters
        self.location_conv = ConvNorm(2, filters, architecture.attention_location_kernel_size, bias=False)
        self.location_dense = LinearNorm(filters, architecture.attention_dim)


class Attention(nn.Module):
    """Location-sensitive attention; scores of the symbols: v . tanh(query + memory + location)."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.query_layer = LinearNorm(architecture.attention_rnn_dim, architecture.attention_dim)
        self.memory_layer = LinearNorm(architecture.encoder_embedding_dim, architecture.attention_dim)
        self.v = LinearNorm(architecture.attention_dim, 1)
        self.location_layer = LocationLayer(architecture)


class Decoder(nn.Module):
    """From the last frame and the memory to the next frame and the gate (stop token) that ends the sentence."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        context = architecture.encoder_embedding_dim
        self.prenet = Prenet(architecture)
        self.attention_rnn = nn.LSTMCell(architecture.prenet_dim + context, architecture.attention_rnn_dim)
        self.attention_layer = Attention(architecture)
        self.decoder_rnn = nn.LSTMCell(architecture.attention_rnn_dim + context, architecture.decoder_rnn_dim)
        self.linear_projection = LinearNorm(architecture.decoder_rnn_dim + context, architecture.n_mel_channels, bias=True)
        self.gate_layer = LinearNorm(architecture.decoder_rnn_dim + context, 1, bias=True)


ConvStack = TypeVar("ConvStack", Encoder, Postnet)


def fold_batch_norms(published: ConvStack) -> ConvStack:
    """A copy for inference whose batch norms are folded into the convolutions before them."""
    optimized = deepcopy(published).eval().requires_grad_(False)
    optimized.convolutions = nn.ModuleList(map(fold_batch_norm, optimized.convolutions))
    return optimized


def fold_batch_norm(published: nn.Module) -> nn.Conv1d:
    """A convolution and the norm after it, which in evaluation is a scale and a shift, as one convolution."""
    convolution, norm = published.children()
    return fuse_conv_bn_eval(convolution.get_submodule("conv"), norm)  # type: ignore[type-var, arg-type, return-value]
