"""Read and write bytes at `file:` and `gs:` addresses.

Every call first checks the allow-list, so no program can forget to. Objects in a bucket are created and never changed: a
published
video stays as it is. Files are drafts on a laptop and may be replaced; each appears only when it is complete.
"""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from newsreel.errors import BadInput, translate_os_errors
from newsreel.files import atomic_file
from newsreel.storage.address import Address, AllowList
from newsreel.storage.backend import Backend, ObjectInfo, require_same_content


@dataclass(frozen=True)
class Storage:
    """All storage that a program may use. Every call raises BadInput for an address that is not allowed or not usable, and
    Unavailable where the same call may succeed later."""

    allowed: AllowList
    files: "Files" = field(default_factory=lambda: Files())

    @classmethod
    def from_environment(cls) -> "Storage":
        return cls(AllowList.from_environment())

    def read(self, address: Address, *, at_most: int) -> bytes:
        """All bytes. Raises BadInput where there is nothing, or more than `at_most` bytes."""
        return self.backend(address).read(address, at_most)

    def copy(self, address: Address, into: BinaryIO, *, at_most: int) -> None:
        """Write all bytes to an open file, in parts: for what is too large for memory. Raises what `read` raises."""
        self.backend(address).copy(address, into, at_most)

    def find(self, address: Address) -> ObjectInfo | None:
        """Size and digest, None where there is nothing."""
        return self.backend(address).find(address)

    def pin(self, address: Address) -> Address:
        """The address with the generation of the object that is there now, so that no later one is read in its place.

        The address of a file is returned as it is. Raises BadInput where there is nothing.
        """
        if address.scheme == "file" or address.generation:
            return address
        found = self.find(address)
        if found is None:
            raise BadInput(f"{address}: there is no such object or bucket")
        return replace(address, generation=found.generation)

    def names(self, address: Address) -> list[str]:
        """The sorted names below a folder or prefix, at any depth, such as `r1/manifest.json`."""
        return self.backend(address).names(address)

    def dates(self, address: Address) -> dict[str, datetime]:
        """The same names, each with the time it was last written, in UTC."""
        return self.backend(address).dates(address)

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None:
        """Write a new file or object. Does nothing where it has the same bytes already. Raises Conflict for other bytes,
        DiskFull."""
        self.backend(address).create(address, source, content_type)

    def replace(self, address: Address, source: Path | bytes) -> None:
        """Write a file, replacing any other. Only for `file`: objects are never replaced. Raises DiskFull."""
        self.require_file(address)
        self.files.replace(address, source)

    def remove(self, address: Address) -> None:
        """Remove a file, if there is one. Only for `file`."""
        self.require_file(address)
        with translate_os_errors(address):
            address.file.unlink(missing_ok=True)

    def require_file(self, address: Address) -> None:
        if address.scheme != "file":
            raise ValueError(f"{address}: objects are never changed")
        self.allowed.require(address)

    def backend(self, address: Address) -> Backend:
        self.allowed.require(address)
        return self.files if address.scheme == "file" else self.objects

    @cached_property
    def objects(self) -> Backend:
        from newsreel.storage.gcs import GcsBackend

        return GcsBackend.connect()


class Files:
    """The backend of `file:` addresses. `Address.file` resolves links once, so the path that was checked is the one opened."""

    def read(self, address: Address, at_most: int) -> bytes:
        with translate_os_errors(address), open_regular_file(address) as file:
            content = file.read(at_most + 1)
        if len(content) > at_most:
            raise BadInput(f"{address}: larger than {at_most:,} bytes")
        return content

    def copy(self, address: Address, into: BinaryIO, at_most: int) -> None:
        with translate_os_errors(address), open_regular_file(address) as file:
            if os.fstat(file.fileno()).st_size > at_most:
                raise BadInput(f"{address}: larger than {at_most:,} bytes")
            shutil.copyfileobj(file, into, 1 << 20)

    def find(self, address: Address) -> ObjectInfo | None:
        if not address.file.exists():
            return None
        with translate_os_errors(address), open_regular_file(address) as file:
            return ObjectInfo(size=os.fstat(file.fileno()).st_size, sha256=file_digest(file, "sha256").hexdigest())

    def names(self, address: Address) -> list[str]:
        with translate_os_errors(address):
            return sorted(str(path.relative_to(address.file)) for path in address.file.rglob("*") if path.is_file())

    def dates(self, address: Address) -> dict[str, datetime]:
        found = {}
        for name in self.names(address):
            # It may have been removed since it was listed.
            with suppress(FileNotFoundError):
                written = (address.file / name).stat().st_mtime
                found[name] = datetime.fromtimestamp(written, UTC)
        return found

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None:
        with translate_os_errors(address):
            try:
                with atomic_file(address.file, replace=False) as temporary:
                    write_source(source, temporary)
            except FileExistsError:
                if not address.file.exists():  # a file stands where the folder should be
                    raise
                require_same_content(address, self.find(address), source)

    def replace(self, address: Address, source: Path | bytes) -> None:
        with translate_os_errors(address), atomic_file(address.file) as temporary:
            write_source(source, temporary)


@contextmanager
def open_regular_file(address: Address) -> Iterator[BufferedReader]:
    """Open a regular file without blocking: a pipe or device must not hang this process or feed it without end."""
    with open(os.open(address.file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BadInput(f"{address}: not a regular file")
        yield file


def write_source(source: Path | bytes, target: Path) -> None:
    if isinstance(source, bytes):
        target.write_bytes(source)
    else:
        shutil.copyfile(source, target)
