"""Sends missing notifications: of runs that were cancelled, that lost their pod, or that never existed.

Storage keeps a log of what was sent (`newsreel.notifications.delivery_log`), which a restarted or second submitter reads, too.
A notification that cannot be delivered is retried with a growing delay, and no other one waits for it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cluster.controllers.submitter.policy import PendingNotification, Saved, pending_notifications
from newsreel.errors import NewsreelError
from newsreel.notifications.delivery_log import DeliveryLog, deliver, delivery_folder, is_transient
from newsreel.notifications.notifier import Notification, Notifier
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.submission.revision_store import Revision, RevisionStore

ONCE = (0.0,)
"""Pauses of the `Notifier`: one try a round, so that stories do not wait for a receiver that does not answer."""
MAX_PER_ROUND = 20
MIN_DELAY, MAX_DELAY = timedelta(seconds=30), timedelta(hours=1)
"""Between two tries of one notification."""
MAX_AGE = timedelta(days=3)
"""An older end whose run the cluster no longer has is logged and not sent: it dates from before receivers were configured."""


@dataclass(frozen=True)
class Retry:
    """Next try of a notification, and the delay before it."""

    at: datetime
    delay: timedelta


@dataclass
class PendingNotifier:
    store: RevisionStore
    notifier: Notifier
    log_action: Callable[[str, str, str], None]
    """Called with action, workflow and reason."""
    retries: dict[str, Retry] = field(default_factory=dict)
    """By the notification's id."""

    def round(self, seen: Saved, addresses: Mapping[Revision, Address], now: datetime, dry_run: bool = False) -> int:
        """Send some of them; return how many were delivered. Raises BadInput, DiskFull, Unavailable."""
        sent = self.delivery_log.delivered_ids()
        known = {revision: sent.get(delivery_folder(address), frozenset[str]()) for revision, address in addresses.items()}
        ends, delivered = pending_notifications(seen, known), 0
        self.retries = {end.id: self.retries[end.id] for end in ends if end.id in self.retries}
        for end, notification, is_news in self.due(ends, addresses, now):
            if dry_run:
                if is_news:
                    self.log_action("notify", end.revision.workflow, f"its run has not sent that it ended as {end.status}")
            elif not is_news:
                self.delivery_log.record(notification)
            elif self.deliver(end, notification, now):
                delivered += 1
            else:
                # The others follow in the next round: if the receiver is down, each would take as long as this one.
                break
        return delivered

    def deliver(self, end: PendingNotification, notification: Notification, now: datetime) -> bool:
        """False if it has to be sent again."""
        faults = deliver(notification, self.notifier, self.store.storage, self.delivery_log)
        for fault in faults:
            self.log_action("not-notified", end.revision.workflow, str(fault))
        if any(map(is_transient, faults)):
            self.retry_later(end, now)
            return False
        self.log_action("notified", end.revision.workflow, f"that it ended as {end.status}")
        return True

    @property
    def delivery_log(self) -> DeliveryLog:
        return DeliveryLog(self.store.storage, self.store.finals)

    def due(
        self, ends: list[PendingNotification], addresses: Mapping[Revision, Address], now: datetime
    ) -> Iterator[tuple[PendingNotification, Notification, bool]]:
        """Each pending notification that is due now, and whether it is recent enough to be sent."""
        waiting = [end for end in ends if end.id not in self.retries or self.retries[end.id].at <= now]
        # Untried ones first; among these first the ones whose run still exists, since they are the newest.
        for end in sorted(waiting, key=lambda end: (end.id in self.retries, not end.has_run))[:MAX_PER_ROUND]:
            story = str(addresses[end.revision])
            try:
                build = self.of_video if end.status == "Succeeded" else self.of_failure
                notification, time = build(end, story)
            except NewsreelError as fault:
                self.log_action("not-notified", end.revision.workflow, str(fault))
                self.retry_later(end, now)
            else:
                yield end, notification, end.has_run or time is None or now - time <= MAX_AGE

    def of_video(self, end: PendingNotification, story: str) -> tuple[Notification, datetime | None]:
        """The notification, and the time of publication. Raises Conflict, Unavailable."""
        home = publication_folder(self.store.finals, end.revision.id, end.revision.number)
        manifest = read_publication(self.store.storage, home)
        video = manifest.video(home) if manifest else None
        notification = Notification(run=end.run, story=story, status=end.status, video=str(video) if video else None)
        return notification, manifest.created if manifest else None

    def of_failure(self, end: PendingNotification, story: str) -> tuple[Notification, datetime | None]:
        """The notification, with the recorded reason if it is this run's; and the time of the record.

        If the cluster no longer has the run, the recorded UID is used: a notification that the run has sent had that id.
        Raises BadInput, Unavailable.
        """
        failure, run, status = self.store.failure(end.revision), end.run, end.status
        if failure and failure.run and not end.has_run:
            run, status = failure.run, failure.status
        recorded = failure.why if failure and failure.why.startswith(end.why or "") else None
        notification = Notification(run=run, story=story, status=status, video=None, why=recorded or end.why)
        return notification, failure.time if failure else None

    def retry_later(self, end: PendingNotification, now: datetime) -> None:
        delay = min(self.retries[end.id].delay * 2, MAX_DELAY) if end.id in self.retries else MIN_DELAY
        self.retries[end.id] = Retry(now + delay, delay)
