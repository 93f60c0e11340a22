"""Stories in storage, below one address.

<id>/draft.json               what is being written; replaced only by a request that names the version it replaces
<id>/r3.json                  a revision: created once, never changed; its address is what the workflow gets
<id>/pictures/<digest>.jpg    pictures, named by their content, so that revisions share them

A document is a story as JSON. A draft may still be full of faults. Its tag names its content: SHA-256 of a file, generation of
an object (Cloud Storage, "Request preconditions").
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from newsreel.errors import BadInput, Conflict
from newsreel.files import exclusive_lock
from newsreel.storage.address import Address
from newsreel.storage.gcs import GcsBackend, translate_gcs_errors
from newsreel.storage.store import Storage
from newsreel.story_loader import load_story

Document = dict[str, Any]
MAX_DOCUMENT_BYTES = 400_000
"""Of a story as JSON: sixty scenes of the longest narration need some 300 kB."""
MAX_DEPTH = 8
MAX_IDENTIFIER_CHARACTERS = 40
NUMBER_CHARACTERS = 4


def with_identity(document: Mapping[str, Any], identifier: str, revision: int) -> Document:
    """The document as it is stored: the newsroom decides id and revision, whatever the page sent."""
    named: Document = {"id": identifier, "revision": revision}
    return named | {name: value for name, value in document.items() if name not in named}


def encode_document(document: Document) -> bytes:
    """The stored bytes. Raises BadInput for a document that is not text, nested too deeply or too large."""
    require_shallow(document, MAX_DEPTH)
    try:
        content = (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (UnicodeEncodeError, ValueError) as fault:
        raise BadInput("the story has an invalid character or number; remove it") from fault
    if len(content) > MAX_DOCUMENT_BYTES:
        raise BadInput(f"the story is {len(content):,} bytes; at most {MAX_DOCUMENT_BYTES:,}: make two of it")
    return content


def require_shallow(value: object, levels: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if levels == 0 and inner:
        raise BadInput(f"the story is nested deeper than {MAX_DEPTH} levels; remove the innermost parts")
    for part in inner:
        require_shallow(part, levels - 1)


def decode_document(content: bytes) -> Document:
    """A stored document. Raises BadInput for bytes that the newsroom did not write."""
    try:
        document = json.loads(content)
    except ValueError as fault:
        raise BadInput("the stored story is not JSON: it was changed by hand; restore the file, or begin a new story") from fault
    if not isinstance(document, dict):
        raise BadInput("the stored story is not a JSON object: it was changed by hand; restore the file, or begin a new story")
    return document


def same_but_for_revision(one: Document, other: Document) -> bool:
    return with_identity(one, "", 0) == with_identity(other, "", 0)


def identifier_from(title: object, number: int = 1) -> str:
    """The id of a new story: `The library opens` is `the-library-opens`; the second of that name ends in `-2`.

    >>> identifier_from("Café Müller: 3.5 % more!", 2)
    'cafe-muller-3-5-more-2'
    """
    text = unicodedata.normalize("NFKD", title if isinstance(title, str) else "")
    plain = re.sub(r"[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode().lower())
    short = plain[: MAX_IDENTIFIER_CHARACTERS - NUMBER_CHARACTERS].strip("-") or "story"
    return short if number == 1 else f"{short}-{number}"


MAX_STORED_BYTES = 1_000_000
READ_TRIES = 3


class Changed(Conflict):
    """The draft is no longer the version that was to be replaced."""


@dataclass(frozen=True)
class Tagged:
    content: bytes
    tag: str


def read_draft(storage: Storage, address: Address) -> Tagged | None:
    """The current draft, None where there is none. Raises what `Storage.read` raises."""
    if address.scheme == "file":
        return read_file(storage, address)
    for _ in range(READ_TRIES):
        found = storage.find(address)
        if found is None:
            return None
        try:
            return Tagged(storage.read(storage.pin(address), at_most=MAX_STORED_BYTES), str(found.generation))
        except BadInput:  # replaced between the two calls
            continue
    raise Changed(f"{story_name(address)}: is being saved all the time; try again")


def story_name(address: Address) -> str:
    """The story's id, for messages: they do not show where it is stored."""
    return PurePosixPath(address.path).parent.name


