"""Tells the ends that nobody has told: of a run that was cancelled, whose pod was lost, or that never was.

What has been told is kept in storage (`newsreel.notifications.delivery_log`), so that one who begins anew, or a second one
beside us, knows it too. Who
cannot be reached is tried again, later each time, and no other end waits for that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cluster.controllers.submitter.policy import Saved, Untold, untold
from newsreel.errors import NewsreelError
from newsreel.notifications.delivery_log import DeliveryLog, deliver, delivery_folder, is_transient
from newsreel.notifications.notifier import Notification, Notifier
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.submission.revision_store import Revision, RevisionStore

ONCE = (0.0,)
"""Pauses before the tries of one round: saved stories are not to wait for a receiver that is away."""
MOST_A_ROUND = 20
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=1)
"""Between two tries of one notice."""
NEWS = timedelta(days=3)
"""An end that lies further back, and whose run nobody knows any more, is of a time when nobody was to be told."""


@dataclass(frozen=True)
class Again:
    """When a notice that could not be delivered is tried again, and how long it has waited for that."""

    at: datetime
    pause: timedelta


@dataclass
class Teller:
    desk: RevisionStore
    notices: Notifier
    say: Callable[[str, str, str], None]
    later: dict[str, Again] = field(default_factory=dict)
    """By the notice's id."""

    def round(self, seen: Saved, where: Mapping[Revision, Address], now: datetime, dry_run: bool = False) -> int:
        """Tell some of them; how many were. Raises BadInput, DiskFull, Unavailable."""
        told = self.told.delivered_ids()
        known = {revision: told.get(delivery_folder(address), frozenset[str]()) for revision, address in where.items()}
        ends, done = untold(seen, known), 0
        self.later = {end.id: self.later[end.id] for end in ends if end.id in self.later}
        for end, notice, is_news in self.due(ends, where, now):
            if dry_run:
                if is_news:
                    self.say("tell", end.revision.workflow, f"nobody has told that it ended as {end.status}")
            elif not is_news:
                self.told.record(notice)
            elif self.deliver(end, notice, now):
                done += 1
            else:
                # The others' turn comes with the next round: where nobody can be reached, each would take as long as this one.
                break
        return done

    def deliver(self, end: Untold, notice: Notification, now: datetime) -> bool:
        """False where it is to be told again."""
        faults = deliver(notice, self.notices, self.desk.storage, self.told)
        for fault in faults:
            self.say("untold", end.revision.workflow, str(fault))
        if any(map(is_transient, faults)):
            self.put_off(end, now)
            return False
        self.say("told", end.revision.workflow, f"that it ended as {end.status}")
        return True

    @property
    def told(self) -> DeliveryLog:
        return DeliveryLog(self.desk.storage, self.desk.finals)

    def due(
        self, ends: list[Untold], where: Mapping[Revision, Address], now: datetime
    ) -> Iterator[tuple[Untold, Notification, bool]]:
        """Each with its notice, and whether that is news to anybody."""
        waiting = [end for end in ends if end.id not in self.later or self.later[end.id].at <= now]
        # First what has not been tried yet, and of that what has a run left, since it is the newest.
        for end in sorted(waiting, key=lambda end: (end.id in self.later, not end.has_run))[:MOST_A_ROUND]:
            story = str(where[end.revision])
            try:
                notice, when = self.of_a_video(end, story) if end.status == "Succeeded" else self.of_a_failure(end, story)
            except NewsreelError as fault:
                self.say("untold", end.revision.workflow, str(fault))
                self.put_off(end, now)
            else:
                yield end, notice, end.has_run or when is None or now - when <= NEWS

    def of_a_video(self, end: Untold, story: str) -> tuple[Notification, datetime | None]:
        """And since when it is there. Raises Conflict, Unavailable."""
        home = publication_folder(self.desk.finals, end.revision.id, end.revision.number)
        manifest = read_publication(self.desk.storage, home)
        video = manifest.video(home) if manifest else None
        notice = Notification(run=end.run, story=story, status=end.status, video=str(video) if video else None)
        return notice, manifest.created if manifest else None

    def of_a_failure(self, end: Untold, story: str) -> tuple[Notification, datetime | None]:
        """With the reason that was kept, where it is this run's; and when that was said. Raises BadInput, Unavailable.

        A run that the cluster does not know any more has told its end by its uid, if it told it: so do we, as that was kept.
        """
        failure, run, status = self.desk.failure(end.revision), end.run, end.status
        if failure and failure.run and not end.has_run:
            run, status = failure.run, failure.status
        kept = failure.why if failure and failure.why.startswith(end.why or "") else None
        notice = Notification(run=run, story=story, status=status, video=None, why=kept or end.why)
        return notice, failure.time if failure else None

    def put_off(self, end: Untold, now: datetime) -> None:
        pause = min(self.later[end.id].pause * 2, LONGEST) if end.id in self.later else SHORTEST
        self.later[end.id] = Again(now + pause, pause)
