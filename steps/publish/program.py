"""`publish`: write the finished video to a folder or a bucket, its manifest last.

A reader that waits for manifest.json never sees an incomplete video. Publishing is idempotent, also after a crash. After it the
units of the workspace are saved for the story's next revision (`newsreel.storage.unit_cache`).
"""

import argparse
import os
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from newsreel.errors import BadInput, Conflict
from newsreel.files import content_digest, exclusive_lock, write_atomically
from newsreel.runtime.progress import Progress
from newsreel.runtime.usage import PRICES_VARIABLE, Prices, Usage, measure_usage
from newsreel.storage import unit_cache
from newsreel.storage.address import Address
from newsreel.storage.publication import (
    MANIFEST,
    ORIGIN,
    Manifest,
    Origin,
    PublishedFile,
    is_intact,
    newer_revision,
    publication_folder,
    read_publication,
)
from newsreel.storage.store import Storage
from newsreel.workspace import Workspace
from steps.publish.report import report_page


def require_streamable(path: Path) -> None:
    """Require an MP4 that is complete and has its index first, so that it plays while it loads. Raises BadInput."""
    box_types = list(mp4_boxes(path))
    if not {b"ftyp", b"moov", b"mdat"} <= set(box_types):
        raise BadInput(f"{path}: is not a complete MP4; remove it and run compose again")
    if box_types.index(b"moov") > box_types.index(b"mdat"):
        raise BadInput(f"{path}: its index comes last, so it plays only when fully loaded; write it with +faststart")


def mp4_boxes(path: Path) -> Iterator[bytes]:
    """Types of the top-level boxes, in order. Raises BadInput if one reaches beyond the end of the file.

    Source: ISO/IEC 14496-12, section 4.2: a box is a 32-bit size, a four-letter type and, if the size is 1, a 64-bit size.
    """
    end = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at < end:
            file.seek(at)
            header = file.read(16)
            if len(header) < 8:
                raise BadInput(f"{path}: is cut short; remove it and run compose again")
            size, box_type = struct.unpack(">I4s", header[:8])
            if size == 1 and len(header) == 16:
                (size,) = struct.unpack(">Q", header[8:])
            size = size or end - at
            if size < 8 or at + size > end:
                raise BadInput(f"{path}: is cut short; remove it and run compose again")
            yield box_type
            at += size


USAGE = "final/usage.json"


