"""Read and write the tensors of a net: safetensors, or what torch.save writes.

A file is treated as hostile: nothing in it is executed (`weights_only`), nothing in it may inflate (`newsreel.weights.format`),
its
tensors are plain and not much larger than the file, and a net is loaded strictly or not at all.

Which keys and shapes are a net of a kind is known by the `weights` module of each AI system; this module knows no net.
"""

import errno
import io
import os
import pickle
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TypeVar

import torch
from torch import Tensor, nn

from newsreel.errors import BadWeights, translate_os_error
from newsreel.files import atomic_file
from newsreel.weights.format import Format, require_valid_format

Net = TypeVar("Net", bound=nn.Module)

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of every tensor, by key."""

DATA_PARALLEL_PREFIX = "module."
"""DataParallel writes it before every key."""
DTYPES = frozenset({
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
})  # fmt: skip
MAX_SIZE_RATIO = 2
"""The size of all tensors as a multiple of the file's: a net that uses a tensor in two places names it twice."""
MAX_FAULTS_SHOWN = 20
MAX_CHARACTERS_SHOWN = 200


def read_state(path: Path, within: str | None = None) -> dict[str, Tensor]:
    """The tensors of a file by key, on the CPU, with the dtype they were saved with.

    `within` is the entry that holds them where a training wrote more than the net (`state_dict`). Raises BadInput for a file that
    cannot be opened, BadWeights for one that is damaged, holds more than tensors, or no state dict.
    """
    content = read_content(path)
    if within and isinstance(content, dict) and within in content:
        content = content[within]
    return require_state_dict(content, path)


def read_content(path: Path) -> object:
    """The content of a file: tensors, numbers, text, lists, mappings, and what `torch.serialization.safe_globals` allows."""
    container = require_valid_format(path, also={*map(global_name, torch.serialization.get_safe_globals())})
    try:
        if container is Format.SAFETENSORS:
            from safetensors.torch import load_file

            return load_file(path)
        return load_tensors_only(path)
    except OSError as fault:
        raise translate_os_error(fault, path) from fault
    except pickle.UnpicklingError as fault:
        raise BadWeights(f"{path}: refused: holds more than tensors, or is damaged; nothing of it was run") from fault
    except MemoryError as fault:
        raise BadWeights(f"{path}: refused: reading it takes far more memory than it has bytes") from fault
    except Exception as fault:  # torch and safetensors raise anything from EOFError to RuntimeError on a damaged file
        detail = f": {escape(first_line(fault))}" if container is Format.SAFETENSORS else ""  # torch names lines of its source
        raise BadWeights(f"{path}: damaged or not a weights file{detail}") from fault


def load_tensors_only(source: Path | IO[bytes]) -> object:
    """torch.load without executing anything; its warnings are for programmers and are not shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return torch.load(source, map_location="cpu", weights_only=True)


def global_name(allowed: object) -> str:
    """The name of a safe global in a pickle; `safe_globals` takes an object, or an object and its name."""
    if isinstance(allowed, tuple):
        return str(allowed[1])
    return f"{getattr(allowed, '__module__', '')}.{getattr(allowed, '__qualname__', '')}"


def require_state_dict(content: object, path: Path) -> dict[str, Tensor]:
    """The content of a file as tensors by key, without the prefix of parallel training. Raises BadWeights."""
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise BadWeights(f"{path}: not a bare state dict; export the net's state_dict()")
    others = [key for key, tensor in content.items() if not is_plain_tensor(tensor)]
    if others:
        raise BadWeights(f"{path}: not a bare state dict; these are not plain tensors: {join_limited(map(escape, others), ', ')}")
    # A tensor may be a view that repeats one number without end; materialised it would take all memory.
    if sum(tensor.numel() * tensor.element_size() for tensor in content.values()) > MAX_SIZE_RATIO * path.stat().st_size:
        raise BadWeights(f"{path}: refused: its tensors are many times larger than the file")
    prefix = DATA_PARALLEL_PREFIX if content and all(key.startswith(DATA_PARALLEL_PREFIX) for key in content) else ""
    return {key.removeprefix(prefix): tensor for key, tensor in content.items()}


def is_plain_tensor(value: object) -> bool:
    """Whether a value is a dense tensor on the CPU: not sparse, quantised, nested, on the meta device or of a subclass."""
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
    """Build a net on the meta device and assign the tensors, widened to fp32; in evaluation mode, without gradients.

    Raises BadWeights that names every tensor that is missing, surplus, of another shape or dtype, or not finite.
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

    The same tensors and at most one metadata entry give the same bytes; safetensors writes several entries in any order.
    """
    tensors = unshare_storage({key: tensor.detach().to("cpu").contiguous() for key, tensor in state.items()})
    with atomic_file(path) as temporary:
        if path.suffix == ".safetensors":
            write_safetensors(tensors, temporary, metadata)
        else:
            temporary.write_bytes(serialize_state(tensors))


def unshare_storage(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Each tensor with its own storage: safetensors takes no others, and torch.save would write a view's whole storage."""
    seen: set[int] = set()
    for key, tensor in state.items():
        memory = tensor.untyped_storage()
        if memory.data_ptr() in seen or memory.nbytes() > tensor.numel() * tensor.element_size():
            state[key] = tensor.clone()
        seen.add(memory.data_ptr())
    return state


def serialize_state(tensors: dict[str, Tensor]) -> memoryview:
    """What torch.save writes, in memory: on a full disk it fails with "unexpected pos 704 vs 598"."""
    content = io.BytesIO()
    torch.save(tensors, content)
    return content.getbuffer()


def write_safetensors(tensors: dict[str, Tensor], path: Path, metadata: Mapping[str, str] | None) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        save_file(tensors, path, metadata=dict(metadata) if metadata else None)
    except SafetensorError as fault:
        if "os error 28" in str(fault):  # the library turns every OSError into its own error, with the number in its text
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from fault
        raise


def join_limited(faults: Iterable[str], separator: str) -> str:
    """A readable line: the first items, and how many more there are."""
    items = [*faults]
    return separator.join(items[:MAX_FAULTS_SHOWN]) + (
        f" and {len(items) - MAX_FAULTS_SHOWN:,} more" if len(items) > MAX_FAULTS_SHOWN else ""
    )


def escape(text: str) -> str:
    """Untrusted text for a terminal: ASCII, without control characters, shortened."""
    return ascii(text)[1:-1][:MAX_CHARACTERS_SHOWN]


def format_shape(shape: torch.Size) -> str:
    return "x".join(map(str, shape)) or "a single number"


def first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
