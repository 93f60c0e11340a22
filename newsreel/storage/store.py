"""Bytes at addresses: what a step may do with `file:` and `gs:`, and no more.

Every call first asks the allow-list, so no program can forget to. Objects in a bucket are created and never changed: a
published video stays what it was. Files are drafts on a laptop and may be replaced; each appears whole or not at all.
"""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol

from newsreel.errors import BadInput, Conflict, Unavailable
from newsreel.storage.address import Address, AllowList
from newsreel.workspace import content_digest, translate_disk_full

TRANSIENT_ERRNOS = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EBUSY, errno.ENFILE, errno.EMFILE})
"""Errors of the operating system that another try may not meet; all others are the address's."""


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    """What lies at an address. `sha256` is 64 hexadecimal digits, None for an object that newsreel did not write."""

    size: int
    sha256: str | None
    generation: int | None = None
    """Of an object, see `Address`."""


class Backend(Protocol):
    """One kind of storage. `newsreel.storage.gcs` is the other."""

    def read(self, address: Address, at_most: int) -> bytes: ...

    def copy(self, address: Address, into: BinaryIO, at_most: int) -> None: ...

    def find(self, address: Address) -> ObjectInfo | None: ...

    def names(self, address: Address) -> list[str]: ...

    def dates(self, address: Address) -> dict[str, datetime]: ...

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None: ...


@dataclass(frozen=True)
class Storage:
    """All storage a program may use. Errors of every call: BadInput for an address that is not allowed or not usable,
    Unavailable where the same call may work later."""

    allowed: AllowList
    files: "Files" = field(default_factory=lambda: Files())

    @classmethod
    def from_environment(cls) -> "Storage":
        return cls(AllowList.from_environment())

    def read(self, address: Address, *, at_most: int) -> bytes:
        """All bytes; BadInput where there is nothing, or more than `at_most` bytes."""
        return self.backend(address).read(address, at_most)

    def copy(self, address: Address, into: BinaryIO, *, at_most: int) -> None:
        """Write all bytes to a file, part by part: for what is too large to be held in memory. Errors as of `read`."""
        self.backend(address).copy(address, into, at_most)

    def find(self, address: Address) -> ObjectInfo | None:
        """Size and digest of what lies there; None where nothing does."""
        return self.backend(address).find(address)

    def pin(self, address: Address) -> Address:
        """The address of what lies there now: an object that is changed or removed afterwards is not read in its place.

        A file has no such address and is returned as it is. Raises BadInput where there is nothing.
        """
        if address.scheme == "file" or address.generation:
            return address
        found = self.find(address)
        if found is None:
            raise BadInput(f"{address}: there is no such object or bucket")
        return replace(address, generation=found.generation)

    def names(self, address: Address) -> list[str]:
        """What lies below a folder or prefix, at any depth, as sorted names such as `r1/manifest.json`."""
        return self.backend(address).names(address)

    def dates(self, address: Address) -> dict[str, datetime]:
        """When each of these was last written, in UTC."""
        return self.backend(address).dates(address)

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None:
        """Write what is not there yet, checksummed; the same bytes are welcome twice. Conflict where others lie, DiskFull."""
        self.backend(address).create(address, source, content_type)

    def replace(self, address: Address, source: Path | bytes) -> None:
        """Write a file, whatever is there. Only `file`: objects are never replaced. Raises DiskFull."""
        self.draft(address)
        self.files.replace(address, source)

    def remove(self, address: Address) -> None:
        """Remove a file, if there is one. Only `file`."""
        self.draft(address)
        with translate_file_error(address):
            address.file.unlink(missing_ok=True)

    def draft(self, address: Address) -> None:
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
    """`file:` addresses. Links are followed once, by `Address.file`, and what is compared is what is opened."""

    def read(self, address: Address, at_most: int) -> bytes:
        with translate_file_error(address), open_regular_file(address) as file:
            content = file.read(at_most + 1)
        if len(content) > at_most:
            raise BadInput(f"{address}: larger than {at_most:,} bytes")
        return content

    def copy(self, address: Address, into: BinaryIO, at_most: int) -> None:
        with translate_file_error(address), open_regular_file(address) as file:
            if os.fstat(file.fileno()).st_size > at_most:
                raise BadInput(f"{address}: larger than {at_most:,} bytes")
            shutil.copyfileobj(file, into, 1 << 20)

    def find(self, address: Address) -> ObjectInfo | None:
        if not address.file.exists():
            return None
        with translate_file_error(address), open_regular_file(address) as file:
            return ObjectInfo(size=os.fstat(file.fileno()).st_size, sha256=file_digest(file, "sha256").hexdigest())

    def names(self, address: Address) -> list[str]:
        with translate_file_error(address):
            return sorted(str(path.relative_to(address.file)) for path in address.file.rglob("*") if path.is_file())

    def dates(self, address: Address) -> dict[str, datetime]:
        found = {}
        for name in self.names(address):
            # It may have been replaced since it was listed, or be gone.
            with suppress(FileNotFoundError):
                written = (address.file / name).stat().st_mtime
                found[name] = datetime.fromtimestamp(written, UTC)
        return found

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None:
        with publish_file(address, source) as temporary:
            try:
                os.link(temporary, address.file)
            except FileExistsError:
                require_same_content(address, self.find(address), source)

    def replace(self, address: Address, source: Path | bytes) -> None:
        with publish_file(address, source) as temporary:
            temporary.replace(address.file)


@contextmanager
def open_regular_file(address: Address) -> Iterator[BufferedReader]:
    """A regular file, opened without waiting: a pipe or a device in its place must not hang or feed us for ever."""
    with open(os.open(address.file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise BadInput(f"{address}: not a regular file")
        yield file


@contextmanager
def publish_file(address: Address, source: Path | bytes) -> Iterator[Path]:
    """The bytes, whole and on disk, under a temporary name beside the address; removed in the end if still there."""
    folder = address.file.parent
    with translate_file_error(address), translate_disk_full(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".tmp-")
        temporary = Path(name)
        try:
            with open(handle, "wb") as file:  # noqa: PTH123
                os.fchmod(handle, 0o644)
                if isinstance(source, bytes):
                    file.write(source)
                else:
                    with source.open("rb") as original:
                        shutil.copyfileobj(original, file, 1 << 20)
                file.flush()
                os.fsync(handle)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


def source_digest(source: Path | bytes) -> str:
    return sha256(source).hexdigest() if isinstance(source, bytes) else content_digest(source)


def require_same_content(address: Address, found: ObjectInfo | None, source: Path | bytes) -> None:
    if found is None or found.sha256 != source_digest(source):
        raise Conflict(f"{address}: something else is already there, and what is published is never changed; raise the revision")


@contextmanager
def translate_file_error(address: Address) -> Iterator[None]:
    """The operating system's errors as ours. A full disk is told by `translate_disk_full`, inside or outside of this."""
    try:
        yield
    except FileNotFoundError as fault:
        raise BadInput(f"{address}: there is no such file") from fault
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        kind = Unavailable if fault.errno in TRANSIENT_ERRNOS else BadInput
        raise kind(f"{address}: {(fault.strerror or str(fault)).lower()}") from fault
