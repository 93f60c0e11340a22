"""What the newsroom's tests are made of: a story, pictures, runs that remember what they were asked for."""

import hashlib
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from PIL import Image

from cluster.newsroom.runs import Run
from newsreel.errors import Conflict, Unavailable

HOST = "127.0.0.1:8090"
STORY = {
    "title": "The library opens on Sundays",
    "presenter": "maya",
    "voice": "heart",
    "scenes": [
        {
            "narration": "The library opens on Sundays. It costs £1,200 a month.",
            "headline": "Open on Sundays",
            "picture": {"file": "", "credit": "City archive", "alt": "A reading room"},
        }
    ],
}


@dataclass
class Remembered:
    """`Runs` that remembers what it was asked for."""

    asked: list = field(default_factory=list)
    runs: dict = field(default_factory=dict)
    kept: dict = field(default_factory=dict)
    failure: Exception | None = None

    def reserve(self, identifier, revision, priority):
        kept = self.kept.setdefault((identifier, revision), priority or "normal")
        if priority not in (None, kept):
            raise Conflict("was given out as more or less urgent before")
        return kept

    def submit(self, identifier, revision, priority):
        if self.failure:
            raise self.failure
        self.asked.append(("submit", identifier, revision))
        self.put(identifier, revision, "queued", priority=priority)

    def status(self, identifier, revision):
        if isinstance(self.failure, Unavailable):
            raise self.failure
        return self.runs.get((identifier, revision))

    def cancel(self, identifier, revision):
        self.asked.append(("cancel", identifier, revision))
        self.put(identifier, revision, "cancelled")

    def put(self, identifier, revision, state, **more):
        run = Run(id=identifier, revision=revision, state=state, submitted=datetime(2026, 5, 1, tzinfo=UTC), **more)
        self.runs[identifier, revision] = run


BROWSER = {"host": HOST, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}


@cache
def picture(kind="PNG", size=(640, 480), **options):
    written = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(written, kind, **options)
    return written.getvalue()


def publish(room, identifier, files):
    """Put files and their manifest where `steps.publish` puts a story's first revision; `files` are content and kind by name."""
    home = room / "finals" / identifier
    home.mkdir(parents=True)
    listed = []
    for name, (content, kind) in files.items():
        (home / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        listed.append({"name": name, "path": name, "size": len(content), "sha256": digest, "content_type": kind})
    told = {"id": identifier, "revision": 1, "title": "T", "created": "2026-05-01T10:00:00Z", "files": listed}
    origin = {"story_digest": "a", "software_digest": "b", "release": "c"}
    (home / "manifest.json").write_text(json.dumps(told | {"origin": origin}))
