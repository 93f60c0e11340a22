"""Which container a weights file is, told from its bytes; and the containers that no reader shall see.

The readers behind `newsreel.weights.state_dict` run no code, but two of them can be made to claim far more memory than the file
has bytes,
or to see another file than this check does. What only such a file would have is refused here: torch.save writes its archive
one way (pytorch, caffe2/serialize/inline_container.cc; APPNOTE.TXT 6.3.10, sections 4.3 and 4.4).
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

from newsreel.errors import BadInput, BadWeights


class Format(StrEnum):
    """A container; the values are for people."""

    SAFETENSORS = "safetensors"
    ARCHIVE = "torch archive"
    PICKLE = "torch file from before 1.6, or a bare pickle"


ZIP_SIGNATURE = b"PK\x03\x04"
MAX_PICKLE_BYTES = 4_000_000
"""The pickle of a net, its tensors apart. The published waveglow, a whole module with 686 tensors, has 0.2 MB of it; each byte
may become an object of a hundred."""
ALLOWED_GLOBALS = re.compile(
    r"collections\.OrderedDict|(__builtin__|builtins)\.set|torch\.(Size|device|b?float\d+|u?int\d+|bool|strided)"
    r"|torch\._utils\._rebuild_(tensor|tensor_v2|parameter|parameter_with_state)|torch\.nn\.parameter\.Parameter"
    r"|torch\.(cuda\.)?[A-Z][A-Za-z0-9]*Storage|torch\.storage\.UntypedStorage"
)
"""All that the pickle of a net calls. The list of `weights_only` is longer: its `bytearray` makes 3 GB of a dozen bytes."""
FORBIDDEN_OPCODES = frozenset({"STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4", "OBJ", "NEWOBJ_EX"})
"""Other ways to name what is called; torch.save uses none of them."""
PICKLES_IN_OLD_FILE = 5
"""What an old file begins with: magic number, protocol, machine, content, keys of the tensors that follow."""

END_RECORD = Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"
LOCATOR = Struct("<4sLQL")
LOCATOR_SIGNATURE = b"PK\x06\x07"
END_RECORD_64 = Struct("<4sQ2H2L4Q")


def open_regular(path: Path) -> BinaryIO:
    """Open for reading, without waiting: a pipe or device must not hang us or feed us for ever. Raises BadInput."""
    try:
        file = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")  # noqa: PTH123, SIM115
    except OSError as fault:
        raise BadInput(f"{path}: cannot be read: {(fault.strerror or str(fault)).lower()}") from fault
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadInput(f"{path}: cannot be read: not a regular file")
    return file


def detect_format(path: Path) -> Format:
    """The container, told from the first bytes, whatever the name ends in. Raises BadInput, BadWeights for an empty file."""
    with open_regular(path) as file:
        return sniff_format(file, path)


def require_valid_format(path: Path, also: Collection[str] = ()) -> Format:
    """The container of a file that is safe to hand to its reader.

    `also` are classes a pickle may name, such as `glow.WaveGlow`, beside what any net's does.
    Raises BadInput for what is not a readable file, BadWeights for one that is empty, or built as its writer never builds it.
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
    """How a file differs from all that torch.save writes."""


def require_torch_archive(file: BinaryIO, also: Collection[str]) -> None:
    """Nothing compressed, no bytes used twice, no long pickle, one directory: what is checked here is what torch will read."""
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
        if entry.filename.lower().endswith(".pkl"):  # torch does not mind the case
            try:
                with archive.open(entry) as content:
                    require_safe_pickle(content, also)
            except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError):
                raise UnsafeContainer("a damaged archive") from None


def has_single_directory(file: BinaryIO, size: int) -> bool:
    """Whether every reader finds the same directory: no comment, and the directory ends where its end is recorded.

    Python's zipfile and torch's miniz look for it in different ways, so a file can be two archives.
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
    """An old file is pickles, then bare numbers."""
    for _ in range(PICKLES_IN_OLD_FILE):
        require_safe_pickle(file, also)
        if not file.peek(1):  # type: ignore[attr-defined]
            return


def require_safe_pickle(file: IO[bytes], also: Collection[str]) -> None:
    """Pass over a pickle without making anything of it."""
    try:
        sniff_format = file.tell()
        for operation, argument, position in pickletools.genops(file):
            if (position or 0) - sniff_format > MAX_PICKLE_BYTES:
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
