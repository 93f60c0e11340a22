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
MOST_BYTES = 4 << 30
"""The largest published file, a local pix2pixHD generator, has 0.73 GB."""
SECONDS_OF_SILENCE = 3600
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
        with self.told():
            held = self.root / sha256
            if not self.holds(held, sha256):
                self.bring(address, sha256, storage, held)
            return held

    def holds(self, held: Path, sha256: str) -> bool:
        """Whether the file is here and what it was, by its stamp or, where that does not fit, by its bytes."""
        if not held.is_file():
            return False
        stamp = held.with_suffix(".verified")
        with suppress(FileNotFoundError):
            if stamp.read_text() == stamp_of(held):
                return True
        if content_digest(held) != sha256:
            return False
        write_atomically(stamp, stamp_of(held))
        return True

    def bring(self, address: Address, sha256: str, storage: Storage, held: Path) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.clear_leftovers()
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".tmp-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                storage.copy(address, file, at_most=MOST_BYTES)
            # What lies on the disk now is hashed, not what came over the line: a retried download begins part of it again.
            found = content_digest(temporary)
            if found != sha256:
                raise BadWeights(f"{address}: has sha256 {found}, the catalogue says {sha256}; nothing of it was kept")
            temporary.chmod(0o444)
            flush_to_disk(temporary)
            temporary.replace(held)
        finally:
            temporary.unlink(missing_ok=True)
        write_atomically(held.with_suffix(".verified"), stamp_of(held))

    def clear_leftovers(self) -> None:
        for leftover in self.root.glob(".tmp-*"):
            with suppress(FileNotFoundError):
                if time.time() - leftover.stat().st_mtime > SECONDS_OF_SILENCE:
                    leftover.unlink()

    @contextmanager
    def told(self) -> Iterator[None]:
        try:
            with translate_disk_full(self.root):
                yield
        except OSError as fault:
            raise BadInput(
                f"{self.root}: weights cannot be kept here ({(fault.strerror or str(fault)).lower()}); "
                f"set {CACHE_VARIABLE} to a folder that can be written"
            ) from fault


def stamp_of(path: Path) -> str:
    """What changes with a file's content, in all but contrived cases."""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}\n"
