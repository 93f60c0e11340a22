"""The one kind of file that changes: a draft, replaced only by whoever has seen what it replaces.

A draft's tag names its content: SHA-256 of a file, generation of an object (Cloud Storage, "Request preconditions").
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.storage.gcs import GcsBackend, translate_gcs_error
from newsreel.storage.store import Storage

__all__ = ["Changed", "read_draft", "write_draft"]

MOST_BYTES = 1_000_000
TRIES = 3


class Changed(Conflict):
    """Somebody else has saved meanwhile."""


@dataclass(frozen=True)
class Tagged:
    content: bytes
    tag: str


def read_draft(storage: Storage, address: Address) -> Tagged | None:
    """The draft that is there now; None where there is none. Raises what `Storage.read` raises."""
    if address.scheme == "file":
        return read_file(storage, address)
    for _ in range(TRIES):
        found = storage.find(address)
        if found is None:
            return None
        try:
            return Tagged(storage.read(storage.pin(address), at_most=MOST_BYTES), str(found.generation))
        except BadInput:  # replaced between the two calls
            continue
    raise Changed(f"{story_of(address)}: is being saved all the time; try again")


def story_of(address: Address) -> str:
    """Its name, for who is told of it: where it is stored is nothing to them."""
    return PurePosixPath(address.path).parent.name


def read_file(storage: Storage, address: Address) -> Tagged | None:
    if storage.find(address) is None:
        return None
    content = storage.read(address, at_most=MOST_BYTES)
    return Tagged(content, sha256(content).hexdigest())


def write_draft(storage: Storage, address: Address, content: bytes, expected: str | None) -> str:
    """Replace the draft that has the tag `expected`, None for no draft at all; the new tag.

    Raises Changed where another one is there. The same content is welcome twice: an answer may have been lost.
    """
    storage.allowed.require(address)
    return (write_file if address.scheme == "file" else write_object)(storage, address, content, expected)


def write_file(storage: Storage, address: Address, content: bytes, expected: str | None) -> str:
    with alone_in(address.file.parent):
        there = read_file(storage, address)
        if there and there.content == content:
            return there.tag
        if (there.tag if there else None) != expected:
            raise Changed(f"{story_of(address)}: somebody else has saved it meanwhile")
        storage.replace(address, content)
    return sha256(content).hexdigest()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One writer at a time, whatever process it is in; the kernel ends the lock with the process."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_object(storage: Storage, address: Address, content: bytes, expected: str | None) -> str:
    objects = storage.objects
    if not isinstance(objects, GcsBackend):
        raise TypeError(f"{address}: no storage with generations")
    if expected is not None and not expected.isdigit():
        raise Changed(f"{story_of(address)}: somebody else has saved it meanwhile")
    blob = objects.blob(address)
    try:
        with translate_gcs_error(address):
            options = {"content_type": "application/json", "checksum": "crc32c", **objects.call_options}
            blob.upload_from_string(content, if_generation_match=int(expected or 0), **options)
    except Conflict as fault:
        there = read_draft(storage, address)
        if there and there.content == content:
            return there.tag
        raise Changed(f"{story_of(address)}: somebody else has saved it meanwhile") from fault
    return str(blob.generation)
