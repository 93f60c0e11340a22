"""waveglow by its paper's formulas: one module per operation, weight norm at every call, fp32, the whole audio at once.

The baseline of the speed measurement. Source: Prenger, Valle, Catanzaro, "WaveGlow", 2018.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from newsreel.weights.state_dict import read_state
from steps.waveglow.architecture import Architecture


class PlainWaveGlow:
    def __init__(self, path: Path, net: Architecture | None = None) -> None:
        self.net, self.state = net or Architecture(), read_state(path)

    def convolve(self, key: str, channels: Tensor, dilation: int = 1) -> Tensor:
        if f"{key}.weight_v" in self.state:
            direction, length = self.state[f"{key}.weight_v"], self.state[f"{key}.weight_g"]
            weight = length * direction / direction.norm(dim=(1, 2), keepdim=True)
        else:
            weight = self.state[f"{key}.weight"]
        padding = dilation * (weight.shape[2] // 2)
        return functional.conv1d(channels, weight, self.state[f"{key}.bias"], padding=padding, dilation=dilation)

    def coupling(self, flow: int, half: Tensor, conditions: Tensor) -> Tensor:
        wide, key = self.net.n_channels, f"WN.{flow}"
        hidden = self.convolve(f"{key}.start", half)
        output = torch.zeros_like(hidden)
        shares = self.convolve(f"{key}.cond_layer", conditions).split(2 * wide, dim=1)
        for layer, share in enumerate(shares):
            gates = self.convolve(f"{key}.in_layers.{layer}", hidden, 2**layer) + share
            acted = torch.tanh(gates[:, :wide]) * torch.sigmoid(gates[:, wide:])
            result = self.convolve(f"{key}.res_skip_layers.{layer}", acted)
            output = output + result[:, -wide:]
            if layer < self.net.n_layers - 1:
                hidden = hidden + result[:, :wide]
        return self.convolve(f"{key}.end", output)

    @torch.no_grad()
    def infer(self, mel: Tensor, sigma: float, noise: Sequence[Tensor]) -> Tensor:
        net = self.net
        weight, bias = self.state["upsample.weight"], self.state["upsample.bias"]
        spread = functional.conv_transpose1d(mel, weight, bias, stride=net.hop)[:, :, : net.hop - net.window]
        groups = spread.unflatten(2, (-1, net.n_group)).permute(0, 1, 3, 2).flatten(1, 2)
        drawn = [sigma * part for part in noise]
        channels = drawn.pop(0)
        for flow in reversed(range(net.n_flows)):
            half = channels.shape[1] // 2
            shift, scale = self.coupling(flow, channels[:, :half], groups).split(half, dim=1)
            channels = torch.cat([channels[:, :half], (channels[:, half:] - shift) / torch.exp(scale)], dim=1)
            inverse = self.state[f"convinv.{flow}.conv.weight"][:, :, 0].inverse()
            channels = functional.conv1d(channels, inverse[:, :, None])
            if flow and flow % net.n_early_every == 0:
                channels = torch.cat([drawn.pop(0), channels], dim=1)
        return channels.transpose(1, 2).flatten(1)
