"""What is to be done about stories that were saved, as a pure function of what is seen: no story is lost, none is made twice.

A saved revision ends as one video or as one visible failure. What is published or has failed is left alone, and so is what is
under way; what nobody has heard of for a while is submitted under the name that its message would have used, so that message
and reconciler, or two reconcilers, meet in it; what ended without a video is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from newsreel.submission.revision_store import Outcome, Revision

PATIENCE = timedelta(seconds=120)
"""How long a saved story is left to its message. Whoever is quicker wins, and the other meets its workflow."""
MOST_A_ROUND = 50
"""Submissions in a round: after a long outage the API server is not to be run over."""

State = Literal["published", "failed", "under way", "ended", "superseded", "waiting"]
LEFT_TO_THEIR_MESSAGE: frozenset[State] = frozenset({"superseded", "waiting"})
"""Until we have been patient: a superseded one's may be on its way too, and who is told that it will not come gets its video."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A workflow of a revision, whether its first or a successor."""

    name: str
    number: int = 1
    """1 for the first that was submitted."""
    phase: str = ""
    """Argo's: Succeeded, Failed, Error once it is over."""
    uid: str = ""
    """By which those who are told of it know it."""
    cancelled: bool = False
    """Whether a person has ended it."""

    @property
    def over(self) -> bool:
        return self.phase in ("Succeeded", "Failed", "Error")

    @property
    def failed_as(self) -> str:
        """Of one that is over and has left no video: the status by which that is told."""
        return "Failed" if self.phase == "Succeeded" else self.phase


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One look. To be taken in this order: what is saved, then workflows, then outcomes: a workflow seen as ended has then left
    its outcome where it is still to be looked for."""

    revisions: frozenset[Revision]
    attempts: Mapping[Revision, tuple[Attempt, ...]] = field(default_factory=dict)
    outcomes: Mapping[Revision, Outcome] = field(default_factory=dict)
    unheard: Mapping[Revision, datetime] = field(default_factory=dict)
    """Since when we have known of a revision without a sign of it."""


@dataclass(frozen=True)
class Submit:
    revision: Revision
    why: str


@dataclass(frozen=True)
class Report:
    revision: Revision
    why: str
    last: Attempt | None = None
    """Whose end it is; None where it never began."""


@dataclass(frozen=True)
class Untold:
    """An end that those who are told of ends have not heard of: the run was terminated, which Argo does without its exit handler,
    or its pod was lost, or there was no run at all."""

    revision: Revision
    run: str
    status: str
    """Both as `newsreel.notifications.notifier.Notification` has them, as far as the cluster still knows them."""
    has_run: bool
    """Whether the cluster still knows the run."""
    why: str | None = None
    """Of a failure, as far as the run tells it."""

    @property
    def id(self) -> str:
        """Of a failure whose run is known, as `Notice.id`."""
        return f"{self.run}-{self.status}"


def decide_stories(seen: Saved, now: datetime, patience: timedelta = PATIENCE) -> list[Submit | Report]:
    """All actions of a round; each may be done twice."""
    actions = [action for revision in sorted(seen.revisions) for action in for_revision(revision, seen, now, patience)]
    submissions = [action for action in actions if isinstance(action, Submit)]
    return [action for action in actions if isinstance(action, Report)] + submissions[:MOST_A_ROUND]


def for_revision(revision: Revision, seen: Saved, now: datetime, patience: timedelta) -> Iterator[Submit | Report]:
    state = state_of(revision, seen)
    if state == "ended":
        last = newest(seen.attempts[revision])
        yield Report(revision, f"workflow {last.name} {ended(last)}", last)
    elif state not in LEFT_TO_THEIR_MESSAGE or now - seen.unheard.get(revision, now) < patience:
        return
    elif state == "superseded":
        yield Report(revision, f"revision {newest_published(revision, seen)} is published already")
    else:
        yield Submit(revision, f"saved, and nothing was heard of it since {seen.unheard[revision]:%H:%M:%S}")


def ended(last: Attempt) -> str:
    if last.cancelled:
        return "was cancelled"
    return "ended well, and yet there is no video" if last.phase == "Succeeded" else f"ended as {last.phase}"


def untold(seen: Saved, told: Mapping[Revision, frozenset[str]]) -> list[Untold]:
    """The ends to be told, given the ids of the notices that have been, of each revision. What counts is how it has ended: one
    whose video is there is done, though its workflow may have failed after that."""
    return [end for one in sorted(seen.revisions) for end in untold_of(one, seen, told.get(one, frozenset()))]


def untold_of(revision: Revision, seen: Saved, told: frozenset[str]) -> Iterator[Untold]:
    """Not before all its runs are over: the last thing that each does is to tell."""
    outcome, attempts = seen.outcomes.get(revision), seen.attempts.get(revision, ())
    if outcome is None or not all(attempt.over for attempt in attempts):
        return
    last = newest(attempts) if attempts else None
    run = last.uid if last else revision.workflow
    if outcome == "published":
        if not any(map(is_of_a_video, told)):
            yield Untold(revision, run, "Succeeded", has_run=last is not None)
    elif last is None:
        if all(map(is_of_a_video, told)):
            yield Untold(revision, run, "Failed", has_run=False)
    else:
        end = Untold(revision, run, last.failed_as, has_run=True, why=f"workflow {last.name} {ended(last)}")
        if end.id not in told:
            yield end


def is_of_a_video(notice: str) -> bool:
    """Of a notice's id."""
    return notice.endswith("-Succeeded")


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
    """Of the same story; 0 for none."""
    numbers = (other.number for other, outcome in seen.outcomes.items() if other.id == revision.id and outcome == "published")
    return max(numbers, default=0)
