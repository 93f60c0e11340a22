"""A look at an MP4's outermost boxes: is the file whole, and may a player start before it has all of it?

Source: ISO/IEC 14496-12, section 4.2: a box is a 32-bit size, a four-letter type and, where the size is 1, a 64-bit size.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from newsreel.errors import BadInput

__all__ = ["require_streamable"]


def require_streamable(path: Path) -> None:
    """Raises BadInput for a file that is cut short, is no MP4, or has its index after its pictures."""
    kinds = list(boxes(path))
    if not {b"ftyp", b"moov", b"mdat"} <= set(kinds):
        raise BadInput(f"{path}: is not a whole MP4; remove it and run compose again")
    if kinds.index(b"moov") > kinds.index(b"mdat"):
        raise BadInput(f"{path}: its index comes last, so it plays only when wholly loaded; write it with +faststart")


def boxes(path: Path) -> Iterator[bytes]:
    """The types of the outermost boxes, in order. Raises BadInput where one reaches beyond the end of the file."""
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at < end:
            file.seek(at)
            header = file.read(16)
            if len(header) < 8:
                raise BadInput(f"{path}: is cut short; remove it and run compose again")
            size, kind = struct.unpack(">I4s", header[:8])
            if size == 1 and len(header) == 16:
                (size,) = struct.unpack(">Q", header[8:])
            size = size or end - at
            if size < 8 or at + size > end:
                raise BadInput(f"{path}: is cut short; remove it and run compose again")
            yield kind
            at += size
