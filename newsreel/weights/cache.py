"""Weights fetched by address, kept on this machine under their digest: $NEWSREEL_CACHE/weights/SHA256.

A file is there only whole and verified. Two processes that fetch the same one at once both succeed; the later one's stays.
Nothing is ever evicted, since what is not needed today may be tomorrow: the folder holds each file that the installation's
catalogue ever named, once, and may be deleted at any time.

What is found here is hashed again unless its size, time of change and inode are those it was last verified with, as a line in
SHA256.verified says. Who could forge that line could as well change the file after it was hashed; what the line is against, a
file cut or written to, changes one of the three. Hashing the 465 MB of a voice takes a second or more at each start.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from newsreel.errors import BadInput, BadWeights
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.workspace import content_digest, flush_to_disk, translate_disk_full, write_atomically

CACHE_VARIABLE = "NEWSREEL_CACHE"
MAX_WEIGHTS_BYTES = 4 << 30
"""The largest published file, a local pix2pixHD generator, has 0.73 GB."""
STALE_SECONDS = 3600
"""A temporary file that nobody has written to for so long was left by a killed process."""


@dataclass(frozen=True)
class WeightsCache:
    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "WeightsCache":
        """In NEWSREEL_CACHE, else in ~/.cache/newsreel."""
        return cls(Path(environment.get(CACHE_VARIABLE) or "~/.cache/newsreel").expanduser() / "weights")

    def fetch(self, address: Address, sha256: str, storage: Storage) -> Path:
        """The file with this digest, from here or else from its address; read-only.

        Raises BadWeights where other bytes lie there, of which nothing is kept; BadInput, Unavailable, DiskFull.
        """
        with self.translate_errors():
            held = self.root / sha256
            if not self.is_verified(held, sha256):
                self.download(address, sha256, storage, held)
            return held

    def is_verified(self, held: Path, sha256: str) -> bool:
        """Whether the file is here and what it was, by its stamp or, where that does not fit, by its bytes."""
        if not held.is_file():
            return False
        stamp = held.with_suffix(".verified")
        with suppress(FileNotFoundError):
            if stamp.read_text() == file_stamp(held):
                return True
        if content_digest(held) != sha256:
            return False
        write_atomically(stamp, file_stamp(held))
        return True

    def download(self, address: Address, sha256: str, storage: Storage, held: Path) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.clear_leftovers()
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".tmp-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                storage.copy(address, file, at_most=MAX_WEIGHTS_BYTES)
            # What lies on the disk now is hashed, not what came over the line: a retried download begins part of it again.
            found = content_digest(temporary)
            if found != sha256:
                raise BadWeights(f"{address}: has sha256 {found}, the catalogue says {sha256}; nothing of it was kept")
            temporary.chmod(0o444)
            flush_to_disk(temporary)
            temporary.replace(held)
        finally:
            temporary.unlink(missing_ok=True)
        write_atomically(held.with_suffix(".verified"), file_stamp(held))

    def clear_leftovers(self) -> None:
        for leftover in self.root.glob(".tmp-*"):
            with suppress(FileNotFoundError):
                if time.time() - leftover.stat().st_mtime > STALE_SECONDS:
                    leftover.unlink()

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        try:
            with translate_disk_full(self.root):
                yield
        except OSError as fault:
            raise BadInput(
                f"{self.root}: weights cannot be kept here ({(fault.strerror or str(fault)).lower()}); "
                f"set {CACHE_VARIABLE} to a folder that can be written"
            ) from fault


def file_stamp(path: Path) -> str:
    """What changes with a file's content, in all but contrived cases."""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}\n"
