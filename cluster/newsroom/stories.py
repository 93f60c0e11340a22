"""Stories as they are kept, below one address.

<id>/draft.json               what is being written; replaced with a check of what it replaces (`drafts`)
<id>/r3.json                  a revision: created once, never changed; its address is what the workflow gets
<id>/pictures/<digest>.jpg    pictures, named by their content, so that revisions share them
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from cluster.newsroom.documents import Document, content_of, identifier_from, kept, read, same_but_for_revision
from cluster.newsroom.drafts import Changed, read_draft, write_draft
from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.story_loader import load_story

__all__ = ["MOST_LISTED", "Draft", "NoStory", "Repository"]

IDENTIFIER = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
NUMBERS_TRIED = 200
MOST_BYTES = 1_000_000
READERS = 8
MOST_LISTED = 50
NEW: Document = {"title": "", "presenter": "maya", "voice": "heart", "music": "bed", "scenes": []}


class NoStory(BadInput):
    """There is no story of that name."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A story as it is being written. `tag` changes with every save; `revision` is the newest one sent off, 0 for none."""

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
        """Raises NoStory for what cannot be a story's name, whatever a URL says."""
        if not IDENTIFIER.fullmatch(identifier):
            raise NoStory(f"no story is called {identifier[:60]!a}")
        return self.stories.child(identifier)

    def address(self, identifier: str, revision: int) -> Address:
        return self.home(identifier).child(f"r{revision}.json")

    def create(self, document: Mapping[str, Any]) -> Draft:
        """Keep a new story under a name made from its title. Raises BadInput."""
        for number in range(1, NUMBERS_TRIED):
            identifier = identifier_from(document.get("title"), number)
            whole = kept(NEW | dict(document), identifier, 1)
            with suppress(Changed):
                home = self.home(identifier)
                if self.storage.names(home):
                    continue
                tag = write_draft(self.storage, home.child("draft.json"), content_of(whole), None)
                return Draft(id=identifier, document=whole, tag=tag, revision=0, changed=True)
        raise Conflict(f"there are {NUMBERS_TRIED} stories of this title; give it another one")

    def draft(self, identifier: str) -> Draft:
        """Raises NoStory."""
        home = self.home(identifier)
        found = read_draft(self.storage, home.child("draft.json"))
        if found is None:
            raise NoStory(f"there is no story {identifier}")
        document, revision = read(found.content), self.newest(identifier)
        changed = not revision or not same_but_for_revision(document, self.revision(identifier, revision))
        return Draft(id=identifier, document=document, tag=found.tag, revision=revision, changed=changed)

    def save(self, identifier: str, document: Mapping[str, Any], tag: str) -> Draft:
        """Replace the draft of that tag. Raises NoStory, BadInput, and Changed where somebody else has saved."""
        before = self.draft(identifier)
        whole = kept(document, identifier, before.revision + 1)
        if before.tag == tag and same_but_for_revision(whole, before.document):
            return before
        new = write_draft(self.storage, self.home(identifier).child("draft.json"), content_of(whole), tag)
        changed = not before.revision or not same_but_for_revision(whole, self.revision(identifier, before.revision))
        return Draft(id=identifier, document=whole, tag=new, revision=before.revision, changed=changed)

    def revise(self, identifier: str, tag: str) -> int:
        """Send off the draft of that tag: as a new revision, or as the newest one where nothing has changed.

        Raises NoStory, Changed, and BadInput that lists every fault of text and pictures.
        """
        draft = self.draft(identifier)
        if draft.tag != tag:
            raise Changed(f"{identifier}: somebody else has saved it meanwhile")
        if not draft.changed:
            return draft.revision
        revision = draft.revision + 1
        self.require_sound(identifier)
        self.storage.create(
            self.address(identifier, revision), content_of(kept(draft.document, identifier, revision)), "application/json"
        )
        return revision

    def require_sound(self, identifier: str) -> None:
        """Look at draft and pictures as the workflow's first step will. Raises BadInput."""
        with load_story(self.storage, self.home(identifier).child("draft.json"), name=identifier) as intake:
            intake.require_valid()

    def revision(self, identifier: str, number: int) -> Document:
        return read(self.storage.read(self.address(identifier, number), at_most=MOST_BYTES))

    def newest(self, identifier: str) -> int:
        """The newest revision's number, 0 for none."""
        return newest_of(self.storage.names(self.home(identifier)))

    def pictures(self, identifier: str) -> frozenset[str]:
        """The names of the story's pictures as scenes have them: `pictures/0123456789abcdef.jpg`."""
        return frozenset(name for name in self.storage.names(self.home(identifier)) if name.startswith("pictures/"))

    def listed(self, words: str = "", most: int = MOST_LISTED) -> list[Draft]:
        """The stories that were written or sent off last, the newest first; `words` are in their names, each at least begun.

        One that cannot be read now is left out rather than hiding the others.
        """
        asked = identifier_from(words).split("-") if words.strip() else []
        chosen = [identifier for identifier in self.newest_first() if all(f"-{word}" in f"-{identifier}" for word in asked)]
        with ThreadPoolExecutor(READERS) as readers:
            return [draft for draft in readers.map(partial(readable, self), chosen[:most]) if draft]

    def newest_first(self) -> list[str]:
        """The names of all stories."""
        last, drafts = dict[str, datetime](), set[str]()
        for name, written in self.storage.dates(self.stories).items():
            identifier, _, rest = name.partition("/")
            last[identifier] = max(written, last.get(identifier, written))
            if rest == "draft.json" and IDENTIFIER.fullmatch(identifier):
                drafts.add(identifier)
        return sorted(drafts, key=lambda identifier: (last[identifier], identifier), reverse=True)


def newest_of(names: list[str]) -> int:
    numbers = (re.fullmatch(r"r([1-9][0-9]{0,3})\.json", name) for name in names)
    return max((int(number[1]) for number in numbers if number), default=0)


def readable(repository: Repository, identifier: str) -> Draft | None:
    try:
        return repository.draft(identifier)
    except (BadInput, Conflict):
        return None
