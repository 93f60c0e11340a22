"""What a kind of storage offers, and what `newsreel.storage.store` and its backends share."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol

from newsreel.errors import Conflict
from newsreel.files import content_digest
from newsreel.storage.address import Address


@dataclass(frozen=True, kw_only=True)
class ObjectInfo:
    """Size and digest of an object or file. `sha256` is None for an object that newsreel did not write."""

    size: int
    sha256: str | None
    generation: int | None = None
    """Of an object, see `Address`; None for a file."""


class Backend(Protocol):
    """One kind of storage: `Files` here, or `newsreel.storage.gcs`."""

    def read(self, address: Address, at_most: int) -> bytes: ...

    def copy(self, address: Address, into: BinaryIO, at_most: int) -> None: ...

    def find(self, address: Address) -> ObjectInfo | None: ...

    def names(self, address: Address) -> list[str]: ...

    def dates(self, address: Address) -> dict[str, datetime]: ...

    def create(self, address: Address, source: Path | bytes, content_type: str) -> None: ...


def source_digest(source: Path | bytes) -> str:
    return sha256(source).hexdigest() if isinstance(source, bytes) else content_digest(source)


def require_same_content(address: Address, found: ObjectInfo | None, source: Path | bytes) -> None:
    if found is None or found.sha256 != source_digest(source):
        raise Conflict(f"{address}: other content is already there, and what is published is never changed; raise the revision")
