"""Finished videos: local files as they are, those of a bucket through a cache on disk."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsreel.errors import translate_disk_full
from newsreel.storage.address import Address
from newsreel.storage.publication import Manifest, PublishedFile, publication_folder, read_publication
from newsreel.storage.store import Storage

NAMES: Final = frozenset({"landscape.mp4", "poster.jpg", "sheet.jpg", "captions.vtt", "report.html", "story.json"})
MAX_FILE_BYTES: Final = 4_000_000_000
MAX_CACHE_BYTES: Final = 8_000_000_000
MAX_REVISIONS_BACK: Final = 5


@dataclass(frozen=True)
class Media:
    finals: Address
    storage: Storage
    cache: Path

    def newest(self, identifier: str, revision: int) -> Manifest | None:
        """The newest video of a story whose newest revision is given."""
        oldest = revision if self.finals.scheme == "file" else max(1, revision - MAX_REVISIONS_BACK)
        for number in range(revision, oldest - 1, -1):
            if number and (manifest := read_publication(self.storage, publication_folder(self.finals, identifier, number))):
                return manifest
        return None

    def file(self, manifest: Manifest, name: str) -> tuple[PublishedFile, Path] | None:
        """A published file as a local path; None where there is none of that name."""
        file = manifest.file(name) if name in NAMES else None
        if file is None:
            return None
        address = publication_folder(self.finals, manifest.id, manifest.revision).child(file.path)
        self.storage.allowed.require(address)
        return file, address.file if address.scheme == "file" else self.cached(file, address)

    def cached(self, file: PublishedFile, address: Address) -> Path:
        """Named by its content, so never stale; the least recently used files are evicted."""
        cached_file = self.cache / file.sha256
        if not cached_file.is_file():
            self.evict(file.size)
            with translate_disk_full(self.cache):
                self.cache.mkdir(parents=True, exist_ok=True)
                handle, draft = tempfile.mkstemp(dir=self.cache, prefix=".tmp-")
                try:
                    with os.fdopen(handle, "wb") as into:
                        self.storage.copy(address, into, at_most=MAX_FILE_BYTES)
                    Path(draft).replace(cached_file)
                finally:
                    Path(draft).unlink(missing_ok=True)
        os.utime(cached_file)
        return cached_file

    def evict(self, size: int) -> None:
        files = sorted(self.cache.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime) if self.cache.is_dir() else []
        left = sum(path.stat().st_size for path in files) + size - MAX_CACHE_BYTES
        for path in files:
            if left <= 0:
                break
            left -= path.stat().st_size
            path.unlink(missing_ok=True)
