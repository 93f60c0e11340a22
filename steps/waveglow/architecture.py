"""The sizes of a waveglow, and the tensors that a file of these sizes holds.

Source: Prenger, Valle, Catanzaro, "WaveGlow: a flow-based generative network for speech synthesis", 2018.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes of the layers, by the names of the published configuration; the defaults are the published values."""

    n_mel_channels: int = 80
    window: int = 1024
    """Samples that one mel frame is spread over (kernel of the upsampling); four frames overlap."""
    n_flows: int = 12
    n_group: int = 8
    """Adjacent samples processed as channels."""
    n_early_every: int = 4
    n_early_size: int = 2
    """Channels that leave the net (in inference: enter it as noise) every `n_early_every` flows."""
    n_layers: int = 8
    n_channels: int = 256
    kernel_size: int = 3

    def __str__(self) -> str:
        return (
            f"waveglow with {self.n_flows} flows of {self.n_layers} layers of {self.n_channels} channels, "
            f"{self.n_mel_channels} mels"
        )

    @property
    def hop(self) -> int:
        """Samples per mel frame."""
        return self.window // 4

    @property
    def condition_channels(self) -> int:
        """Channels of the upsampled mel spectrogram, grouped as the samples are."""
        return self.n_mel_channels * self.n_group

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise at which the published net of this size sounds best."""
        return 0.9 if self.n_channels >= 512 else 0.6

    def flow_channels(self, flow: int) -> int:
        """Channels that a flow transforms."""
        return self.n_group - self.n_early_size * (flow // self.n_early_every)

    @property
    def noise_channels(self) -> list[int]:
        """Channels of each noise tensor in the order in which inference takes them: the last flow's, then the early outputs."""
        early_outputs = (self.n_flows - 1) // self.n_early_every
        return [self.flow_channels(self.n_flows - 1), *[self.n_early_size] * early_outputs]

    def dilation(self, layer: int) -> int:
        return int(2**layer)

    @property
    def receptive_radius(self) -> int:
        """Groups on either side that a coupling's output depends on: 255 as published."""
        return sum(self.kernel_size // 2 * self.dilation(layer) for layer in range(self.n_layers))


@dataclass(frozen=True, kw_only=True)
class CheckpointLayout:
    """How a file stores the tensors. The nets are the same; the code that wrote the files has changed."""

    weight_norm: bool = True
    """Weights as direction (weight_v) and length (weight_g), as they are trained (Salimans & Kingma 2016)."""
    merged_cond_layers: bool = True
    """One condition layer per flow, not one for each of its layers."""
    merged_res_skip_layers: bool = True
    """Residual and skip output of a layer as one convolution, not as two."""


def checkpoint_shapes(architecture: Architecture, layout: CheckpointLayout) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor by its published key: by default 686 of them, 87,879,272 numbers."""
    mels = architecture.n_mel_channels
    shapes = {"upsample.weight": (mels, mels, architecture.window), "upsample.bias": (mels,)}
    for flow in range(architecture.n_flows):
        width = architecture.flow_channels(flow)
        shapes[f"convinv.{flow}.conv.weight"] = (width, width, 1)
        for name, shape, weight_norm in wavenet_convolutions(architecture, width // 2, layout):
            key = f"WN.{flow}.{name}"
            shapes[f"{key}.bias"] = shape[:1]
            if weight_norm:
                shapes |= {f"{key}.weight_g": (shape[0], 1, 1), f"{key}.weight_v": shape}
            else:
                shapes[f"{key}.weight"] = shape
    return shapes


def wavenet_convolutions(
    architecture: Architecture, half: int, layout: CheckpointLayout
) -> Iterator[tuple[str, tuple[int, int, int], bool]]:
    """Yield name, weight shape (out, in, taps) and whether it has weight norm, of each convolution of a coupling.

    `half` is the number of audio channels that the coupling reads.
    """
    channels, weight_norm = architecture.n_channels, layout.weight_norm
    yield "start", (channels, half, 1), weight_norm
    yield "end", (2 * half, channels, 1), False
    if layout.merged_cond_layers:
        yield "cond_layer", (2 * channels * architecture.n_layers, architecture.condition_channels, 1), weight_norm
    for layer in range(architecture.n_layers):
        last = layer == architecture.n_layers - 1
        yield f"in_layers.{layer}", (2 * channels, channels, architecture.kernel_size), weight_norm
        if not layout.merged_cond_layers:
            yield f"cond_layers.{layer}", (2 * channels, architecture.condition_channels, 1), weight_norm
        if layout.merged_res_skip_layers:
            yield f"res_skip_layers.{layer}", (channels if last else 2 * channels, channels, 1), weight_norm
        else:
            yield f"skip_layers.{layer}", (channels, channels, 1), weight_norm
            if not last:
                yield f"res_layers.{layer}", (channels, channels, 1), weight_norm
