"""A net's tensors in and out of files: safetensors, or what torch.save writes.

A file is hostile until proven otherwise: nothing in it is run (`weights_only`), nothing in it may inflate
(`newsreel.weights.format`), its tensors are plain and no larger than the file, and a net is loaded strictly or not at all.

Each AI system's own `weights` module says which keys and shapes are a net of its kind; this one knows no net.
"""

import errno
import io
import os
import pickle
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TypeVar

import torch
from torch import Tensor, nn

from newsreel.errors import BadInput, BadWeights
from newsreel.weights.format import Format, require_valid_format
from newsreel.workspace import flush_to_disk, translate_disk_full

Net = TypeVar("Net", bound=nn.Module)

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of every tensor, by key."""

DATA_PARALLEL_PREFIX = "module."
"""What DataParallel writes before every key."""
DTYPES = frozenset({
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
})  # fmt: skip
MAX_SIZE_RATIO = 2
"""How many times a file's size its tensors may have: a net that uses a tensor in two places names it twice."""
MAX_FAULTS_SHOWN = 20
MAX_CHARACTERS_SHOWN = 200


def read_state(path: Path, within: str | None = None) -> dict[str, Tensor]:
    """The tensors of a file by key, on the CPU, of the kind they were saved in.

    `within` names the entry that may hold them, where a training wrote more than the net (`state_dict`). Raises BadInput for a
    file that cannot be opened, BadWeights for one that is damaged, holds more than tensors, or no state dict.
    """
    content = read_content(path)
    if within and isinstance(content, dict) and within in content:
        content = content[within]
    return require_state_dict(content, path)


def read_content(path: Path) -> object:
    """What a file holds: of tensors, numbers, text, lists and mappings, and of what `torch.serialization.safe_globals` allows."""
    container = require_valid_format(path, also={*map(global_name, torch.serialization.get_safe_globals())})
    try:
        if container is Format.SAFETENSORS:
            from safetensors.torch import load_file

            return load_file(path)
        return load_tensors_only(path)
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read: {fault.strerror or fault}") from fault
    except pickle.UnpicklingError as fault:
        raise BadWeights(f"{path}: refused: holds more than tensors, or is damaged; nothing of it was run") from fault
    except MemoryError as fault:
        raise BadWeights(f"{path}: refused: reading it takes far more memory than it has bytes") from fault
    except Exception as fault:  # torch and safetensors raise anything from EOFError to RuntimeError on a damaged file
        told = f": {escape(first_line(fault))}" if container is Format.SAFETENSORS else ""  # torch tells places in its source
        raise BadWeights(f"{path}: damaged or not a weights file{told}") from fault


