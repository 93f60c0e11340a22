"""What a container is given: its volumes as folders of this machine, and its texts with the paths that go with them."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsreel.errors import Conflict, translate_disk_full
from workflows.local.pod import Container, Volume
from workflows.local.references import substitute
from workflows.local.settings import LocalSettings

__all__ = ["Room", "furnished", "scratch_folder"]


@dataclass(frozen=True)
class Room:
    """A container's private folder, and where its mount paths lead."""

    folder: Path
    mounts: Mapping[str, Path]
    values: Mapping[str, str]

    @property
    def progress(self) -> Path:
        """What ARGO_PROGRESS_FILE names."""
        return self.folder / "progress"

    def text(self, text: str) -> str:
        """A text of the template with its own paths led to this machine, then with its references filled in.

        In that order, so that a parameter's value is taken as it is: `/tmp/story.yaml` from a person is not the container's.
        """
        return substitute(self.local(text), self.values)

    def local(self, text: str) -> str:
        """`--into=/tmp/x` becomes `--into=/home/me/.../x`; `https://host/tmp` and `/tmpfile` stay."""
        if not self.mounts:
            return text
        either = "|".join(re.escape(mount) for mount in sorted(self.mounts, key=len, reverse=True))
        return re.sub(rf"(?<![\w./~}}-])({either})(?![\w.-])", lambda found: str(self.mounts[found[1]]), text)

    def path(self, text: str) -> Path:
        return Path(self.text(text))

    def command(self, container: Container, python: str) -> list[str]:
        program, *rest = (self.text(part) for part in (*container.command, *container.args))
        return [python if program == "python" else program, *rest]

    def environment(self, container: Container) -> dict[str, str]:
        own = {variable.name: self.text(variable.value) for variable in container.env}
        temporary = self.mounts.get("/tmp", self.folder)  # noqa: S108
        return own | {"TMPDIR": str(temporary), "ARGO_PROGRESS_FILE": str(self.progress)}


@contextmanager
def scratch_folder(workspace: Path) -> Iterator[Path]:
    """Where a run's containers have their private folders: the same one for every run of a workspace, removed at the end.

    It lies in the system's temporary folder, since programs put sockets into theirs, and a socket's path has room for 107 bytes
    (unix(7)). What a killed run left there goes first. Raises Conflict where it belongs to somebody else, DiskFull.
    """
    digest = hashlib.sha256(str(workspace.resolve()).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"newsreel-{digest}"
    with translate_disk_full(folder.parent):
        if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.getuid()):
            raise Conflict(f"{folder}: belongs to somebody else; remove it, or set TMPDIR to a folder of your own")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def furnished(
    container: Container, volumes: Sequence[Volume], values: Mapping[str, str], settings: LocalSettings, scratch: Path
) -> Iterator[Room]:
    """Make a container's room; its emptyDirs are removed with it. Raises BadInput for a hostPath outside the SSD, DiskFull."""
    with translate_disk_full(scratch):
        folder = Path(tempfile.mkdtemp(dir=scratch, prefix=f"{container.name or 'step'}-"))
    try:
        sources = {volume.name: source(volume, values, settings, folder) for volume in volumes}
        mounts = {mount.mount_path.rstrip("/"): sources[mount.name] for mount in container.volume_mounts}
        for place in mounts.values():
            with translate_disk_full(place):
                place.mkdir(parents=True, exist_ok=True)
        yield Room(folder, mounts, values)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def source(volume: Volume, values: Mapping[str, str], settings: LocalSettings, folder: Path) -> Path:
    if volume.host_path:
        return settings.on_this_machine(substitute(volume.host_path.path, values))
    return folder / "volumes" / volume.name
