"""The tensors of a published file, whatever it wraps them in: a pickled module, a checkpoint, a bare state dict.

NVIDIA's `waveglow_256channels` is a whole pickled module. Unpickling would run the code of every class it names; here each of
these names means an inert shell that keeps what it is given, and any other name is refused.
"""

import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from newsreel.errors import BadWeights
from newsreel.weights.format import Format, require_valid_format
from newsreel.weights.state_dict import load_tensors_only, read_content, require_state_dict
from steps.waveglow.old_format import CLASS_OF, as_calls, class_of

__all__ = ["load_state"]

NAMES = (
    "glow.WaveGlow",
    "glow.WN",
    "glow.Invertible1x1Conv",
    "torch.nn.backends.thnn._get_thnn_function_backend",
    "torch.nn.modules.container.ModuleList",
    "torch.nn.modules.conv.Conv1d",
    "torch.nn.modules.conv.ConvTranspose1d",
    "torch.nn.utils.weight_norm.WeightNorm",
)
"""All that files written by torch 0.4 to 2.x name, besides tensors. `glow_old` is another net: its halves alternate."""
DEEPEST = 8
"""Modules within modules; a published net has 4."""


class Shell:
    """Stands for any class of NAMES: keeps its state, does nothing."""

    def __init__(self, *ignored: object) -> None:
        pass


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a waveglow file by their published keys. Raises BadInput or BadWeights; nothing in the file is run."""
    container = require_valid_format(path, NAMES)
    content = read_content(path) if container is Format.SAFETENSORS else read_modules(path, container)
    for entry in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(entry), Shell | Mapping):
            content = content[entry]
    if isinstance(content, Shell):
        content = dict(tensors_in(content, path))
    return {renamed(key): tensor for key, tensor in require_state_dict(content, path).items()}


def read_modules(path: Path, container: Format) -> object:
    """What torch.save wrote, with a Shell for every module."""
    shells = [(Shell, name) for name in NAMES]
    try:
        with torch.serialization.safe_globals([*shells, (class_of, CLASS_OF)]):
            if container is Format.ARCHIVE:
                return load_tensors_only(path)
            with as_calls(path) as file:
                return load_tensors_only(file)
    except pickle.UnpicklingError as fault:
        raise BadWeights(f"{path}: refused: holds more than a net, or is damaged; nothing of it was run") from fault
    except Exception as fault:  # torch raises anything from EOFError to RuntimeError on a damaged file
        raise BadWeights(f"{path}: damaged or not a weights file: {type(fault).__name__}") from fault


def tensors_in(module: object, path: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """What the module that a shell stands for would give as its state dict."""
    state = vars(module) if isinstance(module, Shell) else {}
    parameters, modules = state.get("_parameters", {}), state.get("_modules", {})
    if depth > DEEPEST or not state or not isinstance(parameters, Mapping) or not isinstance(modules, Mapping):
        raise BadWeights(f"{path}: not a waveglow: {prefix.rstrip('.') or 'what it holds'} is no module")
    for name, tensor in parameters.items():
        if tensor is not None:
            yield f"{prefix}{name}", tensor
    for name, inner in modules.items():
        yield from tensors_in(inner, path, f"{prefix}{name}.", depth + 1)


def renamed(key: str) -> str:
    """The published key, where torch's newer weight normalisation has written its own."""
    return key.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v")
