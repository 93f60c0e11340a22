"""Observe storage and cluster: what is saved, which workflows there are, how they have ended."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from kubernetes import client

from cluster.controllers.submitter.policy import AWAITING_MESSAGE, Attempt, Saved, State, state_of
from newsreel.argo.client import list_workflows, waiting_anchors
from newsreel.argo.runs import Run, run_of
from newsreel.storage.address import Address
from newsreel.submission.revision_store import Revision, RevisionStore


@dataclass(frozen=True, kw_only=True)
class Observation:
    saved: Saved
    addresses: Mapping[Revision, Address]
    """Of each saved revision's story."""
    states: Mapping[Revision, State]
    queued_seconds: float
    """Longest wait for a turn or for a node."""
    under_way_seconds: float
    """Longest time since the submission of a workflow that has not completed."""


def observe(
    api: client.ApiClient, namespace: str, store: RevisionStore, waiting_since: Mapping[Revision, datetime], now: datetime
) -> Observation:
    """In the order that `Saved` requires. `waiting_since` is the last round's.

    Raises ApiException, urllib3's errors and NewsreelError.
    """
    addresses = store.saved()
    runs = [run_of({"metadata": metadata}) for metadata in list_workflows(api, namespace)]
    queued = [*waits(runs, "Waiting", "Pending"), *waiting_anchors(api, namespace)]
    saved = Saved(revisions=frozenset(addresses), attempts=attempts_of(runs), outcomes=store.outcomes())
    states = {revision: state_of(revision, saved) for revision in saved.revisions}
    waiting = [revision for revision, state in states.items() if state in AWAITING_MESSAGE]
    return Observation(
        saved=replace(saved, waiting_since={revision: waiting_since.get(revision, now) for revision in waiting}),
        addresses=addresses,
        states=states,
        queued_seconds=longest_wait(queued, now),
        under_way_seconds=longest_wait(waits(runs, "Waiting", "Pending", "Running"), now),
    )


def waits(runs: list[Run], *states: str) -> list[datetime]:
    """Since when the runs in these states have been submitted."""
    return [run.began for run in runs if run.state in states]


def longest_wait(since: list[datetime], now: datetime) -> float:
    """Seconds since the oldest; 0 for none."""
    return max(((now - one).total_seconds() for one in since), default=0.0)


def attempts_of(runs: list[Run]) -> dict[Revision, tuple[Attempt, ...]]:
    """Runs of each revision in order of submission: the message's, successors, and what a person has resubmitted.

    All of these have the labels; one created by hand may have the name only.
    """
    found: dict[Revision, list[Attempt]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.began, run.name)):
        if run.story and run.revision:
            attempts = found[Revision(run.story, run.revision)]
            attempts.append(
                Attempt(name=run.name, number=len(attempts) + 1, phase=run.state, uid=run.uid, cancelled=run.cancelled)
            )
    return {revision: tuple(attempts) for revision, attempts in found.items()}
