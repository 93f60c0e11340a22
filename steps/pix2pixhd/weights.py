"""Generator weights in and out: `<epoch>_net_G.pth` as published, or safetensors. A file is hostile until proven otherwise.

The architecture is inferred from keys and shapes; loading is strict, and runs no code from the file (`weights_only`).
"""

import io
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import torch
from torch import Tensor, nn

from steps.errors import BadInput, BadWeights
from steps.pix2pixhd.architecture import Architecture
from steps.pix2pixhd.generator import Generator, build_generator
from steps.workspace import write_atomically

__all__ = ["infer_architecture", "load_generator", "save_generator"]

CHANNELS, NGF, DOWNSAMPLINGS = range(1, 513), range(1, 257), range(1, 8)
"""What a published net may be; beyond it a file is not believed, so that it cannot claim all memory."""


def load_generator(path: Path | str, options: Mapping[str, object] | None = None) -> Generator:
    """Read a generator of any published shape: fp32, on the CPU, in evaluation mode; see `generator`.

    `options` is what the caller holds the file to be, under the names of `Architecture` (those of pix2pixHD's opt.txt; `netG`
    is taken for `net`). Half-precision files are widened. Raises BadInput for a file that cannot be opened or an unknown
    option; BadWeights, naming every tensor at fault, where the file is damaged, not a generator, or not as `options` say.
    """
    path = Path(path)
    state = read_state(path)
    architecture = infer_architecture({key: tuple(tensor.shape) for key, tensor in state.items()}, str(path))
    if options:
        hold_against(architecture, options, path)
    with torch.device("meta"):
        generator = build_generator(architecture)
    faults = [*tensor_faults(generator, state)]
    if faults:
        raise BadWeights(f"{path}: not the weights of a {architecture}: {'; '.join(faults)}")
    generator.load_state_dict({key: tensor.float().contiguous() for key, tensor in state.items()}, assign=True)
    return generator.eval().requires_grad_(False)


def save_generator(generator: nn.Module, path: Path, half: bool = False) -> None:
    """Write a bare state dict under the published keys; safetensors where `path` ends so. `half` keeps fp16. Raises NoRoom."""
    kind = torch.float16 if half else torch.float32
    state = {key: tensor.detach().to("cpu", kind).contiguous() for key, tensor in generator.state_dict().items()}
    if path.suffix == ".safetensors":
        from safetensors.torch import save

        write_atomically(path, save(state))
        return
    content = io.BytesIO()
    torch.save(state, content)
    write_atomically(path, content.getvalue())


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, without running anything the file says."""
    try:
        with path.open("rb") as file:
            is_safetensors = file.read(9)[8:] == b"{"
        if is_safetensors:
            from safetensors.torch import load_file

            return load_file(path)
        refuse_inflation(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read: {fault.strerror or fault}") from fault
    except pickle.UnpicklingError as fault:
        raise BadWeights(f"{path}: refused: holds more than tensors, or is damaged; nothing of it was run") from fault
    except BadWeights:
        raise
    except Exception as fault:  # torch and safetensors raise anything from EOFError to RuntimeError on a damaged file
        raise BadWeights(f"{path}: damaged or not a weights file: {first_line(fault)}") from fault
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise BadWeights(f"{path}: not a bare state dict; export the net's state_dict()")
    others = [key for key, tensor in state.items() if not isinstance(tensor, Tensor)]
    if others:
        raise BadWeights(f"{path}: not a bare state dict; these are no tensors: {', '.join(others)}")
    return state


def refuse_inflation(path: Path) -> None:
    """torch.save stores without compression; a file that would inflate is not one of its files."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > path.stat().st_size:
            raise BadWeights(f"{path}: refused: its entries are compressed, which torch.save never does")


def infer_architecture(shapes: Mapping[str, tuple[int, ...]], source: str = "weights") -> Architecture:
    """The architecture whose keys these most nearly are. Raises BadWeights where they are another net's."""
    first = shapes.get("model.1.weight", ())
    blocks = numbers(r"model\.(\d+)\.conv_block\.", shapes)
    if len(first) != 4 or not blocks:
        shown = ", ".join([*shapes][:4]) or "nothing"
        raise BadWeights(f"{source}: not a pix2pixHD generator: no model.1.weight or no residual block; it holds {shown} ...")
    enhancers = len(numbers(r"model(\d+)_1\.", shapes))
    # Before the blocks lie 4 layers from the picture and 3 for each downsampling; after them 3 for each upsampling, then a
    # padding and the last convolution.
    downsamplings = (min(blocks) - 4) // 3
    local_blocks = len(numbers(r"model1_2\.(\d+)\.conv_block\.", shapes))
    last = f"model{enhancers}_2.{local_blocks + 4}" if enhancers else f"model.{max(blocks) + 3 * downsamplings + 2}"
    architecture = Architecture(
        net="local" if enhancers else "global",
        input_nc=first[1],
        output_nc=(shapes.get(f"{last}.weight") or (3,))[0],
        ngf=first[0] // 2**enhancers,
        n_downsample_global=downsamplings,
        n_blocks_global=max(blocks) - min(blocks) + 1,
        n_local_enhancers=enhancers,
        n_blocks_local=local_blocks,
    )
    believable = (
        architecture.input_nc in CHANNELS
        and architecture.output_nc in CHANNELS
        and architecture.ngf in NGF
        and architecture.n_downsample_global in DOWNSAMPLINGS
        and architecture.n_blocks_global <= len(shapes)
        and architecture.n_local_enhancers < len(DOWNSAMPLINGS)
    )
    if not believable:
        raise BadWeights(f"{source}: not a pix2pixHD generator of a published shape: it would be a {architecture}")
    return architecture


def numbers(pattern: str, shapes: Mapping[str, object]) -> set[int]:
    return {int(match[1]) for key in shapes if (match := re.match(pattern, key)) and len(match[1]) < 6}


def tensor_faults(generator: nn.Module, state: Mapping[str, Tensor]) -> Iterator[str]:
    """What is wrong with each tensor: missing, surplus, misshapen, of the wrong kind, or not all finite."""
    wanted = generator.state_dict()
    yield from (f"missing {key}" for key in wanted if key not in state)
    yield from (f"surplus {key}" for key in state if key not in wanted)
    for key, tensor in state.items():
        if key not in wanted:
            continue
        if tensor.shape != wanted[key].shape:
            yield f"{key} is {by(tensor.shape)}, must be {by(wanted[key].shape)}"
        elif not tensor.is_floating_point():
            yield f"{key} holds {tensor.dtype}, not floating-point numbers"
        elif not bool(torch.isfinite(tensor).all()):
            yield f"{key} holds infinities or NaN"


def hold_against(architecture: Architecture, options: Mapping[str, object], path: Path) -> None:
    known = {field.name for field in fields(Architecture)}
    asked = {"net" if name == "netG" else name: value for name, value in options.items()}
    if unknown := sorted(asked.keys() - known):
        raise BadInput(f"unknown option {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    differing = [
        f"{name} is {found}, not {asked[name]}" for name in asked if (found := getattr(architecture, name)) != asked[name]
    ]
    if differing:
        raise BadWeights(f"{path}: not as the options say: {'; '.join(differing)}")


def by(shape: torch.Size) -> str:
    return "x".join(map(str, shape)) or "a single number"


def first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
