"""Read the tensors of a published waveglow file, whatever contains them: a pickled module, a checkpoint, a bare state dict.

NVIDIA's `waveglow_256channels` is a whole pickled module. Unpickling would run the code of every class it names; here each of
the allowed names means an inert module that only stores its state, and any other name is refused.

In torch's format from before 1.6, such a file names each module's class by a persistent id, ('module', class, file, source),
which today's `weights_only` reader refuses; it takes only those of storages. Here the id is rewritten to a call of `class_by_id`
on the way from the file to the reader: the same class, without comparing its source. All else is passed on unchanged, for the
reader to judge.
"""

import io
import pickle
import pickletools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from newsreel.errors import BadWeights
from newsreel.weights.format import Format, require_valid_format
from newsreel.weights.state_dict import load_tensors_only, read_content, require_state_dict

ALLOWED_CLASSES = (
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
MAX_MODULE_DEPTH = 8
"""Modules within modules; a published net has 4."""

CLASS_BY_ID_NAME = "newsreel.class_by_id"
"""The name by which the rewritten pickle calls `class_by_id`."""
CALL_BEGINS = b"c" + CLASS_BY_ID_NAME.replace(".", "\n").encode() + b"\n"
CALL_ENDS = b"R"
PICKLES_BEFORE_CONTENT = 3
"""Magic number, protocol and machine come before the pickle that holds the content."""
MEMO_WRITES = frozenset({"BINPUT", "LONG_BINPUT"})
MEMO_READS = frozenset({"BINGET", "LONG_BINGET"})


class InertModule:
    """Stands for any class of ALLOWED_CLASSES: stores its state, does nothing."""

    def __init__(self, *ignored: object) -> None:
        pass


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a waveglow file by their published keys. Raises BadInput or BadWeights; nothing in the file is run."""
    container = require_valid_format(path, ALLOWED_CLASSES)
    content = read_content(path) if container is Format.SAFETENSORS else read_pickled_modules(path, container)
    for entry in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(entry), InertModule | Mapping):
            content = content[entry]
    if isinstance(content, InertModule):
        content = dict(iterate_tensors(content, path))
    return {published_key(key): tensor for key, tensor in require_state_dict(content, path).items()}


def read_pickled_modules(path: Path, container: Format) -> object:
    """Read what torch.save wrote, with an InertModule for every module."""
    inert = [(InertModule, name) for name in ALLOWED_CLASSES]
    try:
        with torch.serialization.safe_globals([*inert, (class_by_id, CLASS_BY_ID_NAME)]):
            if container is Format.ARCHIVE:
                return load_tensors_only(path)
            with open_with_calls(path) as file:
                return load_tensors_only(file)
    except pickle.UnpicklingError as fault:
        raise BadWeights(f"{path}: refused: holds more than a net, or is damaged; nothing of it was run") from fault
    except Exception as fault:  # torch raises anything from EOFError to RuntimeError on a damaged file
        raise BadWeights(f"{path}: damaged or not a weights file: {type(fault).__name__}") from fault


def iterate_tensors(module: object, path: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """Yield the items of the state dict that the module behind an InertModule would have."""
    state = vars(module) if isinstance(module, InertModule) else {}
    parameters, modules = state.get("_parameters", {}), state.get("_modules", {})
    if depth > MAX_MODULE_DEPTH or not state or not isinstance(parameters, Mapping) or not isinstance(modules, Mapping):
        raise BadWeights(f"{path}: not a waveglow: {prefix.rstrip('.') or 'what it holds'} is no module")
    for name, tensor in parameters.items():
        if tensor is not None:
            yield f"{prefix}{name}", tensor
    for name, inner in modules.items():
        yield from iterate_tensors(inner, path, f"{prefix}{name}.", depth + 1)


def published_key(key: str) -> str:
    """The published key for one that torch's newer weight normalisation has written."""
    return key.replace("parametrizations.weight.original0", "weight_g").replace("parametrizations.weight.original1", "weight_v")


def class_by_id(kind: str, named: object, *source: object) -> object:
    """The class that ('module', class, file, source) names."""
    return named


def open_with_calls(path: Path) -> BinaryIO:
    """Open a file with its modules' ids rewritten to calls; the caller closes it. Raises ValueError for another format."""
    with path.open("rb") as file:
        for _ in range(PICKLES_BEFORE_CONTENT):
            for _ in pickletools.genops(file):
                pass
        begins = file.tell()
        ids = find_module_ids(file)
        ends = file.tell()
        file.seek(0)
        head = file.read(ends)
    pieces, done = [], 0
    for mark, end in ids:
        pieces += [head[done : begins + mark], CALL_BEGINS, head[begins + mark : begins + end], CALL_ENDS]
        done = begins + end + len(CALL_ENDS)
    return io.BufferedReader(SplicedFile(b"".join([*pieces, head[done:]]), path.open("rb"), ends))


def find_module_ids(file: BinaryIO) -> list[tuple[int, int]]:
    """Offsets in the pickle that follows: where each module's id begins (its MARK) and where it is made one (BINPERSID)."""
    begins = file.tell()
    found: list[tuple[int, int]] = []
    marks: list[int] = []
    memo: dict[int, object] = {}
    first_values: dict[int, object] = {}
    previous, latest, closed = "", None, -1
    for operation, argument, position in pickletools.genops(file):
        place, name = (position or 0) - begins, operation.name
        value = memo.get(argument) if name in MEMO_READS and isinstance(argument, int) else argument
        if previous == "MARK":
            first_values[marks[-1]] = value
        if name == "MARK":
            marks.append(place)
        elif name in ("TUPLE", "LIST", "DICT", "APPENDS", "SETITEMS", "POP_MARK") and marks:
            closed = marks.pop()
        elif name in MEMO_WRITES and isinstance(argument, int):
            memo[argument] = latest
        elif name == "BINPERSID" and first_values.get(closed) in ("module", b"module"):
            found.append((closed, place))
        previous, latest = name, latest if name in MEMO_WRITES else value
    return found


class SplicedFile(io.RawIOBase):
    """A file whose first `replaced` bytes are replaced by `head`."""

    def __init__(self, head: bytes, file: BinaryIO, replaced: int) -> None:
        self.head, self.file, self.replaced = head, file, replaced
        self.place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            offset += self.file.seek(0, io.SEEK_END) - self.replaced + len(self.head)
        self.place = offset + self.place if whence == io.SEEK_CUR else offset
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self.place < len(self.head):
            piece = self.head[self.place : self.place + len(buffer)]
        else:
            self.file.seek(self.place - len(self.head) + self.replaced)
            piece = self.file.read(len(buffer))
        buffer[: len(piece)] = piece
        self.place += len(piece)
        return len(piece)

    def close(self) -> None:
        self.file.close()
        super().close()
