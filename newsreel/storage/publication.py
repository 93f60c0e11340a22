"""Published videos: some files and, written last, a manifest that lists them with their digests.

    file:out              out/budget/{landscape.mp4,poster.jpg,captions.vtt,story.json,manifest.json}
    gs://bucket/videos    gs://bucket/videos/budget/r3/manifest.json  r3/<render>/{landscape.mp4,...}

A folder on a laptop holds the newest draft. In a bucket revisions are never changed, and each render of a revision has its own
folder, named by its content: two runs of one story cannot mix their files, and the manifest decides which render counts.
"""

import re
from collections.abc import Iterator

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from newsreel.errors import Conflict
from newsreel.runtime.usage import Usage
from newsreel.storage.address import Address
from newsreel.storage.store import Storage

MANIFEST = "manifest.json"
ORIGIN = "origin.json"
VIDEO = "landscape.mp4"
MAX_MANIFEST_BYTES = 100_000


class PublishedFile(BaseModel, frozen=True):
    name: str
    """`landscape.mp4`."""
    path: str = Field(pattern=r"^([0-9a-f]{16}/)?[a-z0-9][a-z0-9.-]*$")
    """Relative to the manifest's folder."""
    size: int
    """Bytes."""
    sha256: str
    content_type: str


class Origin(BaseModel, frozen=True):
    """What a video is made from, see `newsreel.fingerprints`. `init-story` writes it into the workspace for `publish`."""

    story_digest: str
    software_digest: str
    release: str
    """The version of newsreel."""


class Manifest(BaseModel, frozen=True):
    id: str
    revision: int
    title: str
    origin: Origin
    created: AwareDatetime
    files: tuple[PublishedFile, ...]
    usage: Usage | None = None
    """What the video cost; None for videos from before this was recorded."""

    def equals_ignoring_time(self, other: "Manifest") -> bool:
        return self.model_copy(update={"created": other.created}) == other

    def file(self, name: str) -> PublishedFile | None:
        return next((file for file in self.files if file.name == name), None)

    def video(self, home: Address) -> Address | None:
        """The address of the video, given the manifest's folder."""
        file = self.file(VIDEO)
        return home.child(file.path) if file else None


def publication_folder(finals: Address, identifier: str, revision: int) -> Address:
    """The folder of a story's manifest."""
    story = finals.child(identifier)
    return story if finals.scheme == "file" else story.child(f"r{revision}")


def read_publication(storage: Storage, home: Address) -> Manifest | None:
    """The manifest of a folder, None where nothing is published. Raises Conflict for a file that is no manifest."""
    address = home.child(MANIFEST)
    if storage.find(address) is None:
        return None
    try:
        return Manifest.model_validate_json(storage.read(address, at_most=MAX_MANIFEST_BYTES))
    except ValidationError as fault:
        raise Conflict(f"{address}: is not a manifest of newsreel; move it away or publish elsewhere") from fault


def is_intact(storage: Storage, home: Address, manifest: Manifest) -> bool:
    """Whether all files of the manifest exist with the same size and digest."""
    found = (storage.find(home.child(file.path)) for file in manifest.files)
    return all(
        there is not None and (there.size, there.sha256) == (file.size, file.sha256)
        for there, file in zip(found, manifest.files, strict=True)
    )


def newer_revision(storage: Storage, finals: Address, identifier: str, revision: int) -> int | None:
    """The newest published revision that is newer than this one, None for none."""
    return max((other for other in published_revisions(storage, finals, identifier) if other > revision), default=None)


def published_revisions(storage: Storage, finals: Address, identifier: str) -> Iterator[int]:
    if finals.scheme == "file":
        draft = read_publication(storage, publication_folder(finals, identifier, 0))
        if draft:
            yield draft.revision
        return
    for name in storage.names(finals.child(identifier)):
        if named := re.fullmatch(rf"r([1-9][0-9]*)/{re.escape(MANIFEST)}", name):
            yield int(named[1])
