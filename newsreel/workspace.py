"""A story's directory on the node's SSD: files that are either complete or absent, found again by the content they came from.

    lease.json                 the anchor's word that the directory is the story's
    story.json assets/ ...     what steps read and write, see `newsreel.artifacts`
    .done/STEP/KEY/            finished work, kept under the key of all that went into it

A file enters under its final name only complete: written to a temporary name on the same file system, flushed to disk,
renamed. Work enters `.done` the same way, a directory at a time, so a killed run leaves at most temporary names behind.

What is told of a finished unit of work: how much it was, how long it took, what a person should know of it.

A record is kept with the unit's own files, so a later run that finds the work done still tells of it. In the workspace the
records of a step are made/STEP/UNIT.json.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from newsreel.errors import BadInput, Conflict, DiskFull
from newsreel.story.schema import Story
from newsreel.validation import StrictModel

LEASE = "lease.json"
FAILURE = "failure.json"
"""What the last failed step has said, see `newsreel.runtime.failure`."""


def content_digest(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def work_key(step: str, version: int, settings: Mapping[str, object], inputs: Sequence[Path]) -> str:
    """The name of a piece of work: the same step, settings and input bytes give the same 40 hexadecimal digits."""
    identity = [step, version, settings, [content_digest(path) for path in inputs]]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:40]


@contextmanager
def translate_disk_full(where: Path) -> Iterator[None]:
    """Turn the operating system's 'no space left' into a DiskFull that names the disk."""
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"{where}: the disk is full; free some space and run the same command again") from fault
        raise


