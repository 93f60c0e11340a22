"""Load a story and its pictures from storage or from this machine, and validate them in full, all faults at once.

Pictures are decoded once for each trust boundary: by the command line for a story of this machine, by the step `check` for any
other. Whoever loads the story after that compares its digest with that of the validated content (`newsreel.fingerprints`).
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from newsreel.errors import BadInput, translate_disk_full
from newsreel.fingerprints import story_digest
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.story.schema import PROFILE_OF_SYSTEM, VOICES, Story
from newsreel.story.source import StoryFile, parse_story
from newsreel.yaml_source import Fault

VALIDATED_VARIABLE = "NEWSREEL_VALIDATED"
"""The digest of a story that was validated in full on this machine: `newsreel render` sets it for the step `check`. It is no
parameter, since whoever submits a story may set any parameter."""
MAX_STORY_BYTES = 1_000_000
MAX_PICTURE_BYTES = 40_000_000
MAX_PICTURES_BYTES = 600_000_000
"""All pictures of a story together: they must fit into a step's /tmp."""


@dataclass(frozen=True, kw_only=True)
class LoadedStory:
    """A story and copies of its pictures, as they were when they were read."""

    file: StoryFile
    pictures: dict[str, Path]
    """A local copy of each picture, by its name in the story."""
    picture_digests: dict[str, str]
    faults: tuple[Fault, ...]
    """Faults of pictures and voice that show without decoding."""

    def require_valid(self, validated: str | None = None) -> Story:
        """The story. Raises BadInput that lists all faults.

        The pictures are decoded, unless `validated` is the digest of this very content: that was validated before.
        """
        if validated and validated == self.digest:
            return self.file.require_valid()
        return self.file.require_valid(*self.faults, *self.picture_faults())

    def require_digest(self, digest: str) -> Story:
        """The story, if it and its pictures still are what was validated under this digest. Raises BadInput."""
        story = self.file.require_valid(*self.faults)
        if self.digest != digest:
            raise BadInput(f"{self.file.name}: the story or a picture was changed after it had been checked; submit it again")
        return story

    @property
    def digest(self) -> str | None:
        """SHA-256 of the story and its pictures (`newsreel.fingerprints.story_digest`); None for a story with faults."""
        if self.faults or self.file.faults or self.file.story is None:
            return None
        return story_digest(self.file.story, self.picture_digests)

    def picture_faults(self) -> Iterator[Fault]:
        """Decode each picture; a fault for each scene whose picture is refused."""
        from newsreel.story.pictures import check_picture

        refused: dict[str, str] = {}
        for name, path in self.pictures.items():
            try:
                check_picture(path)
            except BadInput as fault:
                refused[name] = f"{name} {fault}"
        for where, name in self.file.pictures():
            if name in refused:
                yield self.file.fault(where, refused[name])


@contextmanager
def load_story(
    storage: Storage, address: Address, voice_system: str | None = None, name: str | None = None
) -> Iterator[LoadedStory]:
    """Read a story and its pictures; the copies are removed when the block ends.

    `voice_system` is the system that speaks in this profile; None allows any. `name` is what a person calls the file, where that
    is not the last part of its address. Raises BadInput where there is no story, and what `Storage.read` raises; the faults of
    the story are in the result.
    """
    file = parse_story(storage.read(address, at_most=MAX_STORY_BYTES), name or address.path.rpartition("/")[2])
    with TemporaryDirectory(prefix="newsreel-") as folder:
        faults = list(voice_faults(file, voice_system))
        pictures: dict[str, Path] = {}
        digests: dict[str, str] = {}
        remaining = MAX_PICTURES_BYTES
        for where, picture in file.pictures():
            if picture in pictures:
                continue
            try:
                content = storage.read(address.sibling(picture), at_most=min(remaining, MAX_PICTURE_BYTES))
            except BadInput as fault:
                faults.append(file.fault(where, str(fault)))
                continue
            remaining -= len(content)
            pictures[picture] = Path(folder) / f"{len(pictures):02d}"
            digests[picture] = hashlib.sha256(content).hexdigest()
            with translate_disk_full(Path(folder)):
                pictures[picture].write_bytes(content)
        yield LoadedStory(file=file, pictures=pictures, picture_digests=digests, faults=tuple(faults))


def voice_faults(file: StoryFile, voice_system: str | None, *, other_profiles: bool = True) -> Iterator[Fault]:
    """A fault where the story's voice is spoken by a system that this profile does not have. `other_profiles`: whether the
    reader may choose another profile."""
    name = file.tree.value.get("voice") if isinstance(file.tree.value, dict) else None
    voice = VOICES.get(name) if isinstance(name, str) else None
    if voice and voice_system not in (None, voice.system):
        remedies = [f"--profile {PROFILE_OF_SYSTEM[voice.system]}"] if other_profiles else []
        remedies += [f"voice {name}" for name, other in VOICES.items() if other.system == voice_system]
        yield file.fault(("voice",), f"{name} is spoken by {voice.system}, which is not here; use {' or '.join(remedies)}")


def validate_story(path: Path, voice_system: str | None = None) -> Story:
    """The story of a file, validated in full; all its pictures must lie in its folder or below.

    `voice_system` is the system that speaks here; None allows any. Raises BadInput that lists all faults, each with the file as
    the person called it, its line and its path in the story.
    """
    with load_local_story(path, voice_system) as loaded:
        return loaded.require_valid()


@contextmanager
def load_local_story(path: Path, voice_system: str | None = None) -> Iterator[LoadedStory]:
    """Read a story of this machine and its pictures, for `LoadedStory.require_valid` to validate."""
    file = path.resolve()
    beside = Storage(AllowList(prefixes=(Address.parse(f"file:{file.parent}"),)))
    with load_story(beside, Address.parse(f"file:{file}"), voice_system, str(path)) as loaded:
        yield loaded
