"""Detect the container of a weights file from its bytes, and refuse containers that are not safe to read.

The readers that `newsreel.weights.state_dict` uses run no code, but two of them can be made to allocate far more memory than the
file
has bytes, or to see other content than this check sees. Only a file that torch.save did not write can do that, so its layout is
required: it writes archives in one way (pytorch, caffe2/serialize/inline_container.cc; APPNOTE.TXT 6.3.10, sections 4.3 and 4.4).
"""

import os
import pickletools
import re
import stat
import zipfile
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from struct import Struct
from typing import IO, BinaryIO

from newsreel.errors import BadInput, BadWeights, translate_os_error


class Format(StrEnum):
    """A container; the values are shown to people."""

    SAFETENSORS = "safetensors"
    ARCHIVE = "torch archive"
    PICKLE = "torch file from before 1.6, or a bare pickle"


ZIP_SIGNATURE = b"PK\x03\x04"
MAX_PICKLE_BYTES = 4_000_000
"""Of a net's pickle, without its tensors. The published waveglow, a whole module with 686 tensors, has 0.2 MB; each byte may
become an object of a hundred bytes."""
ALLOWED_GLOBALS = re.compile(
    r"collections\.OrderedDict|(__builtin__|builtins)\.set|torch\.(Size|device|b?float\d+|u?int\d+|bool|strided)"
    r"|torch\._utils\._rebuild_(tensor|tensor_v2|parameter|parameter_with_state)|torch\.nn\.parameter\.Parameter"
    r"|torch\.(cuda\.)?[A-Z][A-Za-z0-9]*Storage|torch\.storage\.UntypedStorage"
)
"""Everything that a net's pickle calls. The list of `weights_only` is longer: its `bytearray` makes 3 GB of a dozen bytes."""
FORBIDDEN_OPCODES = frozenset({"STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4", "OBJ", "NEWOBJ_EX"})
"""Other opcodes that name a callable; torch.save uses none of them."""
PICKLES_IN_OLD_FILE = 5
"""Of an old file: magic number, protocol, machine, content, keys of the tensors that follow."""

END_RECORD = Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"
LOCATOR = Struct("<4sLQL")
LOCATOR_SIGNATURE = b"PK\x06\x07"
END_RECORD_64 = Struct("<4sQ2H2L4Q")


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file without blocking: a pipe or device must not hang this process. Raises BadInput."""
    try:
        file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")  # noqa: PTH123, SIM115
    except OSError as fault:
        raise translate_os_error(fault, path) from fault
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadInput(f"{path}: not a regular file")
    return file


def detect_format(path: Path) -> Format:
    """The container by the first bytes, whatever the suffix. Raises BadInput, and BadWeights for an empty file."""
    with open_regular(path) as file:
        return sniff_format(file, path)


def require_valid_format(path: Path, also: Collection[str] = ()) -> Format:
    """The container of a file that is safe to pass to its reader.

    `also` are further classes that a pickle may name, such as `glow.WaveGlow`. Raises BadInput for what is not a readable file,
    BadWeights for a file that is empty or that its writer would never have written.
    """
    with open_regular(path) as file:
        container = sniff_format(file, path)
        try:
            if container is Format.ARCHIVE:
                require_torch_archive(file, also)
            elif container is Format.PICKLE:
                require_safe_pickles(file, also)
        except UnsafeContainer as fault:
            raise BadWeights(f"{path}: refused: {fault}") from None
        return container


def sniff_format(file: BinaryIO, path: Path) -> Format:
    head = file.read(9)
    file.seek(0)
    if not head:
        raise BadWeights(f"{path}: is empty")
    if head[8:] == b"{":
        return Format.SAFETENSORS
    return Format.ARCHIVE if head.startswith(ZIP_SIGNATURE) else Format.PICKLE


class UnsafeContainer(Exception):
    """How a file differs from everything that torch.save writes."""


def require_torch_archive(file: BinaryIO, also: Collection[str]) -> None:
    """Require an archive without compression, overlapping entries, long pickles or a second directory: torch reads what is
    checked."""
    size = file.seek(0, os.SEEK_END)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, RuntimeError, ValueError):
        raise UnsafeContainer("a damaged archive") from None
    entries = archive.infolist()
    if not has_single_directory(file, size):
        raise UnsafeContainer("an archive with something after or between its directories, which torch.save never writes")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise UnsafeContainer("its entries are compressed, which torch.save never does")
    if sum(entry.file_size for entry in entries) > size or (size < 1 << 32 and any(entry.extra for entry in entries)):
        raise UnsafeContainer("its entries claim more bytes than the file has")
    for entry in entries:
        if entry.filename.lower().endswith(".pkl"):  # torch ignores the case
            try:
                with archive.open(entry) as content:
                    require_safe_pickle(content, also)
            except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError):
                raise UnsafeContainer("a damaged archive") from None


def has_single_directory(file: BinaryIO, size: int) -> bool:
    """Whether every reader finds the same directory: no comment, and the directory ends where its end record says.

    Python's zipfile and torch's miniz look for it in different ways, so one file can be two archives.
    """
    file.seek(max(0, size - END_RECORD_64.size - LOCATOR.size - END_RECORD.size))
    tail = file.read()
    begins, *_, length, offset, comment = END_RECORD.unpack(tail[-END_RECORD.size :])
    if begins != END_SIGNATURE or comment:
        return False
    closes = size - END_RECORD.size
    locator = tail[-END_RECORD.size - LOCATOR.size : -END_RECORD.size]
    if locator.startswith(LOCATOR_SIGNATURE):
        closes -= LOCATOR.size + END_RECORD_64.size
        if LOCATOR.unpack(locator)[2] != closes or len(tail) < END_RECORD_64.size + LOCATOR.size + END_RECORD.size:
            return False
        *_, length, offset = END_RECORD_64.unpack(tail[: END_RECORD_64.size])
    return bool(offset + length == closes)


def require_safe_pickles(file: BinaryIO, also: Collection[str]) -> None:
    """An old file is a sequence of pickles, then the numbers of its tensors."""
    for _ in range(PICKLES_IN_OLD_FILE):
        require_safe_pickle(file, also)
        if not file.peek(1):  # type: ignore[attr-defined]
            return


def require_safe_pickle(file: IO[bytes], also: Collection[str]) -> None:
    """Scan the opcodes of one pickle without executing it."""
    try:
        start = file.tell()
        for operation, argument, position in pickletools.genops(file):
            if (position or 0) - start > MAX_PICKLE_BYTES:
                raise UnsafeContainer(f"a pickle of more than {MAX_PICKLE_BYTES // 1_000_000} MB; no net has one")
            if operation.name in FORBIDDEN_OPCODES:
                raise UnsafeContainer("it names what to call in a way that torch.save never does; nothing of it was run")
            if operation.name == "GLOBAL":
                called = str(argument).replace(" ", ".")
                if not ALLOWED_GLOBALS.fullmatch(called) and called not in also:
                    raise UnsafeContainer(
                        f"it calls {ascii(called)[1:-1][:80]}, which holding weights does not need; nothing of it was run"
                    )
    except (ValueError, OverflowError, MemoryError):
        raise UnsafeContainer("neither safetensors nor what torch.save writes, or damaged") from None