def write_atomically(path: Path, content: bytes | str) -> None:
    """Write a small file whole or not at all; directories are made as needed. Raises DiskFull."""
    data = content.encode() if isinstance(content, str) else content
    with translate_disk_full(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        finally:
            Path(temporary).unlink(missing_ok=True)


def flush_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Workspace:
    """One story's directory. Steps of the same story may use it at the same time; no two write the same file."""

    def __init__(self, root: Path) -> None:
        """Open a directory that an anchor has leased; raises BadInput for any other."""
        self.root = root
        if not (root / LEASE).is_file():
            raise BadInput(f"{root}: no {LEASE}: the story's node is gone or was never taken; resubmit the story")

    @classmethod
    def lease(cls, root: Path, holder: str) -> "Workspace":
        """Make (or take over) a story's directory, and clear what a killed run left half-written."""
        root.mkdir(parents=True, exist_ok=True)
        for told in (LEASE, FAILURE):
            (root / told).unlink(missing_ok=True)
        for leftover in [*root.rglob(".tmp-*")]:
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink(missing_ok=True)
        write_atomically(root / LEASE, json.dumps({"holder": holder}) + "\n")
        return cls(root)

    @property
    def story(self) -> Story:
        """The story this directory is for, as `init-story` wrote it."""
        return Story.model_validate_json((self.root / "story.json").read_bytes())

    def set_story(self, story: Story) -> None:
        """Take a story in. Raises Conflict where the directory belongs to another story or a later revision."""
        sheet = self.root / "story.json"
        if sheet.exists():
            try:
                held = self.story
            except ValidationError as fault:
                raise Conflict(f"{sheet}: is not a story as this newsreel has them; use another workspace") from fault
            if held == story:
                return
            if held.id != story.id:
                raise Conflict(f"{self.root}: holds story {held.id}, not {story.id}; use another workspace")
            if held.revision > story.revision:
                raise Conflict(
                    f"{self.root}: holds revision {held.revision} of {story.id}, the story is revision {story.revision}; "
                    "raise its revision or use another workspace"
                )
        write_atomically(sheet, story.model_dump_json(indent=2) + "\n")

    def path(self, name: str) -> Path:
        """Where a named file is or will be."""
        return self.root / name

    def has_unit(self, step: str, key: str) -> bool:
        """Whether this work is finished."""
        return self.unit_folder(step, key).is_dir()

    def unit_files(self, step: str, key: str) -> list[Path]:
        """The files of finished work, in the order of its names."""
        return sorted(self.unit_folder(step, key).iterdir(), key=lambda path: int(path.name))

    def link_unit(self, step: str, key: str, names: Sequence[str]) -> bool:
        """Put finished work under its final names; False where there is none yet."""
        if not self.has_unit(step, key):
            return False
        for number, name in enumerate(names):
            self.link(self.unit_folder(step, key) / str(number), self.root / name)
        return True

    @contextmanager
    def atomic_outputs(self, step: str, key: str, names: Sequence[str]) -> Iterator[list[Path]]:
        """Give temporary paths to write to, one a name; when the block ends well, all appear under their final names.

        A temporary path ends like its name (`.mp4`), since encoders choose the container by it. Raises DiskFull.
        """
        with self.atomic_unit(step, key, [Path(name).suffix for name in names]) as drafts:
            yield drafts
        if not self.link_unit(step, key, names):
            raise AssertionError(f"{step}: finished work {key} vanished")

    @contextmanager
    def atomic_unit(self, step: str, key: str, endings: Sequence[str]) -> Iterator[list[Path]]:
        """Give temporary paths to write to, one an ending; when the block ends well, the work is finished. Raises DiskFull."""
        home = self.unit_folder(step, key)
        with translate_disk_full(self.root):
            home.parent.mkdir(parents=True, exist_ok=True)
            desk = Path(tempfile.mkdtemp(dir=home.parent, prefix=".tmp-"))
            try:
                drafts = [desk / f"{number}{ending}" for number, ending in enumerate(endings)]
                yield drafts
                for number, draft in enumerate(drafts):
                    flush_to_disk(draft)
                    draft.rename(desk / str(number))
                desk.chmod(0o755)
                flush_to_disk(desk)
                try:
                    desk.rename(home)
                except OSError as fault:  # another was quicker with the same work
                    if fault.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                flush_to_disk(home.parent)
            finally:
                shutil.rmtree(desk, ignore_errors=True)

    def unit_folder(self, step: str, key: str) -> Path:
        return self.root / ".done" / step / key

    @staticmethod
    def link(finished: Path, final: Path) -> None:
        """A hard link under a temporary name, renamed over the final one: no copy, no moment without a file."""
        if final.exists() and final.samefile(finished):
            return
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(f".tmp-{os.getpid()}-{final.name}")
        temporary.unlink(missing_ok=True)
        os.link(finished, temporary)
        temporary.replace(final)


METADATA_FOLDER = "made"


class UnitMetadata(StrictModel):
    step: str
    unit: str
    """`scene 03`."""
    key: str
    """What its files are found by, see `newsreel.workspace`."""
    cost: int
    counts: str
    """What the cost is in: `frames`."""
    seconds: float
    """Of work, when it was done; the start of the AI system is not in it."""
    ended: AwareDatetime
    remarks: tuple[str, ...] = ()
    """What went right only at the second try, what was bridged or guessed: a line each."""


def metadata_file(step: str, unit: str) -> str:
    """`metadata_file("pix2pixhd", "scene 00 from 6 s")` is `made/pix2pixhd/scene-00-from-6-s.json`."""
    return f"{METADATA_FOLDER}/{step}/{re.sub('[^a-z0-9]+', '-', unit.lower()).strip('-')}.json"


def read_unit_metadata(root: Path) -> Iterator[UnitMetadata]:
    """All that a workspace tells, by step and unit."""
    for path in sorted((root / METADATA_FOLDER).glob("*/*.json")):
        yield UnitMetadata.model_validate_json(path.read_bytes())


def remove_stale_metadata(root: Path, step: str, units: Iterable[str]) -> None:
    """Remove a step's records of units that are planned no more: of scenes that a changed story has not."""
    planned = {metadata_file(step, unit) for unit in units}
    for path in (root / METADATA_FOLDER / step).glob("*.json"):
        if str(path.relative_to(root)) not in planned:
            path.unlink(missing_ok=True)
