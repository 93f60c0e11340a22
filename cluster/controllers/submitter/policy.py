"""Policy of the submitter: a pure function from what is saved, running and done to actions. No story is lost or made twice.

A saved revision ends as one video or as one recorded failure. Published, failed and running revisions are left alone. One that
has had no workflow for a while is submitted, under the name that its message would use: message and submitter, or two
submitters, then find the name taken. One that ended without a video gets its failure recorded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from newsreel.argo.runs import FINAL_PHASES
from newsreel.submission.revision_store import Outcome, Revision

PATIENCE = timedelta(seconds=120)
"""Time that a saved revision's message has to become a workflow, before the revision is submitted without it."""
MAX_SUBMISSIONS = 50
"""In a round: a limit on the load of the API server after a long outage."""

State = Literal["published", "failed", "under way", "ended", "superseded", "waiting"]
AWAITING_MESSAGE: frozenset[State] = frozenset({"superseded", "waiting"})
"""States in which nothing is done before the patience is over. The message of a superseded revision may be on its way, too: a
failure would be recorded, and then its video made."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A workflow of a revision: its first, or a successor."""

    name: str
    number: int = 1
    """In order of submission, from 1."""
    phase: str = ""
    """State of the run: Succeeded, Failed or Error once it has completed."""
    uid: str = ""
    """The run's id in notifications."""
    cancelled: bool = False
    """A person has cancelled it."""

    @property
    def over(self) -> bool:
        return self.phase in FINAL_PHASES

    @property
    def failed_as(self) -> str:
        """Status in the notification of a completed run without a video."""
        return "Failed" if self.phase == "Succeeded" else self.phase


@dataclass(frozen=True, kw_only=True)
class Saved:
    """Saved revisions, their workflows and outcomes, read in this order: a workflow that was seen as completed has then written
    its outcome before outcomes are read."""

    revisions: frozenset[Revision]
    attempts: Mapping[Revision, tuple[Attempt, ...]] = field(default_factory=dict)
    outcomes: Mapping[Revision, Outcome] = field(default_factory=dict)
    waiting_since: Mapping[Revision, datetime] = field(default_factory=dict)
    """Since when a revision has been seen without a workflow or outcome."""


@dataclass(frozen=True)
class Submit:
    revision: Revision
    why: str


@dataclass(frozen=True)
class Report:
    revision: Revision
    why: str
    last: Attempt | None = None
    """Its newest run; None if there was none."""


@dataclass(frozen=True)
class PendingNotification:
    """The notification of an end that has not been sent: the run was terminated, which Argo does without its exit handler, or its
    pod was lost, or there was no run."""

    revision: Revision
    run: str
    status: str
    """Run and status as in `newsreel.notifications.notifier.Notification`, as far as the cluster still has the run."""
    has_run: bool
    """The cluster still has the run."""
    why: str | None = None
    """Reason of a failure, as far as the run has one."""

    @property
    def id(self) -> str:
        """The same as `Notification.id`, for a failure whose run is known."""
        return f"{self.run}-{self.status}"


def decide(seen: Saved, now: datetime, patience: timedelta = PATIENCE) -> list[Submit | Report]:
    """All actions of a round. Each is idempotent."""
    actions = [action for revision in sorted(seen.revisions) for action in for_revision(revision, seen, now, patience)]
    submissions = [action for action in actions if isinstance(action, Submit)]
    return [action for action in actions if isinstance(action, Report)] + submissions[:MAX_SUBMISSIONS]


def for_revision(revision: Revision, seen: Saved, now: datetime, patience: timedelta) -> Iterator[Submit | Report]:
    state = state_of(revision, seen)
    if state == "ended":
        last = newest(seen.attempts[revision])
        yield Report(revision, f"workflow {last.name} {describe_end(last)}", last)
    elif state not in AWAITING_MESSAGE or now - seen.waiting_since.get(revision, now) < patience:
        return
    elif state == "superseded":
        yield Report(revision, f"revision {newest_published(revision, seen)} is published already")
    else:
        yield Submit(revision, f"saved, and without a workflow since {seen.waiting_since[revision]:%H:%M:%S}")


def describe_end(last: Attempt) -> str:
    if last.cancelled:
        return "was cancelled"
    return "succeeded, but there is no video" if last.phase == "Succeeded" else f"ended as {last.phase}"


def pending_notifications(seen: Saved, sent: Mapping[Revision, frozenset[str]]) -> list[PendingNotification]:
    """Notifications to send, given the ids of those already `sent` for each revision. The outcome counts: a revision with a video
    is done, even if its workflow has failed after publishing it."""
    return [end for one in sorted(seen.revisions) for end in pending_for(one, seen, sent.get(one, frozenset()))]


def pending_for(revision: Revision, seen: Saved, sent: frozenset[str]) -> Iterator[PendingNotification]:
    """None before all its runs have completed: sending the notification is the last thing that a run does."""
    outcome, attempts = seen.outcomes.get(revision), seen.attempts.get(revision, ())
    if outcome is None or not all(attempt.over for attempt in attempts):
        return
    last = newest(attempts) if attempts else None
    run = last.uid if last else revision.workflow
    if outcome == "published":
        if not any(map(is_video_id, sent)):
            yield PendingNotification(revision, run, "Succeeded", has_run=last is not None)
    elif last is None:
        if all(map(is_video_id, sent)):
            yield PendingNotification(revision, run, "Failed", has_run=False)
    else:
        end = PendingNotification(revision, run, last.failed_as, has_run=True, why=f"workflow {last.name} {describe_end(last)}")
        if end.id not in sent:
            yield end


def is_video_id(identifier: str) -> bool:
    return identifier.endswith("-Succeeded")


def state_of(revision: Revision, seen: Saved) -> State:
    attempts = seen.attempts.get(revision, ())
    outcome = seen.outcomes.get(revision)
    if outcome == "published":
        return "published"
    if any(not attempt.over for attempt in attempts):
        return "under way"
    if outcome == "failed":
        return "failed"
    if attempts:
        return "ended"
    return "superseded" if newest_published(revision, seen) > revision.number else "waiting"


def newest(attempts: tuple[Attempt, ...]) -> Attempt:
    return max(attempts, key=lambda attempt: attempt.number)


def newest_published(revision: Revision, seen: Saved) -> int:
    """Newest published revision of the same story; 0 for none."""
    numbers = (other.number for other, outcome in seen.outcomes.items() if other.id == revision.id and outcome == "published")
    return max(numbers, default=0)
