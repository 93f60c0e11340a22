"""Revisions in storage: which are saved, and which of them are published or have failed.

<stories>/<id>/r3.json           a revision, created once; its address is what the message carries
<stories>/<id>/r3.order.json     the message, saved before it is published: its priority survives when it is lost
<finals>/<id>/r3/manifest.json   the video is there (`newsreel.storage.publication`)
<finals>/<id>/r3/failed.json     there will be no video: why, since when, and of which run

Nothing here is ever changed or removed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ValidationError

from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.storage.store import Storage
from newsreel.story.priority import Priority
from newsreel.submission.message import MOST_BYTES, Message

Outcome = Literal["published", "failed"]
SAVED = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)/r([1-9][0-9]{0,3})\.(?:json|yaml)")
ENDED = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)/r([1-9][0-9]{0,3})/(manifest|failed)\.json")


class Revision(NamedTuple):
    """A story as it was sent off: what one video is made of."""

    id: str
    number: int

    @property
    def workflow(self) -> str:
        """As `Message.workflow`."""
        return f"{self.id}-r{self.number}"


class Failure(BaseModel):
    """What was said of a video that will not come."""

    why: str
    time: datetime
    run: str | None = None
    """Uid of the workflow that failed, None where there was none: it outlives the workflow."""
    status: str = "Failed"
    """Its status in notifications, see `newsreel.notifications.notifier.Notification`."""


@dataclass(frozen=True)
class RevisionStore:
    storage: Storage
    stories: Address
    finals: Address

    def message(self, revision: Revision, priority: Priority = "normal") -> Message:
        """Of a revision that is saved here. Raises BadInput where here is no place that a message can name."""
        story = self.address(revision)
        try:
            return Message(story=str(story), id=revision.id, revision=revision.number, priority=priority)
        except ValidationError as fault:
            raise BadInput(f"{story}: is no address that a message may carry; save stories below gs://bucket/prefix") from fault

    def save_order(self, message: Message) -> None:
        """Keep a message beside its story, to be done before it is published; the same one is welcome twice.

        Raises Conflict where the revision was submitted with another priority before, Unavailable.
        """
        revision = Revision(message.id, message.revision)
        try:
            self.storage.create(self.address_of_order(revision), message.content(), "application/json")
        except Conflict as fault:
            kept = self.order(revision, Address.parse(message.story)).priority
            if kept != message.priority:
                raise Conflict(
                    f"{message.workflow}: was submitted as {kept} before; raise the revision to change that"
                ) from fault

    def address(self, revision: Revision) -> Address:
        """Where newsroom and `newsreel submit` save it."""
        return self.stories.child(f"{revision.id}/r{revision.number}.json")

    def saved(self) -> dict[Revision, Address]:
        """All revisions that were sent off, and where they are."""
        return {revision: self.stories.child(name) for revision, name in saved_in(self.storage.names(self.stories))}

    def outcomes(self) -> dict[Revision, Outcome]:
        """How revisions have ended. One that failed and was published later, tried again by a person, is published."""
        found: dict[Revision, Outcome] = {}
        for revision, outcome in outcomes_in(self.storage.names(self.finals)):
            if found.get(revision) != "published":
                found[revision] = outcome
        return found

    def order(self, revision: Revision, story: Address) -> Message:
        """The message of a saved revision: the one that was kept, else an ordinary one."""
        ordinary = Message(story=str(story), id=revision.id, revision=revision.number)
        address = self.address_of_order(revision)
        if self.storage.find(address) is None:
            return ordinary
        try:
            kept = Message.of(self.storage.read(address, at_most=MOST_BYTES), self.storage.allowed)
        except BadInput:
            # Not ours, or cut short: the story is there all the same, and no less to be made for it.
            return ordinary
        # All that it may say of this story is how urgent it is.
        return ordinary.model_copy(update={"priority": kept.priority})

    def failure(self, revision: Revision) -> Failure | None:
        """None where nothing was said. Raises BadInput for a file that is none of ours, Unavailable."""
        address = self.address_of_failure(revision)
        if self.storage.find(address) is None:
            return None
        try:
            return Failure.model_validate_json(self.storage.read(address, at_most=MOST_BYTES))
        except ValidationError as fault:
            raise BadInput(f"{address}: says nothing of a failure; somebody has put it there by hand") from fault

    def address_of_failure(self, revision: Revision) -> Address:
        return self.finals.child(f"{revision.id}/r{revision.number}/failed.json")

    def address_of_order(self, revision: Revision) -> Address:
        return self.stories.child(f"{revision.id}/r{revision.number}.order.json")

    def fail(self, revision: Revision, failure: Failure) -> bool:
        """Say for all to see that a video will not come; False where that was said before."""
        address = self.address_of_failure(revision)
        record = {"id": revision.id, "revision": revision.number} | failure.model_dump(mode="json", exclude_none=True)
        if self.storage.find(address) is not None:
            return False
        try:
            self.storage.create(address, json.dumps(record).encode(), "application/json")
        except Conflict:
            return False
        return True


def saved_in(names: list[str]) -> Iterator[tuple[Revision, str]]:
    for name in names:
        if found := SAVED.fullmatch(name):
            yield Revision(found[1], int(found[2])), name


def outcomes_in(names: list[str]) -> Iterator[tuple[Revision, Outcome]]:
    for name in names:
        if found := ENDED.fullmatch(name):
            yield Revision(found[1], int(found[2])), "published" if found[3] == "manifest" else "failed"
