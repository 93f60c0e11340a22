"""Telling an end, and remembering that it was told: who was to tell it may be gone in the midst of it.

<finals>/told/budget/r3/<id of the notice>.json    all who were to be told of gs://.../budget/r3.json have been, or have refused

`report` leaves it; where it is missing, the watch over saved stories tells the end (`cluster.controllers.submitter.notifier`).
Two who tell one
at the same time tell it by the same id.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from newsreel.errors import Conflict, NewsreelError, Unavailable
from newsreel.notifications.notifier import Notification, Notifier
from newsreel.notifications.webhook_target import WebhookAllowList, read_webhook_target
from newsreel.storage.address import Address
from newsreel.storage.store import Storage


@dataclass(frozen=True)
class DeliveryLog:
    """What has been told, below the prefix that videos are published under."""

    storage: Storage
    finals: Address

    def delivered_ids(self) -> Mapping[str, frozenset[str]]:
        """Of all notices that nobody need tell again, by the place of their story. Raises BadInput, Unavailable."""
        found = defaultdict(set)
        for name in self.storage.names(self.finals.child("told")):
            place, _, file = name.rpartition("/")
            found[place].add(file.removesuffix(".json"))
        return {place: frozenset(ids) for place, ids in found.items()}

    def record(self, notice: Notification) -> None:
        """Noting it twice is as good. Raises BadInput, DiskFull, Unavailable."""
        content = {"run": notice.run, "story": notice.story, "status": notice.status}
        with suppress(Conflict):
            address = self.finals.child(f"told/{delivery_folder(Address.parse(notice.story))}/{notice.id}.json")
            self.storage.create(address, json.dumps(content).encode(), "application/json")


def delivery_folder(story: Address) -> str:
    """`budget/r3` for gs://newsreel-stories/budget/r3.json: what its address ends with; one that cannot be read has it too."""
    path = PurePosixPath(story.path)
    return "/".join([*path.parts[-2:-1], path.stem])


def has_targets() -> bool:
    """Whether the environment names whom to tell, of each story or of one whose sender has named somebody. Raises BadInput."""
    notices = Notifier.from_environment()
    return bool(notices.topic or notices.webhook or WebhookAllowList.from_environment().prefixes)


def deliver(notice: Notification, notices: Notifier, storage: Storage, told: DeliveryLog | None) -> list[NewsreelError]:
    """Tell all whom the installation names, and the story's own webhook; what went wrong. It is noted, unless that would pass."""
    faults = list(send_to_all(notice, notices, storage))
    if told and not any(map(is_transient, faults)):
        try:
            told.record(notice)
        except NewsreelError as fault:
            faults.append(fault)
    return faults


def send_to_all(notice: Notification, notices: Notifier, storage: Storage) -> Iterator[NewsreelError]:
    receiver = None
    try:
        receiver = story_webhook(notice.story, storage)
    except NewsreelError as fault:
        yield type(fault)(f"the story's own webhook is not told: {fault}")
    yield from replace(notices, story_webhook=receiver).send(notice)


def story_webhook(story: str, storage: Storage) -> str | None:
    """The webhook that this story's sender has named, where the installation still allows it. Raises BadInput, Unavailable."""
    receivers = WebhookAllowList.from_environment()
    webhook = read_webhook_target(storage, Address.parse(story)) if receivers.prefixes else None
    if webhook:
        receivers.require(webhook)
    return webhook


def is_transient(fault: NewsreelError) -> bool:
    """Whether the same may be told later."""
    return isinstance(fault, Unavailable)
