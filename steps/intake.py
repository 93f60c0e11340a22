"""A story taken in from its address with all its pictures, checked in full: every fault of both is told at once."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from steps.address import Address
from steps.digests import story_digest
from steps.errors import BadInput
from steps.storage import Storage
from steps.story import Story
from steps.story_file import StoryFile, parse_story
from steps.story_tree import Fault
from steps.voices import PROFILE_OF, VOICES
from steps.workspace import room_is_short

__all__ = ["Intake", "take_in"]

MOST_BYTES = 1_000_000
MOST_BYTES_OF_PICTURE = 40_000_000
MOST_BYTES_OF_PICTURES = 600_000_000
"""Of a story's pictures together: they must fit into a step's /tmp."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A story's text and pictures as they were at one moment, on this machine."""

    file: StoryFile
    pictures: dict[str, Path]
    """The bytes of each picture, by its name in the story."""
    picture_digests: dict[str, str]
    faults: tuple[Fault, ...]
    """What is wrong with pictures and voice, without a look into the pictures."""

    def sound(self) -> Story:
        """The story, its pictures decoded and found good. Raises BadInput that lists all faults."""
        return self.file.sound(*self.faults, *self.faults_in_pictures())

    @property
    def digest(self) -> str | None:
        """Tells this very story from any other (`steps.digests`); None for one with faults."""
        if self.faults or self.file.faults or self.file.story is None:
            return None
        return story_digest(self.file.story, self.picture_digests)

    def faults_in_pictures(self) -> Iterator[Fault]:
        from steps.pictures import check_picture

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
def take_in(storage: Storage, address: Address, voice_system: str | None = None, name: str | None = None) -> Iterator[Intake]:
    """Read a story and its pictures; they are kept until the block ends.

    `voice_system` is the one that this profile has; None takes any. `name` is what a person calls the file, where that is not
    the last part of its address. Raises BadInput where there is no story to read, and what `Storage.read` raises; faults of the
    story are the Intake's.
    """
    file = parse_story(storage.read(address, at_most=MOST_BYTES), name or address.path.rpartition("/")[2])
    with TemporaryDirectory(prefix="newsreel-") as folder:
        faults = list(faults_of_voice(file, voice_system))
        pictures: dict[str, Path] = {}
        digests: dict[str, str] = {}
        room = MOST_BYTES_OF_PICTURES
        for where, picture in file.pictures():
            if picture in pictures:
                continue
            try:
                content = storage.read(address.sibling(picture), at_most=min(room, MOST_BYTES_OF_PICTURE))
            except BadInput as fault:
                faults.append(file.fault(where, str(fault)))
                continue
            room -= len(content)
            pictures[picture] = Path(folder) / f"{len(pictures):02d}"
            digests[picture] = hashlib.sha256(content).hexdigest()
            with room_is_short(Path(folder)):
                pictures[picture].write_bytes(content)
        yield Intake(file=file, pictures=pictures, picture_digests=digests, faults=tuple(faults))


def faults_of_voice(file: StoryFile, voice_system: str | None) -> Iterator[Fault]:
    """A voice may be known and yet have no system in this profile."""
    name = file.tree.value.get("voice") if isinstance(file.tree.value, dict) else None
    voice = VOICES.get(name) if isinstance(name, str) else None
    if voice and voice_system not in (None, voice.system):
        remedies = [f"--profile {PROFILE_OF[voice.system]}"]
        remedies += [f"voice {name}" for name, other in VOICES.items() if other.system == voice_system]
        yield file.fault(("voice",), f"{name} is spoken by {voice.system}, which is not here; use {' or '.join(remedies)}")
