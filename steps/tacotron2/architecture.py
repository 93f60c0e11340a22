"""What shape a tacotron2 has, under the names of the published hparams; the defaults are the published values."""

from dataclasses import dataclass

__all__ = ["Architecture"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes of the layers. Kernels are odd, so that a convolution keeps the length."""

    n_symbols: int = 148
    n_mel_channels: int = 80
    encoder_n_convolutions: int = 3
    encoder_kernel_size: int = 5
    encoder_embedding_dim: int = 512
    """Channels of a symbol from its embedding to the memory the decoder attends to; even, half of it for each direction."""
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
