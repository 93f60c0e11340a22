"""`publish`: the finished video goes to a folder or a bucket, its manifest last.

Who waits for manifest.json never sees half a video. Publishing twice changes nothing; after a crash it goes on where it stopped.
Once the video is out, what it is made of is kept for the story's next revision (`newsreel.storage.unit_cache`).
"""

import argparse
import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from newsreel.errors import BadInput, Conflict
from newsreel.files import content_digest, exclusive_lock, write_atomically
from newsreel.runtime.progress import Progress
from newsreel.runtime.usage import PRICES_VARIABLE, Prices, Usage
from newsreel.storage import unit_cache as carry_over
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
from steps.publish.mp4 import require_streamable
from steps.publish.report import report_page
from steps.publish.taken import taken

__all__ = ["publish", "run"]

CONTENTS, REPORT = "final/contents.json", "final/report.html"
FILES: Final = {
    "landscape.mp4": ("final/landscape.mp4", "video/mp4"),
    "poster.jpg": ("final/poster.jpg", "image/jpeg"),
    "sheet.jpg": ("final/sheet.jpg", "image/jpeg"),
    "captions.vtt": ("final/captions.vtt", "text/vtt; charset=utf-8"),
    "report.html": (REPORT, "text/html; charset=utf-8"),
    "story.json": ("story.json", "application/json"),
}
"""What is published: where it is in the workspace, and its media type."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, Conflict where another video of this revision or a newer revision is published, DiskFull, Unavailable."""
    parser = argparse.ArgumentParser(prog="python -m steps publish", description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True, help="the story's directory")
    parser.add_argument("--finals", required=True, metavar="ADDRESS", help="folder or prefix for finished videos")
    parser.add_argument("--node", default="", metavar="NAME", help="the machine the story has been made on, for its price")
    options = parser.parse_args(arguments)
    progress, finals = Progress.from_environment("publish"), Address.parse(options.finals)
    prices = Prices.parse(os.environ[PRICES_VARIABLE]) if os.environ.get(PRICES_VARIABLE) else None
    workspace = Workspace(options.workspace)
    where = publish(workspace, finals, Storage.from_environment(), progress, options.node, prices)
    progress.info(f"published at {where}")
    if units := carry_over.unit_cache_address():
        carry_over.save_units(workspace, units, progress)


def publish(
    workspace: Workspace, finals: Address, storage: Storage, progress: Progress, node: str = "", prices: Prices | None = None
) -> Address:
    """Publish what is in the workspace; where its manifest is."""
    manifest = manifest_of(workspace, finals, node, prices)
    newer = newer_revision(storage, finals, manifest.id, manifest.revision)
    if newer:
        raise Conflict(f"{finals}: revision {newer} of {manifest.id} is published meanwhile; this is {manifest.revision}")
    progress.set_total(len(manifest.files), "files")
    home = publication_folder(finals, manifest.id, manifest.revision)
    put = put_files if finals.scheme == "file" else put_objects
    put(workspace, manifest, home, storage, progress)
    return home.child(MANIFEST)


def manifest_of(workspace: Workspace, finals: Address, node: str, prices: Prices | None) -> Manifest:
    """What will be published. Raises BadInput where something is missing or no video."""
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


def write_report(workspace: Workspace, origin: Origin, home: Address, node: str, prices: Prices | None) -> Usage:
    """Look at all that will be published, and write the report of it; what the video has taken."""
    others = {name: workspace.path(source) for name, (source, _) in FILES.items() if source != REPORT}
    for path in (*others.values(), workspace.path(CONTENTS)):
        if not path.is_file() or path.stat().st_size == 0:
            raise BadInput(f"{path}: is missing or empty; run the steps before publish again")
    require_streamable(others["landscape.mp4"])
    usage = taken(workspace, list(others.values()), node, prices)
    write_atomically(workspace.path(REPORT), report_page(workspace, origin, str(home), others, usage))
    return usage


def put_files(workspace: Workspace, manifest: Manifest, home: Address, storage: Storage, progress: Progress) -> None:
    """Replace a draft: no manifest while its files change, and one run at a time."""
    storage.allowed.require(home)
    with exclusive_lock(home.file):
        held = read_publication(storage, home)
        if held and held.equals_ignoring_time(manifest) and is_intact(storage, home, held):
            progress.skip(len(manifest.files), manifest.id)
            return
        storage.remove(home.child(MANIFEST))
        for file in manifest.files:
            with progress.unit(file.name, 1):
                storage.replace(home.child(file.path), workspace.path(FILES[file.name][0]))
        storage.replace(home.child(MANIFEST), manifest.model_dump_json(indent=2).encode() + b"\n")


def put_objects(workspace: Workspace, manifest: Manifest, home: Address, storage: Storage, progress: Progress) -> None:
    """Create what is not there; whoever creates the manifest first has published the revision."""
    if published_alike(manifest, home, storage):
        progress.skip(len(manifest.files), manifest.id)
        return
    for file in manifest.files:
        with progress.unit(file.name, 1):
            storage.create(home.child(file.path), workspace.path(FILES[file.name][0]), file.content_type)
    try:
        storage.create(home.child(MANIFEST), manifest.model_dump_json(indent=2).encode() + b"\n", "application/json")
    except Conflict:
        if not published_alike(manifest, home, storage):
            raise


def published_alike(manifest: Manifest, home: Address, storage: Storage) -> bool:
    """Whether the same story is published already, maybe by another run. Raises Conflict where another story is."""
    held = read_publication(storage, home)
    if held and held.origin.story_digest != manifest.origin.story_digest:
        raise Conflict(
            f"{home}: revision {manifest.revision} of {manifest.id} is published with other content; raise the revision"
        )
    return held is not None
