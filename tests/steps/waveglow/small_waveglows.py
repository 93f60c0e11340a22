"""Small waveglows with random numbers, in every layout files come in, and the net they are written down as loops.

`forward` is the published direction, sound to noise, from the papers' formulas, one number at a time where that is bearable.
"""

import sys
import types

import numpy as np
import torch
from torch import nn

from steps.waveglow.architecture import Architecture, Layout
from steps.waveglow.coupling import fold
from steps.waveglow.net import WaveGlow, upsampling

SMALL = Architecture(mels=4, window=32, flows=5, group=4, early_every=5, early_size=0, layers=3, channels=6)
TINY = Architecture(mels=3, window=64, flows=5, group=8, early_every=2, early_size=2, layers=3, channels=6)
VOICE = Architecture(mels=80, window=1024, flows=4, group=8, early_every=2, early_size=2, layers=2, channels=4)


def randoms(seed):
    generator = torch.Generator()
    generator.manual_seed(seed)
    return lambda *shape: torch.randn(shape, generator=generator)


def plain_state(net, seed=0):
    """Weights without weight norm, merged as the newest files are; modest, so that exp(scale) stays near 1."""
    draw = randoms(seed)
    state = {"upsample.weight": draw(net.mels, net.mels, net.window) * 0.2, "upsample.bias": draw(net.mels) * 0.1}
    for flow in range(net.flows):
        width, wide = net.group - net.early_size * (flow // net.early_every), net.channels
        state[f"convinv.{flow}.conv.weight"] = torch.linalg.qr(draw(width, width))[0][:, :, None] * 1.1
        sizes = {"start": (wide, width // 2, 1), "end": (width, wide, 1)}
        sizes["cond_layer"] = (2 * wide * net.layers, net.mels * net.group, 1)
        for layer in range(net.layers):
            sizes[f"in_layers.{layer}"] = (2 * wide, wide, net.kernel)
            sizes[f"res_skip_layers.{layer}"] = (wide if layer == net.layers - 1 else 2 * wide, wide, 1)
        for name, size in sizes.items():
            state[f"WN.{flow}.{name}.weight"] = draw(*size) * 0.2
            state[f"WN.{flow}.{name}.bias"] = draw(size[0]) * 0.1
    return state


def in_layout(net, plain, kept, seed=1):
    """The same net as files of another layout hold it: rows taken apart, then each row as length and direction."""
    draw = randoms(seed)
    state = {}
    for key, tensor in plain.items():
        wide = net.channels
        if not kept.merged_conditions and ".cond_layer." in key:
            for layer, piece in enumerate(tensor.split(2 * wide)):
                state[key.replace("cond_layer", f"cond_layers.{layer}")] = piece.clone()
        elif not kept.merged_skips and ".res_skip_layers." in key:
            state[key.replace("res_skip", "skip")] = tensor[-wide:].clone()
            if len(tensor) > wide:
                state[key.replace("res_skip", "res")] = tensor[:wide].clone()
        else:
            state[key] = tensor
    if not kept.normed:
        return state
    normed = {}
    for key, tensor in state.items():
        if key.startswith("WN.") and key.endswith(".weight") and ".end." not in key:
            normed[f"{key}_g"] = tensor.square().sum(dim=(1, 2), keepdim=True).sqrt()
            normed[f"{key}_v"] = tensor * (draw(len(tensor)).abs() + 0.5)[:, None, None]
        else:
            normed[key] = tensor
    return normed


def folded(net, state, flow, kind=torch.float32):
    inside = {key.removeprefix(f"WN.{flow}."): tensor.double() for key, tensor in state.items() if key.startswith(f"WN.{flow}.")}
    return fold(net, {"mixing": state[f"convinv.{flow}.conv.weight"].double(), **inside}, kind, torch.device("cpu"))


def built(net, state, kind=torch.float32):
    """The net of a plain state without going through a file."""
    couplings = [folded(net, state, flow, kind) for flow in range(net.flows)]
    return WaveGlow(net, upsampling(net, state, torch.device("cpu")), couplings, kind)


def naive_coupling(net, state, flow, half, conditions):
    """The WaveNet-like net on half the channels, (n, time) numpy fp64: what is added to it, and the log of its factor."""

    def part(name):
        weight, bias = state[f"WN.{flow}.{name}.weight"], state[f"WN.{flow}.{name}.bias"]
        return weight.double().numpy(), bias.double().numpy()

    time = half.shape[1]
    weight, bias = part("start")
    heard = weight[:, :, 0] @ half + bias[:, None]
    condition_weight, condition_bias = part("cond_layer")
    condition = condition_weight[:, :, 0] @ conditions + condition_bias[:, None]
    output = np.zeros((net.channels, time))
    for layer in range(net.layers):
        weight, bias = part(f"in_layers.{layer}")
        gates = np.zeros((2 * net.channels, time))
        for t in range(time):
            for tap in range(net.kernel):
                source = t + (tap - net.kernel // 2) * 2**layer
                if 0 <= source < time:
                    gates[:, t] += weight[:, :, tap] @ heard[:, source]
        gates += bias[:, None] + condition[layer * 2 * net.channels : (layer + 1) * 2 * net.channels]
        acted = np.tanh(gates[: net.channels]) / (1 + np.exp(-gates[net.channels :]))
        weight, bias = part(f"res_skip_layers.{layer}")
        result = weight[:, :, 0] @ acted + bias[:, None]
        output += result[-net.channels :]
        if layer < net.layers - 1:
            heard = heard + result[: net.channels]
    weight, bias = part("end")
    result = weight[:, :, 0] @ output + bias[:, None]
    return result[: len(half)], result[len(half) :]


def naive_conditions(net, state, mel):
    """mel (mels, T) spread to samples, one at a time, the end cut off; then grouped: (mels * group, groups)."""
    weight, bias = state["upsample.weight"].double().numpy(), state["upsample.bias"].double().numpy()
    frames, hop = mel.shape[1], net.window // 4
    spread = np.zeros((net.mels, frames * hop + net.window - hop)) + bias[:, None]
    for frame in range(frames):
        for sample in range(net.window):
            spread[:, frame * hop + sample] += weight[:, :, sample].T @ mel[:, frame]
    groups = frames * hop // net.group
    return spread[:, : frames * hop].reshape(net.mels, groups, net.group).transpose(0, 2, 1).reshape(-1, groups)


def forward(net, state, mel, sound):
    """Sound (samples,) to noise, in the order in which inference takes it: a list of (1, width, groups)."""
    conditions = naive_conditions(net, state, mel)
    channels = sound.reshape(-1, net.group).T
    left = []
    for flow in range(net.flows):
        if flow and flow % net.early_every == 0 and net.early_size:
            left.insert(0, channels[: net.early_size])
            channels = channels[net.early_size :]
        channels = state[f"convinv.{flow}.conv.weight"][:, :, 0].double().numpy() @ channels
        half = len(channels) // 2
        shift, scale = naive_coupling(net, state, flow, channels[:half], conditions)
        channels = np.concatenate([channels[:half], np.exp(scale) * channels[half:] + shift])
    return [torch.from_numpy(part.copy()).float()[None] for part in (channels, *left)]


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
    whole.n_flows, whole.n_group = net.flows, net.group
    whole.upsample = conv("upsample", nn.ConvTranspose1d, stride=net.window // 4)
    whole.WN, whole.convinv = nn.ModuleList(), nn.ModuleList()
    for flow in range(net.flows):
        inverse, coupling = glow.Invertible1x1Conv(), glow.WN()
        inverse.conv = conv(f"convinv.{flow}.conv")
        inverse.W_inverse = torch.zeros(2, 2)
        for name in ("start", "end", "cond_layer"):
            setattr(coupling, name, conv(f"WN.{flow}.{name}"))
        for name in ("in_layers", "res_skip_layers"):
            setattr(coupling, name, nn.ModuleList(conv(f"WN.{flow}.{name}.{layer}") for layer in range(net.layers)))
        whole.WN.append(coupling)
        whole.convinv.append(inverse)
    return whole


LAYOUTS = [
    Layout(normed=normed, merged_conditions=conditions, merged_skips=skips)
    for normed in (True, False)
    for conditions, skips in ((True, True), (False, True), (False, False))
]
