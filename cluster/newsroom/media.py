"""The finished video, back to the page: files of this machine as they are, those of a bucket through a cache on the disk."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from newsreel.errors import translate_disk_full
from newsreel.storage.address import Address
from newsreel.storage.publication import Manifest, PublishedFile, publication_folder, read_publication
from newsreel.storage.store import Storage

__all__ = ["Media"]

NAMES: Final = frozenset({"landscape.mp4", "poster.jpg", "sheet.jpg", "captions.vtt", "report.html", "story.json"})
MOST_BYTES: Final = 4_000_000_000
MOST_BYTES_KEPT: Final = 8_000_000_000
REVISIONS_LOOKED_AT: Final = 5


@dataclass(frozen=True)
class Media:
    finals: Address
    storage: Storage
    cache: Path

    def newest(self, identifier: str, revision: int) -> Manifest | None:
        """The newest video there is of a story whose newest revision is given."""
        oldest = revision if self.finals.scheme == "file" else max(1, revision - REVISIONS_LOOKED_AT)
        for number in range(revision, oldest - 1, -1):
            if number and (manifest := read_publication(self.storage, publication_folder(self.finals, identifier, number))):
                return manifest
        return None

    def file(self, manifest: Manifest, name: str) -> tuple[PublishedFile, Path] | None:
        """A published file, on this machine; None where there is none of that name."""
        file = manifest.file(name) if name in NAMES else None
        if file is None:
            return None
        address = publication_folder(self.finals, manifest.id, manifest.revision).child(file.path)
        self.storage.allowed.require(address)
        return file, address.file if address.scheme == "file" else self.cached(file, address)

    def cached(self, file: PublishedFile, address: Address) -> Path:
        """Named by its content, so never out of date; what was not asked for the longest gives way."""
        kept = self.cache / file.sha256
        if not kept.is_file():
            self.make_room(file.size)
            with translate_disk_full(self.cache):
                self.cache.mkdir(parents=True, exist_ok=True)
                handle, draft = tempfile.mkstemp(dir=self.cache, prefix=".tmp-")
                try:
                    with os.fdopen(handle, "wb") as into:
                        self.storage.copy(address, into, at_most=MOST_BYTES)
                    Path(draft).replace(kept)
                finally:
                    Path(draft).unlink(missing_ok=True)
        os.utime(kept)
        return kept

    def make_room(self, size: int) -> None:
        files = sorted(self.cache.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime) if self.cache.is_dir() else []
        left = sum(path.stat().st_size for path in files) + size - MOST_BYTES_KEPT
        for path in files:
            if left <= 0:
                break
            left -= path.stat().st_size
            path.unlink(missing_ok=True)