def read_file(storage: Storage, address: Address) -> Tagged | None:
    if storage.find(address) is None:
        return None
    content = storage.read(address, at_most=MAX_STORED_BYTES)
    return Tagged(content, sha256(content).hexdigest())


def write_draft(storage: Storage, address: Address, content: bytes, expected: str | None) -> str:
    """Replace the draft that has the tag `expected`, None for no draft at all; returns the new tag.

    Raises Changed where another version is there. Writing the same content twice is no error: a response may have been lost.
    """
    storage.allowed.require(address)
    return (write_file if address.scheme == "file" else write_object)(storage, address, content, expected)


def write_file(storage: Storage, address: Address, content: bytes, expected: str | None) -> str:
    with exclusive_lock(address.file.parent):
        there = read_file(storage, address)
        if there and there.content == content:
            return there.tag
        if (there.tag if there else None) != expected:
            raise Changed(f"{story_name(address)}: somebody else has saved it meanwhile")
        storage.replace(address, content)
    return sha256(content).hexdigest()


def write_object(storage: Storage, address: Address, content: bytes, expected: str | None) -> str:
    objects = storage.objects
    if not isinstance(objects, GcsBackend):
        raise TypeError(f"{address}: no storage with generations")
    if expected is not None and not expected.isdigit():
        raise Changed(f"{story_name(address)}: somebody else has saved it meanwhile")
    blob = objects.blob(address)
    try:
        with translate_gcs_errors(address):
            options = {"content_type": "application/json", "checksum": "crc32c", **objects.call_options}
            blob.upload_from_string(content, if_generation_match=int(expected or 0), **options)
    except Conflict as fault:
        there = read_draft(storage, address)
        if there and there.content == content:
            return there.tag
        raise Changed(f"{story_name(address)}: somebody else has saved it meanwhile") from fault
    return str(blob.generation)


IDENTIFIER = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
NUMBERS_TRIED = 200
MAX_REVISION_BYTES = 1_000_000
READERS = 8
MAX_LISTED = 50
EMPTY_STORY: Document = {"title": "", "presenter": "maya", "voice": "heart", "music": "bed", "scenes": []}


class StoryNotFound(BadInput):
    """There is no story of that id."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A story being written. `tag` changes with every save; `revision` is the newest one that was submitted, 0 for none."""

    id: str
    document: Document
    tag: str
    revision: int
    changed: bool
    """Whether it differs from its newest revision."""


