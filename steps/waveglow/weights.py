"""waveglow weights: both published nets, in every layout they were written in, to one plain form for inference.

The architecture is inferred from keys and shapes; loading is strict. The older layouts hold the same numbers: stacked
convolutions are one convolution whose rows lie one after another.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from newsreel.errors import BadWeights
from newsreel.weights.state_dict import Shapes, indices_in_keys, load_strictly, tensor_shapes
from steps.waveglow.architecture import Architecture, CheckpointLayout, checkpoint_shapes
from steps.waveglow.checkpoint import load_state as load_state
from steps.waveglow.model import WaveGlow, fold_flow, fold_upsampling

PLAUSIBLE_RANGES = {
    "n_mel_channels": range(1, 257),
    "window": range(4, 8193, 4),
    "n_flows": range(1, 65),
    "n_group": range(2, 65, 2),
    "n_early_size": range(0, 33, 2),
    "n_layers": range(1, 13),
    "n_channels": range(1, 2049),
    "kernel_size": range(1, 16, 2),
}
"""Limits of the architecture: a file beyond them is refused, so that it cannot claim all memory or time."""


def load_waveglow(path: Path | str, dtype: torch.dtype = torch.float32, device: str = "cpu") -> WaveGlow:
    """Load a waveglow of any published shape and layout, ready for inference; see `WaveGlow.infer`.

    `dtype` is what its large products are computed in. Raises BadInput for a file that cannot be opened; BadWeights, naming every
    tensor at fault, for one that is damaged, would run code, or is not a waveglow.
    """
    path = Path(path)
    state = load_state(path)
    architecture = infer_architecture(tensor_shapes(state), str(path))
    layout = infer_layout(state)
    shapes = checkpoint_shapes(architecture, layout)
    state = load_strictly(lambda: build_parameter_tree(shapes), state, path, str(architecture)).state_dict()
    target = torch.device(device)
    couplings = [
        fold_flow(architecture, pop_flow_tensors(architecture, flow, layout, state, path), dtype, target)
        for flow in range(architecture.n_flows)
    ]
    return WaveGlow(architecture, fold_upsampling(architecture, state, target), couplings, dtype)


def build_parameter_tree(shapes: Shapes) -> nn.Module:
    """Nested modules with parameters of these shapes by these keys, and nothing else."""
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
    """The net of these shapes in a line. Raises BadWeights where they are not a waveglow's."""
    return str(infer_architecture(shapes))


def infer_architecture(shapes: Shapes, source: str = "weights") -> Architecture:
    """The architecture that best matches these shapes. Raises BadWeights where they are another net's."""
    upsample = shapes.get("upsample.weight", ())
    start = shapes.get("WN.0.start.weight_v") or shapes.get("WN.0.start.weight", ())
    in_layer = shapes.get("WN.0.in_layers.0.weight_v") or shapes.get("WN.0.in_layers.0.weight", ())
    if not len(upsample) == len(start) == len(in_layer) == 3:
        found = ", ".join([*shapes][:4]) or "nothing"
        raise BadWeights(f"{source}: not a waveglow: no upsample.weight or no WN.0.start; it holds {found} ...")
    flows = len(indices_in_keys(r"WN\.(\d+)\.", shapes))
    group = 2 * start[1]
    most = PLAUSIBLE_RANGES["n_flows"].stop
    widths = [(shapes.get(f"convinv.{flow}.conv.weight") or (group,))[0] for flow in range(min(flows, most))]
    early_every = next((flow for flow, width in enumerate(widths) if width != group), flows)
    architecture = Architecture(
        n_mel_channels=upsample[0],
        window=upsample[2],
        n_flows=flows,
        n_group=group,
        n_early_every=early_every,
        n_early_size=group - widths[early_every] if early_every < flows else 0,
        n_layers=len(indices_in_keys(r"WN\.0\.in_layers\.(\d+)\.", shapes)),
        n_channels=start[0],
        kernel_size=in_layer[2],
    )
    plausible = all(getattr(architecture, name) in limits for name, limits in PLAUSIBLE_RANGES.items())
    if not plausible or architecture.flow_channels(flows - 1) < 2 or architecture.hop % group:
        raise BadWeights(f"{source}: not a waveglow of a published shape: it would be a {architecture!r}")
    return architecture


def infer_layout(keys: Mapping[str, object]) -> CheckpointLayout:
    return CheckpointLayout(
        weight_norm=any(key.endswith(".weight_v") for key in keys),
        merged_cond_layers=not any(".cond_layers." in key for key in keys),
        merged_res_skip_layers=not any(".skip_layers." in key for key in keys),
    )


def pop_flow_tensors(
    architecture: Architecture, flow: int, layout: CheckpointLayout, state: dict[str, Tensor], path: Path
) -> dict[str, Tensor]:
    """One flow's tensors, fp64, by the newest keys without `WN.0.`, and `invertible_1x1_convolution`.

    Weight norm is multiplied out; layers that older files store separately are merged. The tensors are removed from `state`, so
    that the net is in memory once. Raises BadWeights for tensors that cannot be used so.
    """
    prefix = f"WN.{flow}."
    convinv = f"convinv.{flow}.conv.weight"
    tensors = {"invertible_1x1_convolution": state.pop(convinv).double()}
    if torch.linalg.inv_ex(tensors["invertible_1x1_convolution"][:, :, 0]).info:
        raise BadWeights(f"{path}: {convinv} has no inverse")
    for key in [key for key in state if key.startswith(prefix) and not key.endswith("_g")]:
        name, tensor = key.removeprefix(prefix), state.pop(key).double()
        if name.endswith("_v"):
            length = state.pop(key.removesuffix("_v") + "_g").double()
            name, tensor = name.removesuffix("_v"), remove_weight_norm(tensor, length, key, path)
        tensors[name] = tensor
    layers = range(architecture.n_layers)
    for part in ("weight", "bias"):
        if not layout.merged_cond_layers:
            tensors[f"cond_layer.{part}"] = torch.cat([tensors.pop(f"cond_layers.{layer}.{part}") for layer in layers])
        if not layout.merged_res_skip_layers:
            for layer in layers:
                names = [f"{name}.{layer}.{part}" for name in ("res_layers", "skip_layers")]
                merged = torch.cat([tensors.pop(name) for name in names if name in tensors])
                tensors[f"res_skip_layers.{layer}.{part}"] = merged
    return tensors


def remove_weight_norm(direction: Tensor, length: Tensor, key: str, path: Path) -> Tensor:
    """weight = length * direction / |direction|, for each row."""
    norm = direction.flatten(1).norm(dim=1)[:, None, None]
    if not bool((norm > 0).all()):
        raise BadWeights(f"{path}: {key} has a row of zeros, which has no direction")
    return direction.mul_(length / norm)
