"""A story taken in from its address with all its pictures, checked in full: every fault of both is told at once.

A story file of this machine, looked at in full before any work: for `newsreel check`, and as `render` and `submit` begin.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from newsreel.errors import BadInput
from newsreel.fingerprints import story_digest
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.story.schema import PROFILE_OF_SYSTEM, VOICES, Story
from newsreel.story.source import StoryFile, parse_story
from newsreel.workspace import translate_disk_full
from newsreel.yaml_source import Fault

MAX_STORY_BYTES = 1_000_000
MAX_PICTURE_BYTES = 40_000_000
MAX_PICTURES_BYTES = 600_000_000
"""Of a story's pictures together: they must fit into a step's /tmp."""


@dataclass(frozen=True, kw_only=True)
class LoadedStory:
    """A story's text and pictures as they were at one moment, on this machine."""

    file: StoryFile
    pictures: dict[str, Path]
    """The bytes of each picture, by its name in the story."""
    picture_digests: dict[str, str]
    faults: tuple[Fault, ...]
    """What is wrong with pictures and voice, without a look into the pictures."""

    def require_valid(self) -> Story:
        """The story, its pictures decoded and found good. Raises BadInput that lists all faults."""
        return self.file.require_valid(*self.faults, *self.picture_faults())

    @property
    def digest(self) -> str | None:
        """Tells this very story from any other (`newsreel.fingerprints`); None for one with faults."""
        if self.faults or self.file.faults or self.file.story is None:
            return None
        return story_digest(self.file.story, self.picture_digests)

    def picture_faults(self) -> Iterator[Fault]:
        from newsreel.story.pictures import check_picture

        told: dict[str, str] = {}
        for name, path in self.pictures.items():
            try:
                check_picture(path)
            except BadInput as fault:
                told[name] = f"{name} {fault}"
        for where, name in self.file.pictures():
            if name in told:
                yield self.file.fault(where, told[name])


@contextmanager
def load_story(
    storage: Storage, address: Address, voice_system: str | None = None, name: str | None = None
) -> Iterator[LoadedStory]:
    """Read a story and its pictures; they are kept until the block ends.

    `voice_system` is the one that this profile has; None takes any. `name` is what a person calls the file, where that is not
    the last part of its address. Raises BadInput where there is no story to read, and what `Storage.read` raises; faults of the
    story are the Intake's.
    """
    file = parse_story(storage.read(address, at_most=MAX_STORY_BYTES), name or address.path.rpartition("/")[2])
    with TemporaryDirectory(prefix="newsreel-") as folder:
        faults = list(voice_faults(file, voice_system))
        pictures: dict[str, Path] = {}
        digests: dict[str, str] = {}
        room = MAX_PICTURES_BYTES
        for where, picture in file.pictures():
            if picture in pictures:
                continue
            try:
                content = storage.read(address.sibling(picture), at_most=min(room, MAX_PICTURE_BYTES))
            except BadInput as fault:
                faults.append(file.fault(where, str(fault)))
                continue
            room -= len(content)
            pictures[picture] = Path(folder) / f"{len(pictures):02d}"
            digests[picture] = hashlib.sha256(content).hexdigest()
            with translate_disk_full(Path(folder)):
                pictures[picture].write_bytes(content)
        yield LoadedStory(file=file, pictures=pictures, picture_digests=digests, faults=tuple(faults))


def voice_faults(file: StoryFile, voice_system: str | None) -> Iterator[Fault]:
    """A voice may be known and yet have no system in this profile."""
    name = file.tree.value.get("voice") if isinstance(file.tree.value, dict) else None
    voice = VOICES.get(name) if isinstance(name, str) else None
    if voice and voice_system not in (None, voice.system):
        remedies = [f"--profile {PROFILE_OF_SYSTEM[voice.system]}"]
        remedies += [f"voice {name}" for name, other in VOICES.items() if other.system == voice_system]
        yield file.fault(("voice",), f"{name} is spoken by {voice.system}, which is not here; use {' or '.join(remedies)}")


def validate_story(path: Path, voice_system: str | None = None) -> Story:
    """The story, its pictures decoded and found good; what it names must lie in its own folder.

    `voice_system` is the one that speaks here; None takes any. Raises BadInput that lists every fault of text and pictures,
    each with the file as the person called it, its line and its path in the story.
    """
    with load_local_story(path, voice_system) as intake:
        return intake.require_valid()


@contextmanager
def load_local_story(path: Path, voice_system: str | None = None) -> Iterator[LoadedStory]:
    """The same with the bytes of its pictures as they were looked at; whether it is sound is for `LoadedStory.sound` to say."""
    file = path.resolve()
    beside = Storage(AllowList(prefixes=(Address.parse(f"file:{file.parent}"),)))
    with load_story(beside, Address.parse(f"file:{file}"), voice_system, str(path)) as intake:
        yield intake
