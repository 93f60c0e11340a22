"""A net's tensors in and out of files: safetensors, or what torch.save writes.

A file is hostile until proven otherwise: nothing in it is run (`weights_only`), nothing in it may inflate, and a net is loaded
strictly or not at all.

Each AI system's own `weights` module says which keys and shapes are a net of its kind; this one knows no net.
"""

import io
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from steps.errors import BadInput, BadWeights
from steps.workspace import write_atomically

__all__ = ["Shapes", "load_strictly", "read_content", "read_state", "save_state", "shapes_of", "state_of"]

Net = TypeVar("Net", bound=nn.Module)

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of every tensor, by key."""

PARALLEL = "module."
"""What DataParallel writes before every key."""


def read_state(path: Path, within: str | None = None) -> dict[str, Tensor]:
    """The tensors of a file by key, on the CPU, of the kind they were saved in.

    `within` names the entry that may hold them, where a training wrote more than the net (`state_dict`). Raises BadInput for a
    file that cannot be opened, BadWeights for one that is damaged, holds more than tensors, or no state dict.
    """
    content = read_content(path)
    if within and isinstance(content, dict) and within in content:
        content = content[within]
    return state_of(content, path)


def read_content(path: Path) -> object:
    """What a file holds: of tensors, numbers, text, lists and mappings, and of what `torch.serialization.safe_globals` allows."""
    try:
        with path.open("rb") as file:
            is_safetensors = file.read(9)[8:] == b"{"
        if is_safetensors:
            from safetensors.torch import load_file

            return load_file(path)
        refuse_inflation(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read: {fault.strerror or fault}") from fault
    except pickle.UnpicklingError as fault:
        raise BadWeights(f"{path}: refused: holds more than tensors, or is damaged; nothing of it was run") from fault
    except BadWeights:
        raise
    except Exception as fault:  # torch and safetensors raise anything from EOFError to RuntimeError on a damaged file
        raise BadWeights(f"{path}: damaged or not a weights file: {first_line(fault)}") from fault


def refuse_inflation(path: Path) -> None:
    """torch.save stores without compression; a file that would inflate is not one of its files."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
            raise BadWeights(f"{path}: refused: its entries are compressed, which torch.save never does")


def state_of(content: object, path: Path) -> dict[str, Tensor]:
    """The content as tensors by key, without the prefix that parallel training gives every key. Raises BadWeights."""
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise BadWeights(f"{path}: not a bare state dict; export the net's state_dict()")
    others = [key for key, tensor in content.items() if not isinstance(tensor, Tensor)]
    if others:
        raise BadWeights(f"{path}: not a bare state dict; these are no tensors: {', '.join(others)}")
    prefix = PARALLEL if content and all(key.startswith(PARALLEL) for key in content) else ""
    return {key.removeprefix(prefix): tensor for key, tensor in content.items()}


def shapes_of(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def load_strictly(build: Callable[[], Net], state: Mapping[str, Tensor], path: Path, described: str) -> Net:
    """Build a net without memory and give it the tensors, widened to fp32; in evaluation mode, without gradients.

    Raises BadWeights that names every tensor that is missing, surplus, misshapen, of the wrong kind or not finite.
    """
    with torch.device("meta"):
        net = build()
    faults = [*tensor_faults(net, state)]
    if faults:
        raise BadWeights(f"{path}: not the weights of a {described}: {'; '.join(faults)}")
    wanted = net.state_dict()
    widened = {key: tensor.float().contiguous() if wanted[key].is_floating_point() else tensor for key, tensor in state.items()}
    net.load_state_dict(widened, assign=True)
    return net.eval().requires_grad_(False)


def tensor_faults(net: nn.Module, state: Mapping[str, Tensor]) -> Iterator[str]:
    wanted = net.state_dict()
    yield from (f"missing {key}" for key in wanted if key not in state)
    yield from (f"surplus {key}" for key in state if key not in wanted)
    for key, tensor in state.items():
        if key not in wanted:
            continue
        if tensor.shape != wanted[key].shape:
            yield f"{key} is {by(tensor.shape)}, must be {by(wanted[key].shape)}"
        elif tensor.is_floating_point() != wanted[key].is_floating_point():
            yield f"{key} holds {tensor.dtype}, not {'floating-point numbers' if wanted[key].is_floating_point() else 'integers'}"
        elif not bool(torch.isfinite(tensor).all()):
            yield f"{key} holds infinities or NaN"


def save_state(state: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors by key: safetensors (with `metadata`) where `path` ends so, else a bare state dict. Raises NoRoom."""
    held = {key: tensor.detach().to("cpu").contiguous() for key, tensor in state.items()}
    if path.suffix == ".safetensors":
        from safetensors.torch import save

        write_atomically(path, save(held, metadata=dict(metadata) if metadata else None))
        return
    content = io.BytesIO()
    torch.save(held, content)
    write_atomically(path, content.getvalue())


def by(shape: torch.Size) -> str:
    return "x".join(map(str, shape)) or "a single number"


def first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
