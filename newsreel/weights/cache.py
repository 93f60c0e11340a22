"""Local cache of weights, by digest: $NEWSREEL_CACHE/weights/SHA256.

A file is in the cache only complete and verified. Two processes may fetch the same file at once; the later one's copy stays.
Nothing
is evicted: the folder holds each file that the installation's catalogue ever named, once, and may be deleted at any time.

A cached file is hashed again unless size, modification time and inode are those of its last verification, which are stored in
SHA256.verified. That is no protection against somebody who can forge the stamp: he could also change the file after it was
hashed.
It notices files that were cut or overwritten. Hashing the 465 MB of a voice takes a second or more at each start.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from newsreel.errors import BadInput, BadWeights, translate_disk_full
from newsreel.files import atomic_file, content_digest, write_atomically
from newsreel.storage.address import Address
from newsreel.storage.store import Storage

CACHE_VARIABLE = "NEWSREEL_CACHE"
MAX_WEIGHTS_BYTES = 4 << 30
"""The largest published file, a local pix2pixHD generator, has 0.73 GB."""
STALE_SECONDS = 3600
"""A temporary file that was not written to for so long was left by a killed process."""


@dataclass(frozen=True)
class WeightsCache:
    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "WeightsCache":
        """In $NEWSREEL_CACHE, or else in ~/.cache/newsreel."""
        return cls(Path(environment.get(CACHE_VARIABLE) or "~/.cache/newsreel").expanduser() / "weights")

    def fetch(self, address: Address, sha256: str, storage: Storage) -> Path:
        """The file with this digest, from the cache or else from its address; read-only.

        Raises BadWeights where the address has other bytes, which are not kept; BadInput, Unavailable, DiskFull.
        """
        with self.translate_errors():
            cached = self.root / sha256
            if not self.is_verified(cached, sha256):
                self.download(address, sha256, storage, cached)
            return cached

    def is_verified(self, cached: Path, sha256: str) -> bool:
        """Whether the file is in the cache and unchanged, by its stamp or, where the stamp differs, by its bytes."""
        if not cached.is_file():
            return False
        stamp = cached.with_suffix(".verified")
        with suppress(FileNotFoundError):
            if stamp.read_text() == file_stamp(cached):
                return True
        if content_digest(cached) != sha256:
            return False
        write_atomically(stamp, file_stamp(cached))
        return True

    def download(self, address: Address, sha256: str, storage: Storage, cached: Path) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.clear_leftovers()
        with atomic_file(cached, mode=0o444) as temporary:
            with temporary.open("wb") as file:
                storage.copy(address, file, at_most=MAX_WEIGHTS_BYTES)
            # The file is hashed, not the stream: a retried download sends part of it again.
            found = content_digest(temporary)
            if found != sha256:
                raise BadWeights(f"{address}: has sha256 {found}, the catalogue says {sha256}; nothing of it was kept")
        write_atomically(cached.with_suffix(".verified"), file_stamp(cached))

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
                f"{self.root}: weights cannot be stored here ({(fault.strerror or str(fault)).lower()}); "
                f"set {CACHE_VARIABLE} to a writable folder"
            ) from fault


def file_stamp(path: Path) -> str:
    """Size, modification time and inode: they change with the content in all but contrived cases."""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}\n"
