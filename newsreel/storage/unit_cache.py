"""The cache of finished units, from one revision of a story to the next: a story's directory is removed with its node.

    gs://newsreel-units/files/<sha256>             files of finished units, each content once for all stories
    gs://newsreel-units/stories/budget/r3.json     the units of revision 3 and their files          `CachedUnits`

`publish` saves the units of a published video; `init-story` restores those of the last revision, and each step finds by its
content
keys (`newsreel.step`) what has not changed. A missing or damaged file and a bucket that does not answer cost time, never the
story.
"""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from newsreel.errors import BadInput, Conflict, DiskFull, NewsreelError
from newsreel.files import content_digest
from newsreel.runtime.progress import Progress
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.story.schema import Story
from newsreel.validation import StrictModel
from newsreel.workspace import Workspace, read_unit_metadata

UNITS_VARIABLE = "NEWSREEL_UNITS"
"""The address prefix of the cache; empty or unset: no cache, and each revision is rendered as a whole."""

CacheItem = TypeVar("CacheItem")
CacheResult = TypeVar("CacheResult")
MAX_CONCURRENT_TRANSFERS = 8
"""The files are many and mostly small, so most of the time is spent waiting for answers."""
MAX_CACHE_BYTES = 16 << 30
"""Of all units of a story, well below the disk that it may use."""
MAX_LIST_BYTES = 4 << 20


class CachedFile(StrictModel):
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, le=MAX_CACHE_BYTES)]


class CachedUnit(StrictModel):
    """A finished unit; its files are in the order of its names."""

    step: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    key: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    files: Annotated[tuple[CachedFile, ...], Field(min_length=1, max_length=100)]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class CachedUnits(StrictModel):
    units: Annotated[tuple[CachedUnit, ...], Field(max_length=10_000)]


def unit_cache_address() -> Address | None:
    """The configured address of the cache, None for no cache. Raises BadInput for what is no address."""
    return Address.parse(os.environ[UNITS_VARIABLE]) if os.environ.get(UNITS_VARIABLE) else None


def save_units(workspace: Workspace, where: Address, progress: Progress) -> None:
    """Save all units of the workspace's story for its next revision."""
    storage, story, began = cache_storage(where), workspace.story, time.monotonic()
    written_last = list_address(where, story, story.revision)
    try:
        if storage.find(written_last):
            return
        units = {(unit.step, unit.key): workspace.unit_files(unit.step, unit.key) for unit in read_unit_metadata(workspace.root)}
        cached = CachedUnits(units=tuple(cached_unit(*identity, files) for identity, files in units.items()))
        digests = (file.sha256 for unit in cached.units for file in unit.files)
        contents = zip(digests, chain.from_iterable(units.values()), strict=True)
        map_concurrently(lambda content: save_file(*content, storage, where), dict(contents).items())
        storage.create(written_last, cached.model_dump_json().encode(), "application/json")
        progress.info(f"saved for the next revision: {transfer_summary(cached.units, began)}")
    except Conflict:  # another run of this revision has saved its units meanwhile, which are as good
        return
    except NewsreelError as fault:
        progress.warning(f"the next revision will be rendered as a whole: {fault}")


def save_file(digest: str, content: Path, storage: Storage, where: Address) -> None:
    address = file_address(where, digest)
    if storage.find(address) is None:
        storage.create(address, content, "application/octet-stream")


def restore_units(workspace: Workspace, story: Story, where: Address, progress: Progress) -> None:
    """Restore into the workspace the units of the newest cached revision up to this one. Raises DiskFull."""
    storage, began = cache_storage(where), time.monotonic()
    try:
        revision = newest_cached_revision(storage, where, story)
        if revision is None:
            return
        wanted = [
            unit
            for unit in read_cached_units(storage, list_address(where, story, revision))
            if not workspace.has_unit(unit.step, unit.key)
        ]
        restored = map_concurrently(lambda unit: restore_unit(workspace, unit, storage, where), wanted)
    except DiskFull:
        raise
    except NewsreelError as fault:
        progress.warning(f"the units of the last revision cannot be restored and are rendered anew: {fault}")
        return
    complete = [unit for unit, is_complete in zip(wanted, restored, strict=True) if is_complete]
    lost = f"; {len(wanted) - len(complete)} are missing or damaged" if len(complete) < len(wanted) else ""
    progress.info(f"restored from revision {revision}: {transfer_summary(complete, began)}{lost}")


def restore_unit(workspace: Workspace, unit: CachedUnit, storage: Storage, where: Address) -> bool:
    """Restore a unit; False where a file has been removed or damaged, and the unit has to be done again."""
    try:
        with workspace.atomic_unit(unit.step, unit.key, [""] * len(unit.files)) as drafts:
            for draft, file in zip(drafts, unit.files, strict=True):
                with draft.open("wb") as into:
                    storage.copy(file_address(where, file.sha256), into, at_most=file.size)
                if content_digest(draft) != file.sha256:
                    raise BadInput(f"{file_address(where, file.sha256)}: is damaged")
    except BadInput:
        return False
    return True


def newest_cached_revision(storage: Storage, where: Address, story: Story) -> int | None:
    """The newest cached revision up to the story's own."""
    named = (re.fullmatch(r"r([1-9][0-9]*)\.json", name) for name in storage.names(where.child(f"stories/{story.id}")))
    return max((number for match in named if match and (number := int(match[1])) <= story.revision), default=None)


def read_cached_units(storage: Storage, address: Address) -> tuple[CachedUnit, ...]:
    """Raises BadInput for a list that newsreel did not write, or whose units are too large."""
    try:
        units = CachedUnits.model_validate_json(storage.read(address, at_most=MAX_LIST_BYTES)).units
    except ValidationError as fault:
        raise BadInput(f"{address}: is not a list of finished units; remove it") from fault
    if sum(unit.size for unit in units) > MAX_CACHE_BYTES:
        raise BadInput(f"{address}: its units are larger than {MAX_CACHE_BYTES:,} bytes together")
    return units


def cached_unit(step: str, key: str, files: Iterable[Path]) -> CachedUnit:
    kept = (CachedFile(sha256=content_digest(file), size=file.stat().st_size) for file in files)
    return CachedUnit(step=step, key=key, files=tuple(kept))


def transfer_summary(units: Sequence[CachedUnit], began: float) -> str:
    return f"{len(units)} units, {sum(unit.size for unit in units) / 1e6:,.1f} MB in {time.monotonic() - began:.1f} s"


def file_address(where: Address, digest: str) -> Address:
    return where.child(f"files/{digest}")


def list_address(where: Address, story: Story, revision: int) -> Address:
    return where.child(f"stories/{story.id}/r{revision}.json")


def cache_storage(where: Address) -> Storage:
    """Storage of the cache's prefix alone, which no story may name."""
    return Storage(AllowList(prefixes=(where,)))


def map_concurrently(work: Callable[[CacheItem], CacheResult], items: Iterable[CacheItem]) -> list[CacheResult]:
    """The results in order. After the first error no further item is begun."""
    pool = ThreadPoolExecutor(MAX_CONCURRENT_TRANSFERS)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
