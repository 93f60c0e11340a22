"""The shape of a waveglow, and the tensors that a file of that shape holds.

Source: Prenger, Valle, Catanzaro, "WaveGlow: a flow-based generative network for speech synthesis", 2018.
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Architecture", "Layout", "layout"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    mels: int = 80
    window: int = 1024
    """Samples that one mel frame is spread over; four frames overlap."""
    flows: int = 12
    group: int = 8
    """Samples that are worked on side by side, as channels."""
    early_every: int = 4
    early_size: int = 2
    """Channels that leave the net (in inference: enter it as noise) every `early_every` flows."""
    layers: int = 8
    channels: int = 256
    kernel: int = 3

    def __str__(self) -> str:
        return f"waveglow with {self.flows} flows of {self.layers} layers of {self.channels} channels, {self.mels} mels"

    @property
    def hop(self) -> int:
        """Samples a mel frame."""
        return self.window // 4

    @property
    def conditions(self) -> int:
        """Channels of the upsampled mel spectrogram, grouped as the samples are."""
        return self.mels * self.group

    @property
    def sigma(self) -> float:
        """The noise's standard deviation at which the published net of this size sounds best."""
        return 0.9 if self.channels >= 512 else 0.6

    def width(self, flow: int) -> int:
        """Channels that a flow works on."""
        return self.group - self.early_size * (flow // self.early_every)

    @property
    def noise_widths(self) -> list[int]:
        """Channels of noise in the order in which inference takes them: the last flow's, then what left early."""
        exits = (self.flows - 1) // self.early_every
        return [self.width(self.flows - 1), *[self.early_size] * exits]

    def dilation(self, layer: int) -> int:
        return int(2**layer)

    @property
    def reach(self) -> int:
        """Groups on either side that a coupling's output depends on: 255 as published."""
        return sum(self.kernel // 2 * self.dilation(layer) for layer in range(self.layers))


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file keeps the tensors. The nets are the same; the code that wrote the files has changed."""

    normed: bool = True
    """Weights as direction (weight_v) and length (weight_g), as they are trained (Salimans & Kingma 2016)."""
    merged_conditions: bool = True
    """One condition layer a flow, not one for each of its layers."""
    merged_skips: bool = True
    """What a layer adds to the next and to the output as one convolution, not as two."""


def layout(net: Architecture, kept: Layout) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor by its published key: 686 of them, 87,879,272 numbers, as Architecture and Layout stand."""
    shapes = {"upsample.weight": (net.mels, net.mels, net.window), "upsample.bias": (net.mels,)}
    for flow in range(net.flows):
        width = net.width(flow)
        shapes[f"convinv.{flow}.conv.weight"] = (width, width, 1)
        for name, shape, normed in convolutions(net, width // 2, kept):
            key = f"WN.{flow}.{name}"
            shapes[f"{key}.bias"] = shape[:1]
            if normed:
                shapes |= {f"{key}.weight_g": (shape[0], 1, 1), f"{key}.weight_v": shape}
            else:
                shapes[f"{key}.weight"] = shape
    return shapes


def convolutions(net: Architecture, half: int, kept: Layout) -> Iterator[tuple[str, tuple[int, int, int], bool]]:
    """Name, weight (out, in, taps) and whether it is normed, of each convolution of a coupling that reads `half` channels."""
    wide, normed = net.channels, kept.normed
    yield "start", (wide, half, 1), normed
    yield "end", (2 * half, wide, 1), False
    if kept.merged_conditions:
        yield "cond_layer", (2 * wide * net.layers, net.conditions, 1), normed
    for layer in range(net.layers):
        last = layer == net.layers - 1
        yield f"in_layers.{layer}", (2 * wide, wide, net.kernel), normed
        if not kept.merged_conditions:
            yield f"cond_layers.{layer}", (2 * wide, net.conditions, 1), normed
        if kept.merged_skips:
            yield f"res_skip_layers.{layer}", (wide if last else 2 * wide, wide, 1), normed
        else:
            yield f"skip_layers.{layer}", (wide, wide, 1), normed
            if not last:
                yield f"res_layers.{layer}", (wide, wide, 1), normed