@dataclass(frozen=True)
class Repository:
    stories: Address
    storage: Storage

    def home(self, identifier: str) -> Address:
        """Raises StoryNotFound for what cannot be a story's id, whatever a URL contains."""
        if not IDENTIFIER.fullmatch(identifier):
            raise StoryNotFound(f"no story is called {identifier[:60]!a}")
        return self.stories.child(identifier)

    def address(self, identifier: str, revision: int) -> Address:
        return self.home(identifier).child(f"r{revision}.json")

    def create(self, document: Mapping[str, Any]) -> Draft:
        """Save a new story under an id made from its title. Raises BadInput, Conflict."""
        for number in range(1, NUMBERS_TRIED):
            identifier = identifier_from(document.get("title"), number)
            saved = with_identity(EMPTY_STORY | dict(document), identifier, 1)
            with suppress(Changed):
                home = self.home(identifier)
                if self.storage.names(home):
                    continue
                tag = write_draft(self.storage, home.child("draft.json"), encode_document(saved), None)
                return Draft(id=identifier, document=saved, tag=tag, revision=0, changed=True)
        raise Conflict(f"there are {NUMBERS_TRIED} stories of this title; give it another one")

    def draft(self, identifier: str) -> Draft:
        """Raises StoryNotFound."""
        home = self.home(identifier)
        found = read_draft(self.storage, home.child("draft.json"))
        if found is None:
            raise StoryNotFound(f"there is no story {identifier}")
        document, revision = decode_document(found.content), self.newest(identifier)
        changed = not revision or not same_but_for_revision(document, self.revision(identifier, revision))
        return Draft(id=identifier, document=document, tag=found.tag, revision=revision, changed=changed)

    def save(self, identifier: str, document: Mapping[str, Any], tag: str) -> Draft:
        """Replace the draft of that tag. Raises StoryNotFound, BadInput, and Changed where there is a newer version."""
        before = self.draft(identifier)
        saved = with_identity(document, identifier, before.revision + 1)
        if before.tag == tag and same_but_for_revision(saved, before.document):
            return before
        new = write_draft(self.storage, self.home(identifier).child("draft.json"), encode_document(saved), tag)
        changed = not before.revision or not same_but_for_revision(saved, self.revision(identifier, before.revision))
        return Draft(id=identifier, document=saved, tag=new, revision=before.revision, changed=changed)

    def revise(self, identifier: str, tag: str) -> int:
        """The draft of that tag as a new revision, or the newest one where nothing has changed.

        Raises StoryNotFound, Changed, and BadInput that lists every fault of text and pictures.
        """
        draft = self.draft(identifier)
        if draft.tag != tag:
            raise Changed(f"{identifier}: somebody else has saved it meanwhile")
        if not draft.changed:
            return draft.revision
        revision = draft.revision + 1
        self.require_valid(identifier)
        self.storage.create(
            self.address(identifier, revision),
            encode_document(with_identity(draft.document, identifier, revision)),
            "application/json",
        )
        return revision

    def require_valid(self, identifier: str) -> None:
        """Check draft and pictures as the workflow's first step does. Raises BadInput."""
        with load_story(self.storage, self.home(identifier).child("draft.json"), name=identifier) as intake:
            intake.require_valid()

    def revision(self, identifier: str, number: int) -> Document:
        return decode_document(self.storage.read(self.address(identifier, number), at_most=MAX_REVISION_BYTES))

    def newest(self, identifier: str) -> int:
        """The newest revision's number, 0 for none."""
        return newest_number(self.storage.names(self.home(identifier)))

    def pictures(self, identifier: str) -> frozenset[str]:
        """The story's pictures as scenes name them: `pictures/0123456789abcdef.jpg`."""
        return frozenset(name for name in self.storage.names(self.home(identifier)) if name.startswith("pictures/"))

    def list_drafts(self, words: str = "", most: int = MAX_LISTED) -> list[Draft]:
        """The stories that were written or sent off last, the newest first; `words` are in their names, each at least begun.

        One that cannot be read now is left out rather than hiding the others.
        """
        asked = identifier_from(words).split("-") if words.strip() else []
        chosen = [identifier for identifier in self.newest_first() if all(f"-{word}" in f"-{identifier}" for word in asked)]
        with ThreadPoolExecutor(READERS) as readers:
            return [draft for draft in readers.map(partial(draft_or_none, self), chosen[:most]) if draft]

    def newest_first(self) -> list[str]:
        """The ids of all stories."""
        last, drafts = dict[str, datetime](), set[str]()
        for name, written in self.storage.dates(self.stories).items():
            identifier, _, rest = name.partition("/")
            last[identifier] = max(written, last.get(identifier, written))
            if rest == "draft.json" and IDENTIFIER.fullmatch(identifier):
                drafts.add(identifier)
        return sorted(drafts, key=lambda identifier: (last[identifier], identifier), reverse=True)


def newest_number(names: list[str]) -> int:
    numbers = (re.fullmatch(r"r([1-9][0-9]{0,3})\.json", name) for name in names)
    return max((int(number[1]) for number in numbers if number), default=0)


def draft_or_none(repository: Repository, identifier: str) -> Draft | None:
    try:
        return repository.draft(identifier)
    except (BadInput, Conflict):
        return None
