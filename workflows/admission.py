"""A story file of this machine, looked at in full before any work: for `newsreel check` and as `newsreel render` begins."""

from pathlib import Path

from steps.address import Address, AllowList
from steps.intake import take_in
from steps.storage import Storage
from steps.story import Story

__all__ = ["admitted"]


def admitted(path: Path, voice_system: str | None = None) -> Story:
    """The story, its pictures decoded and found good; what it names must lie in its own folder.

    `voice_system` is the one that speaks here; None takes any. Raises BadInput that lists every fault of text and pictures,
    each with the file as the person called it, its line and its path in the story.
    """
    file = path.resolve()
    beside = Storage(AllowList(prefixes=(Address.parse(f"file:{file.parent}"),)))
    with take_in(beside, Address.parse(f"file:{file}"), voice_system, str(path)) as intake:
        return intake.sound()
