"""One flow of a waveglow, folded for inference: the WaveNet-like net of its affine coupling as few large products.

What is linear is multiplied out once, in fp64, before anything is spoken:
- a layer's dilated convolution and its share of the condition layer are one product over [past, now, future, condition];
- what a layer adds to the output only ever passes the last convolution, so the two become one of a few columns;
- that and what it adds to the next layer are one product.

Time lies in rows, channels side by side, so every product is a matrix product whatever the dilation.

Sources: Prenger et al. 2018, section 2; van den Oord et al., "WaveNet", 2016; Kingma & Dhariwal, "Glow", 2018.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from steps.waveglow.architecture import Architecture

__all__ = ["Coupling", "Product", "fold"]


@dataclass(frozen=True)
class Product:
    """rows (R, inputs) -> (R, outputs): rows @ weight + bias."""

    weight: Tensor
    """(outputs, inputs)"""
    bias: Tensor

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, kind: torch.dtype, device: torch.device) -> "Product":
        return cls(weight.to(device, kind).contiguous(), bias.to(device, kind).contiguous())

    def __call__(self, rows: Tensor) -> Tensor:
        if rows.device.type != "cpu":
            return functional.linear(rows, self.weight, self.bias)
        # As a convolution, since torch gives single precision linear layers to MKL and convolutions to oneDNN (on an AMD
        # processor 95 and 220 GFLOPS a core); a single thread's 1x1 convolution only if it has a dilation, which means nothing.
        picture = rows.view(1, len(rows), 1, -1).permute(0, 3, 1, 2)
        product = functional.conv2d(picture, self.weight[:, :, None, None], self.bias, dilation=(2, 1))
        return product.permute(0, 2, 3, 1).reshape(len(rows), -1)


@dataclass(frozen=True)
class Layer:
    dilation: int
    gates: Product
    """[a tap after another, condition] -> [filter, gate]"""
    result: Product
    """-> [what the coupling's output gains, what the next layer's input gains]; the last layer has no next."""


@dataclass(frozen=True)
class Coupling:
    """Gives the shift and the log scale by which half of the channels are coupled to the other half; then unmixes all."""

    net: Architecture
    width: int
    start: Product
    layers: tuple[Layer, ...]
    constant: Tensor
    """(width,): what the coupling's output is before any layer."""
    unmixing: Tensor
    """(width, width) fp32: the inverse of the 1x1 convolution, transposed for rows."""

    def shifts_and_scales(self, half: Tensor, conditions: Tensor, desk: Tensor) -> tuple[Tensor, Tensor]:
        """From half the channels (R, width / 2) and their conditions (R, conditions): fp32, each (R, width / 2).

        `desk` (at least R, `desk_width`) is worked on. What is outside the rows is zero, as around a sound.
        """
        wide, taps = self.net.channels, self.net.kernel
        rows = desk[: len(half)]
        rows[:, taps * wide :] = conditions
        output = self.constant.repeat(len(half), 1)
        heard = self.start(half.to(desk.dtype))
        for layer in self.layers:
            for tap in range(taps):
                shift_into(rows[:, tap * wide : (tap + 1) * wide], heard, (tap - taps // 2) * layer.dilation)
            gates = layer.gates(rows)
            gates[:, :wide].tanh_()
            result = layer.result(functional.glu(gates, dim=1))
            output += result[:, : self.width]
            if layer is not self.layers[-1]:
                heard += result[:, self.width :]
        return output[:, : self.width // 2], output[:, self.width // 2 :]


def desk_width(net: Architecture) -> int:
    return net.kernel * net.channels + net.conditions


def shift_into(target: Tensor, rows: Tensor, later: int) -> None:
    """target[t] = rows[t + later], zero where there is no such row."""
    offset = min(abs(later), len(rows))
    if later > 0:
        target[: len(rows) - offset] = rows[offset:]
        target[len(rows) - offset :] = 0
    else:
        target[offset:] = rows[: len(rows) - offset]
        target[:offset] = 0


def fold(net: Architecture, inside: Mapping[str, Tensor], kind: torch.dtype, device: torch.device) -> Coupling:
    """One flow from its plain tensors, fp64 (`steps.waveglow.weights.taken_out`): products in `kind`, the rest in fp32."""
    wide, width = net.channels, len(inside["mixing"])
    end = inside["end.weight"][:, :, 0]
    layers = []
    for layer in range(net.layers):
        share = slice(layer * 2 * wide, (layer + 1) * 2 * wide)
        taps = inside[f"in_layers.{layer}.weight"].permute(0, 2, 1).flatten(1)
        gates = torch.cat([taps, inside["cond_layer.weight"][share, :, 0]], dim=1)
        bias = inside[f"in_layers.{layer}.bias"] + inside["cond_layer.bias"][share]
        # Rows of the published layer: first what the next layer gains, then what the output gains.
        onward, onward_bias = inside[f"res_skip_layers.{layer}.weight"][:, :, 0], inside[f"res_skip_layers.{layer}.bias"]
        result = torch.cat([end @ onward[-wide:], onward[:-wide]])
        result_bias = torch.cat([end @ onward_bias[-wide:], onward_bias[:-wide]])
        layers.append(
            Layer(net.dilation(layer), Product.of(gates, bias, kind, device), Product.of(result, result_bias, kind, device))
        )
    return Coupling(
        net,
        width,
        Product.of(inside["start.weight"][:, :, 0], inside["start.bias"], kind, device),
        tuple(layers),
        inside["end.bias"].to(device, torch.float32),
        inside["mixing"][:, :, 0].inverse().T.to(device, torch.float32).contiguous(),
    )
