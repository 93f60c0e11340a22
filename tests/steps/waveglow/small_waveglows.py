"""Small waveglows with random weights, in every checkpoint layout, and the net as naive loops.

`forward` is the published direction, audio to noise, from the papers' formulas, one number at a time where feasible.
"""

import sys
import types

import numpy as np
import torch
from torch import nn

from steps.waveglow.architecture import Architecture, CheckpointLayout
from steps.waveglow.model import WaveGlow, fold_flow, fold_upsampling

SMALL = Architecture(n_mel_channels=4, window=32, n_flows=5, n_group=4, n_early_every=5, n_early_size=0, n_layers=3, n_channels=6)
TINY = Architecture(n_mel_channels=3, window=64, n_flows=5, n_group=8, n_early_every=2, n_early_size=2, n_layers=3, n_channels=6)
VOICE = Architecture(
    n_mel_channels=80, window=1024, n_flows=4, n_group=8, n_early_every=2, n_early_size=2, n_layers=2, n_channels=4
)


def randoms(seed):
    generator = torch.Generator()
    generator.manual_seed(seed)
    return lambda *shape: torch.randn(shape, generator=generator)


def plain_state(net, seed=0):
    """Weights without weight norm, merged as the newest files are; modest, so that exp(scale) stays near 1."""
    draw = randoms(seed)
    state = {
        "upsample.weight": draw(net.n_mel_channels, net.n_mel_channels, net.window) * 0.2,
        "upsample.bias": draw(net.n_mel_channels) * 0.1,
    }
    for flow in range(net.n_flows):
        width, channels = net.n_group - net.n_early_size * (flow // net.n_early_every), net.n_channels
        state[f"convinv.{flow}.conv.weight"] = torch.linalg.qr(draw(width, width))[0][:, :, None] * 1.1
        sizes = {"start": (channels, width // 2, 1), "end": (width, channels, 1)}
        sizes["cond_layer"] = (2 * channels * net.n_layers, net.n_mel_channels * net.n_group, 1)
        for layer in range(net.n_layers):
            sizes[f"in_layers.{layer}"] = (2 * channels, channels, net.kernel_size)
            sizes[f"res_skip_layers.{layer}"] = (channels if layer == net.n_layers - 1 else 2 * channels, channels, 1)
        for name, size in sizes.items():
            state[f"WN.{flow}.{name}.weight"] = draw(*size) * 0.2
            state[f"WN.{flow}.{name}.bias"] = draw(size[0]) * 0.1
    return state


def in_layout(net, plain, layout, seed=1):
    """The same net as files of another layout hold it: rows taken apart, then each row as length and direction."""
    draw = randoms(seed)
    state = {}
    for key, tensor in plain.items():
        channels = net.n_channels
        if not layout.merged_cond_layers and ".cond_layer." in key:
            for layer, piece in enumerate(tensor.split(2 * channels)):
                state[key.replace("cond_layer", f"cond_layers.{layer}")] = piece.clone()
        elif not layout.merged_res_skip_layers and ".res_skip_layers." in key:
            state[key.replace("res_skip", "skip")] = tensor[-channels:].clone()
            if len(tensor) > channels:
                state[key.replace("res_skip", "res")] = tensor[:channels].clone()
        else:
            state[key] = tensor
    if not layout.weight_norm:
        return state
    normed = {}
    for key, tensor in state.items():
        if key.startswith("WN.") and key.endswith(".weight") and ".end." not in key:
            normed[f"{key}_g"] = tensor.square().sum(dim=(1, 2), keepdim=True).sqrt()
            normed[f"{key}_v"] = tensor * (draw(len(tensor)).abs() + 0.5)[:, None, None]
        else:
            normed[key] = tensor
    return normed


def fold(net, state, flow, dtype=torch.float32):
    tensors = {key.removeprefix(f"WN.{flow}."): tensor.double() for key, tensor in state.items() if key.startswith(f"WN.{flow}.")}
    return fold_flow(
        net, {"invertible_1x1_convolution": state[f"convinv.{flow}.conv.weight"].double(), **tensors}, dtype, torch.device("cpu")
    )


def build(net, state, dtype=torch.float32):
    """The net of a plain state without going through a file."""
    couplings = [fold(net, state, flow, dtype) for flow in range(net.n_flows)]
    return WaveGlow(net, fold_upsampling(net, state, torch.device("cpu")), couplings, dtype)


def naive_coupling(net, state, flow, half, conditions):
    """The WaveNet-like net on half the channels, (n, time) numpy fp64: what is added to it, and the log of its factor."""

    def part(name):
        weight, bias = state[f"WN.{flow}.{name}.weight"], state[f"WN.{flow}.{name}.bias"]
        return weight.double().numpy(), bias.double().numpy()

    time = half.shape[1]
    weight, bias = part("start")
    hidden = weight[:, :, 0] @ half + bias[:, None]
    condition_weight, condition_bias = part("cond_layer")
    condition = condition_weight[:, :, 0] @ conditions + condition_bias[:, None]
    output = np.zeros((net.n_channels, time))
    for layer in range(net.n_layers):
        weight, bias = part(f"in_layers.{layer}")
        gates = np.zeros((2 * net.n_channels, time))
        for t in range(time):
            for tap in range(net.kernel_size):
                source = t + (tap - net.kernel_size // 2) * 2**layer
                if 0 <= source < time:
                    gates[:, t] += weight[:, :, tap] @ hidden[:, source]
        gates += bias[:, None] + condition[layer * 2 * net.n_channels : (layer + 1) * 2 * net.n_channels]
        acted = np.tanh(gates[: net.n_channels]) / (1 + np.exp(-gates[net.n_channels :]))
        weight, bias = part(f"res_skip_layers.{layer}")
        result = weight[:, :, 0] @ acted + bias[:, None]
        output += result[-net.n_channels :]
        if layer < net.n_layers - 1:
            hidden = hidden + result[: net.n_channels]
    weight, bias = part("end")
    result = weight[:, :, 0] @ output + bias[:, None]
    return result[: len(half)], result[len(half) :]


def naive_conditions(net, state, mel):
    """mel (mels, T) spread to samples, one at a time, the end cut off; then grouped: (mels * group, groups)."""
    weight, bias = state["upsample.weight"].double().numpy(), state["upsample.bias"].double().numpy()
    frames, hop = mel.shape[1], net.window // 4
    spread = np.zeros((net.n_mel_channels, frames * hop + net.window - hop)) + bias[:, None]
    for frame in range(frames):
        for sample in range(net.window):
            spread[:, frame * hop + sample] += weight[:, :, sample].T @ mel[:, frame]
    groups = frames * hop // net.n_group
    return spread[:, : frames * hop].reshape(net.n_mel_channels, groups, net.n_group).transpose(0, 2, 1).reshape(-1, groups)


def forward(net, state, mel, sound):
    """Sound (samples,) to noise, in the order in which inference takes it: a list of (1, width, groups)."""
    conditions = naive_conditions(net, state, mel)
    channels = sound.reshape(-1, net.n_group).T
    early_outputs = []
    for flow in range(net.n_flows):
        if flow and flow % net.n_early_every == 0 and net.n_early_size:
            early_outputs.insert(0, channels[: net.n_early_size])
            channels = channels[net.n_early_size :]
        channels = state[f"convinv.{flow}.conv.weight"][:, :, 0].double().numpy() @ channels
        half = len(channels) // 2
        shift, scale = naive_coupling(net, state, flow, channels[:half], conditions)
        channels = np.concatenate([channels[:half], np.exp(scale) * channels[half:] + shift])
    return [torch.from_numpy(part.copy()).float()[None] for part in (channels, *early_outputs)]


def as_module(net, state):
    """The state as NVIDIA's training saves it: modules of classes named glow.WaveGlow and so on, weight norm as hooks."""
    glow = types.ModuleType("glow")
    for name in ("WaveGlow", "WN", "Invertible1x1Conv"):
        setattr(glow, name, type(name, (nn.Module,), {"__module__": "glow", "extra": "code"}))
    sys.modules["glow"] = glow

    def conv(key, maker=nn.Conv1d, **options):
        weight = state.get(f"{key}.weight", state.get(f"{key}.weight_v"))
        out, into, taps = weight.shape
        module = maker(into, out, taps, bias=f"{key}.bias" in state, **options)
        if f"{key}.weight_v" in state:
            module = nn.utils.weight_norm(module)
        module.load_state_dict({name: state[f"{key}.{name}"] for name in module.state_dict()})
        return module

    whole = glow.WaveGlow()
    whole.n_flows, whole.n_group = net.n_flows, net.n_group
    whole.upsample = conv("upsample", nn.ConvTranspose1d, stride=net.window // 4)
    whole.WN, whole.convinv = nn.ModuleList(), nn.ModuleList()
    for flow in range(net.n_flows):
        inverse, coupling = glow.Invertible1x1Conv(), glow.WN()
        inverse.conv = conv(f"convinv.{flow}.conv")
        inverse.W_inverse = torch.zeros(2, 2)
        for name in ("start", "end", "cond_layer"):
            setattr(coupling, name, conv(f"WN.{flow}.{name}"))
        for name in ("in_layers", "res_skip_layers"):
            setattr(coupling, name, nn.ModuleList(conv(f"WN.{flow}.{name}.{layer}") for layer in range(net.n_layers)))
        whole.WN.append(coupling)
        whole.convinv.append(inverse)
    return whole


LAYOUTS = [
    CheckpointLayout(weight_norm=weight_norm, merged_cond_layers=conditions, merged_res_skip_layers=skips)
    for weight_norm in (True, False)
    for conditions, skips in ((True, True), (False, True), (False, False))
]
