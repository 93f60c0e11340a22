"""torch's format from before 1.6, of whole modules, made readable for today's `weights_only` reader.

Such a file names each module's class by a persistent id, ('module', class, file, source), which that reader refuses; it takes
only those of storages. Here the id becomes a call of `class_of`, on the way from the file to the reader: the same class, and
nobody looks at its source. All else is passed on as it is, to be judged by the reader.
"""

import io
import pickletools
from pathlib import Path
from typing import BinaryIO

__all__ = ["CLASS_OF", "as_calls", "class_of"]

CLASS_OF = "newsreel.class_of"
"""The name under which the reader is to find `class_of`."""
CALL_BEGINS = b"c" + CLASS_OF.replace(".", "\n").encode() + b"\n"
CALL = b"R"
CONTENT = 3
"""The pickle that holds the content comes after the magic number, the protocol and the machine."""
MEMO = frozenset({"BINPUT", "LONG_BINPUT"})
RECALL = frozenset({"BINGET", "LONG_BINGET"})


def class_of(kind: str, named: object, *source: object) -> object:
    """The class that ('module', class, file, source) names."""
    return named


def as_calls(path: Path) -> BinaryIO:
    """The file with its modules' ids as calls; the caller closes it. Raises ValueError where it is no such file."""
    with path.open("rb") as file:
        for _ in range(CONTENT):
            for _ in pickletools.genops(file):
                pass
        begins = file.tell()
        marks = module_ids(file)
        ends = file.tell()
        file.seek(0)
        head = file.read(ends)
    pieces, done = [], 0
    for mark, identified in marks:
        pieces += [head[done : begins + mark], CALL_BEGINS, head[begins + mark : begins + identified], CALL]
        done = begins + identified + len(CALL)
    return io.BufferedReader(Spliced(b"".join([*pieces, head[done:]]), path.open("rb"), ends))


def module_ids(file: BinaryIO) -> list[tuple[int, int]]:
    """Where in the pickle that follows a module's id begins (its MARK) and where it is made one (BINPERSID)."""
    begins = file.tell()
    found: list[tuple[int, int]] = []
    marks: list[int] = []
    texts: dict[int, object] = {}
    kinds: dict[int, object] = {}
    before, latest, closed = "", None, -1
    for operation, argument, position in pickletools.genops(file):
        place, name = (position or 0) - begins, operation.name
        value = texts.get(argument) if name in RECALL and isinstance(argument, int) else argument
        if before == "MARK":
            kinds[marks[-1]] = value
        if name == "MARK":
            marks.append(place)
        elif name in ("TUPLE", "LIST", "DICT", "APPENDS", "SETITEMS", "POP_MARK") and marks:
            closed = marks.pop()
        elif name in MEMO and isinstance(argument, int):
            texts[argument] = latest
        elif name == "BINPERSID" and kinds.get(closed) in ("module", b"module"):
            found.append((closed, place))
        before, latest = name, latest if name in MEMO else value
    return found


class Spliced(io.RawIOBase):
    """A file whose first `replaced` bytes are others."""

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
