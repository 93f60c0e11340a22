"""A story file of this machine, looked at in full before any work: for `newsreel check`, and as `render` and `submit` begin."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steps.address import Address, AllowList
from steps.intake import Intake, take_in
from steps.storage import Storage
from steps.story import Story

__all__ = ["admitted", "brought"]


def admitted(path: Path, voice_system: str | None = None) -> Story:
    """The story, its pictures decoded and found good; what it names must lie in its own folder.

    `voice_system` is the one that speaks here; None takes any. Raises BadInput that lists every fault of text and pictures,
    each with the file as the person called it, its line and its path in the story.
    """
    with brought(path, voice_system) as intake:
        return intake.sound()


@contextmanager
def brought(path: Path, voice_system: str | None = None) -> Iterator[Intake]:
    """The same with the bytes of its pictures as they were looked at; whether it is sound is for `Intake.sound` to say."""
    file = path.resolve()
    beside = Storage(AllowList(prefixes=(Address.parse(f"file:{file.parent}"),)))
    with take_in(beside, Address.parse(f"file:{file}"), voice_system, str(path)) as intake:
        yield intake
