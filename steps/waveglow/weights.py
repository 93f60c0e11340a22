"""waveglow weights: both published nets, in every layout they were written in, to one plain form for inference.

The architecture is inferred from keys and shapes; loading is strict. Source of the older layouts: the maths is that of stacked
convolutions, so their rows lie one after another in the merged one.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from newsreel.errors import BadWeights
from newsreel.weights.state_dict import Shapes, load_strictly, tensor_shapes
from steps.waveglow.architecture import Architecture, Layout, layout
from steps.waveglow.coupling import fold
from steps.waveglow.net import WaveGlow, upsampling
from steps.waveglow.published import load_state

__all__ = ["describe", "infer_architecture", "load_state", "load_waveglow"]

BOUNDS = {
    "mels": range(1, 257),
    "window": range(4, 8193, 4),
    "flows": range(1, 65),
    "group": range(2, 65, 2),
    "early_size": range(0, 33, 2),
    "layers": range(1, 13),
    "channels": range(1, 2049),
    "kernel": range(1, 16, 2),
}
"""What a net may be; beyond it a file is not believed, so that it cannot claim all memory or time."""


def load_waveglow(path: Path | str, kind: torch.dtype = torch.float32, device: str = "cpu") -> WaveGlow:
    """Read a waveglow of any published shape and layout, ready for inference; see `WaveGlow.infer`.

    `kind` is what its large products are computed in. Raises BadInput for a file that cannot be opened; BadWeights, naming every
    tensor at fault, for one that is damaged, would run code, or is not a waveglow.
    """
    path = Path(path)
    state = load_state(path)
    net = infer_architecture(tensor_shapes(state), str(path))
    kept = layout_of(state)
    state = load_strictly(lambda: holder(layout(net, kept)), state, path, str(net)).state_dict()
    where = torch.device(device)
    couplings = [fold(net, taken_out(net, flow, kept, state, path), kind, where) for flow in range(net.flows)]
    return WaveGlow(net, upsampling(net, state, where), couplings, kind)


def holder(shapes: Shapes) -> nn.Module:
    """Modules within modules that hold parameters of these shapes by these keys, and nothing else."""
    root = nn.Module()
    for key, shape in shapes.items():
        *modules, name = key.split(".")
        module = root
        for inner in modules:
            if inner not in module._modules:
                module.add_module(inner, nn.Module())
            module = module.get_submodule(inner)
        module.register_parameter(name, nn.Parameter(torch.empty(shape)))
    return root


def describe(shapes: Shapes) -> str:
    """What net the shapes are. Raises BadWeights where they are another's."""
    return str(infer_architecture(shapes))


def infer_architecture(shapes: Shapes, source: str = "weights") -> Architecture:
    """The architecture whose keys these most nearly are. Raises BadWeights where they are another net's."""
    upsample = shapes.get("upsample.weight", ())
    start = shapes.get("WN.0.start.weight_v") or shapes.get("WN.0.start.weight", ())
    tap = shapes.get("WN.0.in_layers.0.weight_v") or shapes.get("WN.0.in_layers.0.weight", ())
    if not len(upsample) == len(start) == len(tap) == 3:
        shown = ", ".join([*shapes][:4]) or "nothing"
        raise BadWeights(f"{source}: not a waveglow: no upsample.weight or no WN.0.start; it holds {shown} ...")
    flows = len(numbers(r"WN\.(\d+)\.", shapes))
    group = 2 * start[1]
    widths = [(shapes.get(f"convinv.{flow}.conv.weight") or (group,))[0] for flow in range(min(flows, BOUNDS["flows"].stop))]
    early_every = next((flow for flow, width in enumerate(widths) if width != group), flows)
    net = Architecture(
        mels=upsample[0],
        window=upsample[2],
        flows=flows,
        group=group,
        early_every=early_every,
        early_size=group - widths[early_every] if early_every < flows else 0,
        layers=len(numbers(r"WN\.0\.in_layers\.(\d+)\.", shapes)),
        channels=start[0],
        kernel=tap[2],
    )
    believable = all(getattr(net, name) in bound for name, bound in BOUNDS.items())
    if not believable or net.width(net.flows - 1) < 2 or net.hop % net.group:
        raise BadWeights(f"{source}: not a waveglow of a published shape: it would be a {net!r}")
    return net


def numbers(pattern: str, shapes: Mapping[str, object]) -> set[int]:
    return {int(match[1]) for key in shapes if (match := re.match(pattern, key)) and len(match[1]) < 6}


def layout_of(keys: Mapping[str, object]) -> Layout:
    return Layout(
        normed=any(key.endswith(".weight_v") for key in keys),
        merged_conditions=not any(".cond_layers." in key for key in keys),
        merged_skips=not any(".skip_layers." in key for key in keys),
    )


def taken_out(net: Architecture, flow: int, kept: Layout, state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """One flow's tensors, fp64, by the newest keys without `WN.0.`; the 1x1 convolution as `mixing`.

    Weight norm is multiplied out, what older files keep apart is one. They are taken out of `state`, so that the net is in memory
    once. Raises BadWeights for what cannot be used so.
    """
    prefix = f"WN.{flow}."
    mixing = f"convinv.{flow}.conv.weight"
    inside = {"mixing": state.pop(mixing).double()}
    if torch.linalg.inv_ex(inside["mixing"][:, :, 0]).info:
        raise BadWeights(f"{path}: {mixing} has no inverse")
    for key in [key for key in state if key.startswith(prefix) and not key.endswith("_g")]:
        name, tensor = key.removeprefix(prefix), state.pop(key).double()
        if name.endswith("_v"):
            length = state.pop(key.removesuffix("_v") + "_g").double()
            name, tensor = name.removesuffix("_v"), unnormed(tensor, length, key, path)
        inside[name] = tensor
    for part in ("weight", "bias"):
        if not kept.merged_conditions:
            inside[f"cond_layer.{part}"] = torch.cat([inside.pop(f"cond_layers.{layer}.{part}") for layer in range(net.layers)])
        for layer in range(0 if kept.merged_skips else net.layers):
            names = [f"{name}.{layer}.{part}" for name in ("res_layers", "skip_layers")]
            inside[f"res_skip_layers.{layer}.{part}"] = torch.cat([inside.pop(name) for name in names if name in inside])
    return inside


def unnormed(direction: Tensor, length: Tensor, key: str, path: Path) -> Tensor:
    """weight = length * direction / |direction|, for each row."""
    norm = direction.flatten(1).norm(dim=1)[:, None, None]
    if not bool((norm > 0).all()):
        raise BadWeights(f"{path}: {key} has a row of zeros, which points nowhere")
    return direction.mul_(length / norm)