def load_tensors_only(source: Path | IO[bytes]) -> object:
    """By torch, which runs nothing of it; its warnings to programmers are not for who has been handed a wrong file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return torch.load(source, map_location="cpu", weights_only=True)


def global_name(allowed: object) -> str:
    """As a pickle names it; `safe_globals` takes an object, or an object and the name it goes by."""
    if isinstance(allowed, tuple):
        return str(allowed[1])
    return f"{getattr(allowed, '__module__', '')}.{getattr(allowed, '__qualname__', '')}"


def require_state_dict(content: object, path: Path) -> dict[str, Tensor]:
    """The content of the file as tensors by key, without the prefix that parallel training gives every key. Raises BadWeights."""
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise BadWeights(f"{path}: not a bare state dict; export the net's state_dict()")
    others = [key for key, tensor in content.items() if not is_plain_tensor(tensor)]
    if others:
        raise BadWeights(f"{path}: not a bare state dict; these are no plain tensors: {join_limited(map(escape, others), ', ')}")
    # A tensor may be a view that repeats one number without end; written out it would claim all memory.
    if sum(tensor.numel() * tensor.element_size() for tensor in content.values()) > MAX_SIZE_RATIO * path.stat().st_size:
        raise BadWeights(f"{path}: refused: its tensors are many times larger than the file")
    prefix = DATA_PARALLEL_PREFIX if content and all(key.startswith(DATA_PARALLEL_PREFIX) for key in content) else ""
    return {key.removeprefix(prefix): tensor for key, tensor in content.items()}


def is_plain_tensor(value: object) -> bool:
    """Numbers in memory: nothing sparse, quantised, nested, of no device, or with a behaviour of its own."""
    return (
        isinstance(value, Tensor)
        and type(value) in (Tensor, nn.Parameter)
        and value.dtype in DTYPES
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and not value.is_nested
    )


def tensor_shapes(state: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(tensor.shape) for key, tensor in state.items()}


def indices_in_keys(pattern: str, keys: Iterable[str]) -> set[int]:
    r"""The numbers that the pattern's group matches at the start of the keys, such as those of layers.

    >>> indices_in_keys(r"layers\.(\d+)\.", ["layers.0.weight", "layers.0.bias", "layers.1.weight"])
    {0, 1}
    """
    return {int(match[1]) for key in keys if (match := re.match(pattern, key)) and len(match[1]) < 6}


def load_strictly(build: Callable[[], Net], state: Mapping[str, Tensor], path: Path, described: str) -> Net:
    """Build a net without memory and give it the tensors, widened to fp32; in evaluation mode, without gradients.

    Raises BadWeights that names every tensor that is missing, surplus, misshapen, of the wrong kind or not finite.
    """
    with torch.device("meta"):
        net = build()
    faults = [*tensor_faults(net, state)]
    if faults:
        raise BadWeights(f"{path}: not the weights of a {described}: {join_limited(faults, '; ')}")
    wanted = net.state_dict()
    widened = {key: tensor.float().contiguous() if wanted[key].is_floating_point() else tensor for key, tensor in state.items()}
    net.load_state_dict(widened, assign=True)
    return net.eval().requires_grad_(False)


def tensor_faults(net: nn.Module, state: Mapping[str, Tensor]) -> Iterator[str]:
    wanted = net.state_dict()
    yield from (f"missing {key}" for key in wanted if key not in state)
    yield from (f"surplus {escape(key)}" for key in state if key not in wanted)
    for key, tensor in state.items():
        if key not in wanted:
            continue
        if tensor.shape != wanted[key].shape:
            yield f"{key} is {format_shape(tensor.shape)}, must be {format_shape(wanted[key].shape)}"
        elif tensor.is_floating_point() != wanted[key].is_floating_point():
            yield f"{key} holds {tensor.dtype}, not {'floating-point numbers' if wanted[key].is_floating_point() else 'integers'}"
        elif not bool(torch.isfinite(tensor.float()).all()):
            yield f"{key} holds infinities or NaN"


def save_state(state: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors by key: safetensors (with `metadata`) where `path` ends so, else a bare state dict. Raises DiskFull.

    The same tensors and at most one entry of metadata give the same bytes; safetensors writes more entries in any order.
    """
    held = unshare_storage({key: tensor.detach().to("cpu").contiguous() for key, tensor in state.items()})
    with translate_disk_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        os.close(handle)
        temporary = Path(name)
        try:
            if path.suffix == ".safetensors":
                write_safetensors(held, temporary, metadata)
            else:
                temporary.write_bytes(serialize_state(held))
            temporary.chmod(0o644)
            flush_to_disk(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def unshare_storage(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each tensor with memory of its own: safetensors takes no others, and torch.save writes all that a view is a part of."""
    seen: set[int] = set()
    for key, tensor in state.items():
        memory = tensor.untyped_storage()
        if memory.data_ptr() in seen or memory.nbytes() > tensor.numel() * tensor.element_size():
            state[key] = tensor.clone()
        seen.add(memory.data_ptr())
    return state


def serialize_state(held: dict[str, Tensor]) -> memoryview:
    """In memory first: of a full disk torch.save says "unexpected pos 704 vs 598"."""
    content = io.BytesIO()
    torch.save(held, content)
    return content.getbuffer()


def write_safetensors(held: dict[str, Tensor], path: Path, metadata: Mapping[str, str] | None) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(held, path, metadata=dict(metadata) if metadata else None)
    except SafetensorError as fault:
        if "os error 28" in str(fault):  # the library turns every OSError into its own error, its number into text
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from fault
        raise


def join_limited(faults: Iterable[str], separator: str) -> str:
    """One line that can be read: the first of many, and how many more."""
    told = [*faults]
    return separator.join(told[:MAX_FAULTS_SHOWN]) + (
        f" and {len(told) - MAX_FAULTS_SHOWN:,} more" if len(told) > MAX_FAULTS_SHOWN else ""
    )


def escape(text: str) -> str:
    """A stranger's text on a terminal: ASCII, without control characters, not too long."""
    return ascii(text)[1:-1][:MAX_CHARACTERS_SHOWN]


def format_shape(shape: torch.Size) -> str:
    return "x".join(map(str, shape)) or "a single number"


def first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
