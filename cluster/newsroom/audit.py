"""Who has done what to which story: an entry for each change, added and never changed.

In a folder a line of audit.jsonl, flushed to disk before the answer; in a bucket an object of its own, which a retention policy
keeps from being removed.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from newsreel.storage.address import Address
from newsreel.storage.store import Storage

__all__ = ["Audit"]


@dataclass(frozen=True)
class Audit:
    home: Address
    storage: Storage

    def add(self, who: str, what: str, story: str, **more: str | int) -> None:
        """Raises what `Storage.create` raises: what cannot be told is not to be done."""
        now = datetime.now(UTC)
        entry = {"time": now.isoformat(timespec="milliseconds"), "who": who, "what": what, "story": story} | more
        if self.home.scheme == "file":
            self.append(json.dumps(entry))
        else:
            name = f"{now:%Y/%m/%d}/{now:%H%M%S%f}-{uuid4().hex[:8]}.json"
            self.storage.create(self.home.child(name), json.dumps(entry).encode(), "application/json")

    def append(self, line: str) -> None:
        """One write of a whole line, which no other writer can come between (open(2), O_APPEND)."""
        self.storage.allowed.require(self.home)
        self.home.file.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.home.file / "audit.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, f"{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
