"""Finished work of one revision, kept for the next: on a cluster a story's directory goes with its node.

    gs://newsreel-units/files/<sha256>             what finished units are made of, each content once, whosever it is
    gs://newsreel-units/stories/budget/r3.json     which units revision 3 is made of, and their files   `CachedUnits`

`publish` leaves there what a video is made of, once it is out; `init-story` puts what the last revision left into the workspace,
where each step finds by its keys (`newsreel.step`) what the change has not touched. All of it can be made again: what is missing
or
damaged, and a bucket that does not answer, cost time and never the story.
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
from newsreel.runtime.progress import Progress
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.story.schema import Story
from newsreel.validation import StrictModel
from newsreel.workspace import Workspace, content_digest, read_unit_metadata

UNITS_VARIABLE = "NEWSREEL_UNITS"
"""Where all of it lies, an address prefix; empty or unset: nowhere, and each revision is made as a whole."""

CacheItem = TypeVar("CacheItem")
CacheResult = TypeVar("CacheResult")
MAX_CONCURRENT_TRANSFERS = 8
"""Transfers side by side: the files are many and mostly small, so it is answers that are waited for."""
MAX_CACHE_BYTES = 16 << 30
"""Of a story's units together, well below the disk it may use."""
MAX_LIST_BYTES = 4 << 20


class CachedFile(StrictModel):
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0, le=MAX_CACHE_BYTES)]


class CachedUnit(StrictModel):
    """A finished unit, and its files in the order of its names."""

    step: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    key: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    files: Annotated[tuple[CachedFile, ...], Field(min_length=1, max_length=100)]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class CachedUnits(StrictModel):
    units: Annotated[tuple[CachedUnit, ...], Field(max_length=10_000)]


def unit_cache_address() -> Address | None:
    """Where finished work is kept. Raises BadInput for what is no address."""
    return Address.parse(os.environ[UNITS_VARIABLE]) if os.environ.get(UNITS_VARIABLE) else None


def save_units(workspace: Workspace, where: Address, progress: Progress) -> None:
    """Leave all units that the workspace's story is made of, for its next revision."""
    storage, story, began = cache_storage(where), workspace.story, time.monotonic()
    written_last = list_address(where, story, story.revision)
    try:
        if storage.find(written_last):
            return
        units = {(made.step, made.key): workspace.unit_files(made.step, made.key) for made in read_unit_metadata(workspace.root)}
        kept = CachedUnits(units=tuple(cached_unit(*named, files) for named, files in units.items()))
        digests = (file.sha256 for unit in kept.units for file in unit.files)
        contents = zip(digests, chain.from_iterable(units.values()), strict=True)
        map_concurrently(lambda content: save_file(*content, storage, where), dict(contents).items())
        storage.create(written_last, kept.model_dump_json().encode(), "application/json")
        progress.info(f"kept for the next revision: {transfer_summary(kept.units, began)}")
    except Conflict:  # another run of this revision has left its work meanwhile, which serves as well
        return
    except NewsreelError as fault:
        progress.warning(f"the next revision will be made as a whole: {fault}")


def save_file(digest: str, content: Path, storage: Storage, where: Address) -> None:
    address = file_address(where, digest)
    if storage.find(address) is None:
        storage.create(address, content, "application/octet-stream")


def restore_units(workspace: Workspace, story: Story, where: Address, progress: Progress) -> None:
    """Put into the workspace what the newest revision up to this one has left. Raises DiskFull."""
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
        brought = map_concurrently(lambda unit: restore_unit(workspace, unit, storage, where), wanted)
    except DiskFull:
        raise
    except NewsreelError as fault:
        progress.warning(f"what the last revision has left is not to be had, and made anew: {fault}")
        return
    here = [unit for unit, is_here in zip(wanted, brought, strict=True) if is_here]
    lost = f"; {len(wanted) - len(here)} are no longer whole there" if len(here) < len(wanted) else ""
    progress.info(f"carried over from revision {revision}: {transfer_summary(here, began)}{lost}")


def restore_unit(workspace: Workspace, unit: CachedUnit, storage: Storage, where: Address) -> bool:
    """Whether it is there, whole: what has been removed or damaged meanwhile is made again."""
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
    """The newest revision up to the story's own that has left anything."""
    named = (re.fullmatch(r"r([1-9][0-9]*)\.json", name) for name in storage.names(where.child(f"stories/{story.id}")))
    return max((number for match in named if match and (number := int(match[1])) <= story.revision), default=None)


def read_cached_units(storage: Storage, address: Address) -> tuple[CachedUnit, ...]:
    """Raises BadInput for a list that newsreel has not written, or of more than fits."""
    try:
        units = CachedUnits.model_validate_json(storage.read(address, at_most=MAX_LIST_BYTES)).units
    except ValidationError as fault:
        raise BadInput(f"{address}: is no list of finished units; remove it") from fault
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
    """Of this one prefix: what is kept here is no story's to name."""
    return Storage(AllowList(prefixes=(where,)))


def map_concurrently(work: Callable[[CacheItem], CacheResult], items: Iterable[CacheItem]) -> list[CacheResult]:
    """The results in order; the first error ends it, and what has not begun is not begun."""
    pool = ThreadPoolExecutor(MAX_CONCURRENT_TRANSFERS)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
