"""What net a file holds. Each system's package says so of its own; this one knows their names and nothing else of them."""

import importlib
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from newsreel.errors import BadWeights, MissingProgram
from newsreel.weights.format import detect_format

if TYPE_CHECKING:
    from torch import Tensor


SYSTEMS = ("pix2pixhd", "tacotron2", "waveglow")
"""Packages of nets in torch: `steps.SYSTEM.weights` has `describe(shapes)` and `load_state(path)`."""
UNKNOWN = "a state dict of no net that newsreel knows"

PRECISIONS = {"float64": "fp64", "float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}
TIMES_THE_FILE = 3
"""A net as it is read, and in the system's own form."""
BESIDE_THE_FILE = 1 << 30
"""Address space for all else, such as threads that torch starts late."""
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""Batch norm's: in the file, yet no parameters."""


@dataclass(frozen=True, kw_only=True)
class Recognised:
    system: str | None
    described: str
    state: Mapping[str, "Tensor"]
    """Under the published keys, taken out of whatever the file wraps them in."""


def recognise(path: Path) -> Recognised:
    """Ask each system in turn. Raises BadInput for what cannot be read, BadWeights for what is damaged, hostile or no net."""
    try:
        from newsreel.weights.state_dict import read_state, tensor_shapes
    except ImportError as fault:
        raise MissingProgram("weights are read with torch and safetensors: pip install torch safetensors") from fault
    nets = {system: importlib.import_module(f"steps.{system}.weights") for system in SYSTEMS}
    detect_format(path)
    with bounded_memory(path.stat().st_size):
        for system, net in nets.items():
            try:
                state = net.load_state(path)
            except BadWeights as fault:
                if isinstance(fault.__cause__, MemoryError):
                    raise  # what has claimed all memory once is not read for each system again
                continue
            if described := description(net, tensor_shapes(state)):
                return Recognised(system=system, described=described, state=state)
        return Recognised(system=None, described=UNKNOWN, state=read_state(path, within="state_dict"))


@contextmanager
def bounded_memory(size: int) -> Iterator[None]:
    """Let a file of this size claim a few times that and no more: a pickle can be made to copy itself again and again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + TIMES_THE_FILE * size + BESIDE_THE_FILE
    limits = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def description(net: ModuleType, shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    try:
        described: str | None = net.describe(shapes)
    except BadWeights:
        return None
    return described


def parameters(state: Mapping[str, "Tensor"]) -> int:
    return sum(tensor.numel() for key, tensor in state.items() if not key.endswith(STATISTICS))


def precision(state: Mapping[str, "Tensor"]) -> str:
    """`fp32`; several where they are mixed, the integers left out."""
    kinds = {str(tensor.dtype).removeprefix("torch.") for tensor in state.values() if tensor.is_floating_point()}
    return " and ".join(sorted(PRECISIONS.get(kind, kind) for kind in kinds)) or "integers"


def titled(system: str | None, described: str) -> str:
    """Both in a line, the system's name once."""
    return described if system is None or described.startswith(system) else f"{system} {described}"
