"""At-least-once delivery of final notifications, with a log of deliveries so that a crashed sender is taken over.

<finals>/told/budget/r3/<id of the notification>.json    every target of gs://.../budget/r3.json has accepted or refused it

The exit handler `report` writes the entry; where it is missing, the submitter sends the notification
(`cluster.controllers.submitter.notifier`). Two senders at the same time use the same id.
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
    """The delivered notifications, stored below the prefix that videos are published under."""

    storage: Storage
    finals: Address

    def delivered_ids(self) -> Mapping[str, frozenset[str]]:
        """The ids of delivered notifications by the folder of their story (`delivery_folder`). Raises BadInput, Unavailable."""
        found = defaultdict(set)
        for name in self.storage.names(self.finals.child("told")):
            place, _, file = name.rpartition("/")
            found[place].add(file.removesuffix(".json"))
        return {place: frozenset(ids) for place, ids in found.items()}

    def record(self, notification: Notification) -> None:
        """Record a delivery; recording it twice is harmless. Raises BadInput, DiskFull, Unavailable."""
        content = {"run": notification.run, "story": notification.story, "status": notification.status}
        with suppress(Conflict):
            folder = delivery_folder(Address.parse(notification.story))
            address = self.finals.child(f"told/{folder}/{notification.id}.json")
            self.storage.create(address, json.dumps(content).encode(), "application/json")


def delivery_folder(story: Address) -> str:
    """`budget/r3` for gs://newsreel-stories/budget/r3.json: the end of the address, known also for an unreadable story."""
    path = PurePosixPath(story.path)
    return "/".join([*path.parts[-2:-1], path.stem])


def has_targets() -> bool:
    """Whether the environment configures any target, or allows stories to name one. Raises BadInput."""
    notifier = Notifier.from_environment()
    return bool(notifier.topic or notifier.webhook or WebhookAllowList.from_environment().prefixes)


def deliver(
    notification: Notification, notifier: Notifier, storage: Storage, delivery_log: DeliveryLog | None
) -> list[NewsreelError]:
    """Send to the installation's targets and the story's webhook; the errors. Recorded unless one of them may pass."""
    faults = list(send_to_all(notification, notifier, storage))
    if delivery_log and not any(map(is_transient, faults)):
        try:
            delivery_log.record(notification)
        except NewsreelError as fault:
            faults.append(fault)
    return faults


def send_to_all(notification: Notification, notifier: Notifier, storage: Storage) -> Iterator[NewsreelError]:
    webhook = None
    try:
        webhook = story_webhook(notification.story, storage)
    except NewsreelError as fault:
        yield type(fault)(f"the story's own webhook is not called: {fault}")
    yield from replace(notifier, story_webhook=webhook).send(notification)


def story_webhook(story: str, storage: Storage) -> str | None:
    """The webhook that the story names, if the installation still allows it. Raises BadInput, Unavailable."""
    allowed = WebhookAllowList.from_environment()
    webhook = read_webhook_target(storage, Address.parse(story)) if allowed.prefixes else None
    if webhook:
        allowed.require(webhook)
    return webhook


def is_transient(fault: NewsreelError) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(fault, Unavailable)
