"""waveglow weights: both published nets, in every layout they were written in, to one plain form for inference.

The architecture is inferred from keys and shapes; loading is strict. Source of the older layouts: the maths is that of stacked
convolutions, so their rows lie one after another in the merged one.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from steps.errors import BadWeights
from steps.state_dict import Shapes, load_strictly, shapes_of
from steps.waveglow.architecture import Architecture, Layout, layout
from steps.waveglow.net import WaveGlow
from steps.waveglow.published import load_state

__all__ = ["describe", "infer_architecture", "load_state", "load_waveglow", "plain"]

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
    net = infer_architecture(shapes_of(state), str(path))
    kept = layout_of(state)
    state = load_strictly(lambda: holder(layout(net, kept)), state, path, str(net)).state_dict()
    return WaveGlow(net, plain(net, kept, state, path), kind, torch.device(device))


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


def plain(net: Architecture, kept: Layout, state: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors without weight norm and with one condition layer and one output a layer, by the newest keys.

    `state` is emptied on the way: the net is in memory once. Raises BadWeights where a tensor cannot be used so.
    """
    folded: dict[str, Tensor] = {}
    for key in [*state]:
        if key.endswith(".weight_v"):
            length = state.pop(f"{key.removesuffix('_v')}_g")
            folded[key.removesuffix("_v")] = unnormed(state.pop(key), length, key, path)
        elif not key.endswith(".weight_g"):
            folded[key] = state.pop(key)
    for flow in range(net.flows):
        name = f"convinv.{flow}.conv.weight"
        if torch.linalg.inv_ex(folded[name][:, :, 0].double()).info:
            raise BadWeights(f"{path}: {name} has no inverse")
        for part in ("weight", "bias"):
            if not kept.merged_conditions:
                pieces = [folded.pop(f"WN.{flow}.cond_layers.{layer}.{part}") for layer in range(net.layers)]
                folded[f"WN.{flow}.cond_layer.{part}"] = torch.cat(pieces)
            for layer in range(0 if kept.merged_skips else net.layers):
                names = [f"WN.{flow}.{name}.{layer}.{part}" for name in ("res_layers", "skip_layers")]
                pieces = [folded.pop(name) for name in names if name in folded]
                folded[f"WN.{flow}.res_skip_layers.{layer}.{part}"] = torch.cat(pieces)
    return folded


def unnormed(direction: Tensor, length: Tensor, key: str, path: Path) -> Tensor:
    """weight = length * direction / |direction|, for each row."""
    norm = direction.double().flatten(1).norm(dim=1)[:, None, None]
    if not bool((norm > 0).all()):
        raise BadWeights(f"{path}: {key} has a row of zeros, which points nowhere")
    weight: Tensor = direction * (length / norm)
    return weight.float()