class RecordedUsage(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str
    """Digest of the published files other than the report."""
    usage: Usage


def usage_of_publication(workspace: Workspace, files: Sequence[Path], node: str, prices: Prices | None) -> Usage:
    """Resource usage of a video, recorded once: publishing it again adds nothing. Raises BadInput, DiskFull."""
    digest = sha256("".join(map(content_digest, files)).encode()).hexdigest()
    recorded = recorded_usage(workspace)
    if recorded and recorded.files == digest:
        return recorded.usage
    usage = measure_usage(workspace.root, sum(path.stat().st_size for path in files), node, prices)
    write_atomically(workspace.path(USAGE), RecordedUsage(files=digest, usage=usage).model_dump_json())
    return usage


def recorded_usage(workspace: Workspace) -> RecordedUsage | None:
    """The recorded usage; None if there is none or it is of another format."""
    try:
        return RecordedUsage.model_validate_json(workspace.path(USAGE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


CONTENTS, REPORT = "final/contents.json", "final/report.html"
FILES: Final = {
    "landscape.mp4": ("final/landscape.mp4", "video/mp4"),
    "poster.jpg": ("final/poster.jpg", "image/jpeg"),
    "sheet.jpg": ("final/sheet.jpg", "image/jpeg"),
    "captions.vtt": ("final/captions.vtt", "text/vtt; charset=utf-8"),
    "report.html": (REPORT, "text/html; charset=utf-8"),
    "story.json": ("story.json", "application/json"),
}
"""Published files: path in the workspace, and media type."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, Conflict if another video of this revision or a newer revision is published, DiskFull, Unavailable."""
    parser = argparse.ArgumentParser(prog="python -m steps publish", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the story's directory")
    parser.add_argument("--finals", required=True, metavar="ADDRESS", help="folder or prefix for finished videos")
    parser.add_argument("--node", default="", metavar="NAME", help="the node that the story was rendered on, for its price")
    options = parser.parse_args(arguments)
    progress, finals = Progress.from_environment("publish"), Address.parse(options.finals)
    prices = Prices.parse(os.environ[PRICES_VARIABLE]) if os.environ.get(PRICES_VARIABLE) else None
    workspace = Workspace(options.workspace)
    where = publish(workspace, finals, Storage.from_environment(), progress, options.node, prices)
    progress.info(f"published at {where}")
    if units := unit_cache.unit_cache_address():
        unit_cache.save_units(workspace, units, progress)


def publish(
    workspace: Workspace, finals: Address, storage: Storage, progress: Progress, node: str = "", prices: Prices | None = None
) -> Address:
    """Publish the video of a workspace; returns the address of its manifest."""
    manifest = make_manifest(workspace, finals, node, prices)
    newer = newer_revision(storage, finals, manifest.id, manifest.revision)
    if newer:
        raise Conflict(f"{finals}: the newer revision {newer} of {manifest.id} is published already; this is {manifest.revision}")
    progress.set_total(len(manifest.files), "files")
    folder = publication_folder(finals, manifest.id, manifest.revision)
    publish_files = publish_to_folder if finals.scheme == "file" else publish_to_bucket
    publish_files(workspace, manifest, folder, storage, progress)
    return folder.child(MANIFEST)


def make_manifest(workspace: Workspace, finals: Address, node: str, prices: Prices | None) -> Manifest:
    """The manifest. Raises BadInput if a file is missing or the video is invalid."""
    story = workspace.story
    origin = Origin.model_validate_json(workspace.path(ORIGIN).read_bytes())
    usage = write_report(workspace, origin, publication_folder(finals, story.id, story.revision), node, prices)
    digests = {name: content_digest(workspace.path(source)) for name, (source, _) in FILES.items()}
    render = sha256("".join(digests.values()).encode()).hexdigest()[:16]
    files = [
        PublishedFile(
            name=name,
            path=name if finals.scheme == "file" else f"{render}/{name}",
            size=workspace.path(source).stat().st_size,
            sha256=digests[name],
            content_type=content_type,
        )
        for name, (source, content_type) in FILES.items()
    ]
    return Manifest(
        id=story.id,
        revision=story.revision,
        title=story.title,
        origin=origin,
        created=datetime.now(UTC).replace(microsecond=0),
        files=tuple(files),
        usage=usage,
    )


def write_report(workspace: Workspace, origin: Origin, folder: Address, node: str, prices: Prices | None) -> Usage:
    """Validate all files, and write the report; returns the resource usage of the video."""
    others = {name: workspace.path(source) for name, (source, _) in FILES.items() if source != REPORT}
    for path in (*others.values(), workspace.path(CONTENTS)):
        if not path.is_file() or path.stat().st_size == 0:
            raise BadInput(f"{path}: is missing or empty; run the steps before publish again")
    require_streamable(others["landscape.mp4"])
    usage = usage_of_publication(workspace, list(others.values()), node, prices)
    write_atomically(workspace.path(REPORT), report_page(workspace, origin, str(folder), others, usage))
    return usage


def publish_to_folder(workspace: Workspace, manifest: Manifest, folder: Address, storage: Storage, progress: Progress) -> None:
    """Publish to a folder: the manifest is removed while files change; one run at a time."""
    storage.allowed.require(folder)
    with exclusive_lock(folder.file):
        published = read_publication(storage, folder)
        if published and published.equals_ignoring_time(manifest) and is_intact(storage, folder, published):
            progress.skip(len(manifest.files), manifest.id)
            return
        storage.remove(folder.child(MANIFEST))
        for file in manifest.files:
            with progress.unit(file.name, 1):
                storage.replace(folder.child(file.path), workspace.path(FILES[file.name][0]))
        storage.replace(folder.child(MANIFEST), manifest.model_dump_json(indent=2).encode() + b"\n")


def publish_to_bucket(workspace: Workspace, manifest: Manifest, folder: Address, storage: Storage, progress: Progress) -> None:
    """Publish to a bucket: objects are only created, never changed; the first to create the manifest has published the
    revision."""
    if is_published(manifest, folder, storage):
        progress.skip(len(manifest.files), manifest.id)
        return
    for file in manifest.files:
        with progress.unit(file.name, 1):
            storage.create(folder.child(file.path), workspace.path(FILES[file.name][0]), file.content_type)
    try:
        storage.create(folder.child(MANIFEST), manifest.model_dump_json(indent=2).encode() + b"\n", "application/json")
    except Conflict:
        if not is_published(manifest, folder, storage):
            raise


def is_published(manifest: Manifest, folder: Address, storage: Storage) -> bool:
    """Whether the same story is published already, maybe by another run. Raises Conflict if a different one is."""
    published = read_publication(storage, folder)
    if published and published.origin.story_digest != manifest.origin.story_digest:
        raise Conflict(
            f"{folder}: revision {manifest.revision} of {manifest.id} is published with other content; raise the revision"
        )
    return published is not None
