"""A story's directory on the node's SSD: complete files, and finished units of work that are found again by their content keys.

    lease.json                 the anchor's lease: the directory belongs to the story
    story.json assets/ ...     what steps read and write, see `newsreel.artifacts`
    made/STEP/UNIT.json        metadata of each unit: amount, duration, remarks                 `UnitMetadata`
    .done/STEP/KEY/            the files of a finished unit, the last of them its metadata

Files and units appear under their names only when they are complete (`newsreel.files`), so a killed run leaves at most temporary
names behind. Metadata is stored with a unit's files, so a later run that finds the unit finished still reports it.
"""

import errno
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from newsreel.errors import BadInput, Conflict, translate_disk_full
from newsreel.files import TEMPORARY_PREFIX, content_digest, flush_to_disk, link_or_copy, remove_temporary_files, write_atomically
from newsreel.story.schema import Story
from newsreel.validation import StrictModel

LEASE = "lease.json"
FAILURE = "failure.json"
"""The last failed step's failure, see `newsreel.runtime.failure`."""


def work_key(step: str, version: int, settings: Mapping[str, object], inputs: Sequence[Path]) -> str:
    """The content key of a unit: 40 hexadecimal digits, the same for the same step, version, settings and input bytes."""
    identity = [step, version, settings, [content_digest(path) for path in inputs]]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:40]


class Workspace:
    """One story's directory. Steps of the story may use it at the same time; no two of them write the same file."""

    def __init__(self, root: Path) -> None:
        """Open a directory that an anchor has leased; raises BadInput for any other."""
        self.root = root
        if not (root / LEASE).is_file():
            raise BadInput(f"{root}: no {LEASE}: the story's node is gone or was never leased; resubmit the story")

    @classmethod
    def lease(cls, root: Path, holder: str) -> "Workspace":
        """Make or take over a story's directory, and remove what a killed run left half-written."""
        root.mkdir(parents=True, exist_ok=True)
        for name in (LEASE, FAILURE):
            (root / name).unlink(missing_ok=True)
        remove_temporary_files(root)
        write_atomically(root / LEASE, json.dumps({"holder": holder}) + "\n")
        return cls(root)

    @property
    def story(self) -> Story:
        """The story of this directory, as `init-story` wrote it."""
        return Story.model_validate_json((self.root / "story.json").read_bytes())

    def set_story(self, story: Story) -> None:
        """Write story.json. Raises Conflict where the directory belongs to another story or to a later revision."""
        path = self.root / "story.json"
        if path.exists():
            try:
                current = self.story
            except ValidationError as fault:
                raise Conflict(f"{path}: is no story of this version of newsreel; use another workspace") from fault
            if current == story:
                return
            if current.id != story.id:
                raise Conflict(f"{self.root}: holds story {current.id}, not {story.id}; use another workspace")
            if current.revision > story.revision:
                raise Conflict(
                    f"{self.root}: holds revision {current.revision} of {story.id}, the story is revision {story.revision}; "
                    "raise its revision or use another workspace"
                )
        write_atomically(path, story.model_dump_json(indent=2) + "\n")

    def path(self, name: str) -> Path:
        """The path of a file, whether it exists or not."""
        return self.root / name

    def has_unit(self, step: str, key: str) -> bool:
        """Whether a unit is finished."""
        return self.unit_folder(step, key).is_dir()

    def unit_files(self, step: str, key: str) -> list[Path]:
        """The files of a finished unit, in the order of its names."""
        return sorted(self.unit_folder(step, key).iterdir(), key=lambda path: int(path.name))

    def link_unit(self, step: str, key: str, names: Sequence[str]) -> bool:
        """Link the files of a finished unit to their names; False where the unit is not finished."""
        if not self.has_unit(step, key):
            return False
        for number, name in enumerate(names):
            # Not durable: what lies in .done can be linked again.
            link_or_copy(self.unit_folder(step, key) / str(number), self.root / name, durable=False)
        return True

    @contextmanager
    def atomic_outputs(self, step: str, key: str, names: Sequence[str]) -> Iterator[list[Path]]:
        """Give a temporary path for each name; when the block ends well, the unit is finished and all names are linked.

        A temporary path has the suffix of its name (`.mp4`), since encoders choose the container by it. Raises DiskFull.
        """
        with self.atomic_unit(step, key, [Path(name).suffix for name in names]) as drafts:
            yield drafts
        if not self.link_unit(step, key, names):
            raise AssertionError(f"{step}: finished unit {key} vanished")

    @contextmanager
    def atomic_unit(self, step: str, key: str, suffixes: Sequence[str]) -> Iterator[list[Path]]:
        """Give a temporary path for each suffix; when the block ends well, the unit is finished. Raises DiskFull."""
        home = self.unit_folder(step, key)
        with translate_disk_full(self.root):
            home.parent.mkdir(parents=True, exist_ok=True)
            draft_folder = Path(tempfile.mkdtemp(dir=home.parent, prefix=TEMPORARY_PREFIX))
            try:
                drafts = [draft_folder / f"{number}{suffix}" for number, suffix in enumerate(suffixes)]
                yield drafts
                for number, draft in enumerate(drafts):
                    flush_to_disk(draft)
                    draft.rename(draft_folder / str(number))
                draft_folder.chmod(0o755)
                flush_to_disk(draft_folder)
                try:
                    draft_folder.rename(home)
                except OSError as fault:  # another process was first with the same unit
                    if fault.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                        raise
                flush_to_disk(home.parent)
            finally:
                shutil.rmtree(draft_folder, ignore_errors=True)

    def unit_folder(self, step: str, key: str) -> Path:
        return self.root / ".done" / step / key


METADATA_FOLDER = "made"


class UnitMetadata(StrictModel):
    """How much work a finished unit was, how long it took, and what a person should know about it."""

    step: str
    unit: str
    """`scene 03`."""
    key: str
    """The content key, see `work_key`."""
    cost: int
    counts: str
    """What the cost is in: `frames`."""
    seconds: float
    """Duration of the work, without the start of the AI system."""
    ended: AwareDatetime
    remarks: tuple[str, ...] = ()
    """A line for each thing that succeeded only at the second attempt, was interpolated or was guessed."""


def metadata_file(step: str, unit: str) -> str:
    """`metadata_file("pix2pixhd", "scene 00 from 6 s")` is `made/pix2pixhd/scene-00-from-6-s.json`."""
    return f"{METADATA_FOLDER}/{step}/{re.sub('[^a-z0-9]+', '-', unit.lower()).strip('-')}.json"


def read_unit_metadata(root: Path) -> Iterator[UnitMetadata]:
    """The metadata of all units, by step and unit."""
    for path in sorted((root / METADATA_FOLDER).glob("*/*.json")):
        yield UnitMetadata.model_validate_json(path.read_bytes())


def remove_stale_metadata(root: Path, step: str, units: Iterable[str]) -> None:
    """Remove the metadata of units that are not planned any more: of scenes that a changed story does not have."""
    planned = {metadata_file(step, unit) for unit in units}
    for path in (root / METADATA_FOLDER / step).glob("*.json"):
        if str(path.relative_to(root)) not in planned:
            path.unlink(missing_ok=True)
