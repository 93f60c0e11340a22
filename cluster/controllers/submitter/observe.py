"""Observe storage and cluster: what is saved, which workflows there are, how they have ended."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kubernetes import client

from cluster.controllers.submitter.policy import AWAITING_MESSAGE, Attempt, Saved, State, state_of
from newsreel.argo.client import anchors_waiting, list_workflows
from newsreel.storage.address import Address
from newsreel.submission.revision_store import Revision, RevisionStore

PHASE_LABEL = "workflows.argoproj.io/phase"
"""Argo's copy of a workflow's phase; one that waits for its turn is Pending, or has no label yet."""
CANCELLED_LABEL = "newsreel/cancelled"
"""Set by the newsroom on a workflow that a person has cancelled."""


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
    workflows = list_workflows(api, namespace)
    queued = [*submission_times(workflows, ("", "Pending")), *anchors_waiting(api, namespace)]
    saved = Saved(revisions=frozenset(addresses), attempts=attempts_of(workflows), outcomes=store.outcomes())
    states = {revision: state_of(revision, saved) for revision in saved.revisions}
    waiting = [revision for revision, state in states.items() if state in AWAITING_MESSAGE]
    return Observation(
        saved=replace(saved, waiting_since={revision: waiting_since.get(revision, now) for revision in waiting}),
        addresses=addresses,
        states=states,
        queued_seconds=longest_wait(queued, now),
        under_way_seconds=longest_wait(submission_times(workflows, ("", "Pending", "Running")), now),
    )


def submission_times(workflows: list[dict[str, Any]], phases: tuple[str, ...]) -> list[datetime]:
    """Of the workflows in these phases."""
    return [
        datetime.fromisoformat(metadata["creationTimestamp"])
        for metadata in workflows
        if (metadata.get("labels") or {}).get(PHASE_LABEL, "") in phases
    ]


def longest_wait(since: list[datetime], now: datetime) -> float:
    """Seconds since the oldest; 0 for none."""
    return max(((now - one).total_seconds() for one in since), default=0.0)


def attempts_of(workflows: list[dict[str, Any]]) -> dict[Revision, tuple[Attempt, ...]]:
    """Workflows of each revision in order of submission: the message's, successors, and what a person has resubmitted. All of
    these have the labels; one created by hand may have the name only."""
    found: dict[Revision, list[Attempt]] = defaultdict(list)
    for metadata in sorted(workflows, key=lambda one: (one["creationTimestamp"], one["name"])):
        labels = metadata.get("labels") or {}
        identifier, _, number = str(metadata["name"]).rpartition("-r")
        identifier, number = labels.get("newsreel/story", identifier), labels.get("newsreel/revision", number)
        if identifier and number.isascii() and number.isdigit():
            attempts = found[Revision(identifier, int(number))]
            attempts.append(
                Attempt(
                    name=metadata["name"],
                    number=len(attempts) + 1,
                    phase=labels.get(PHASE_LABEL, ""),
                    uid=str(metadata.get("uid") or metadata["name"]),
                    cancelled=labels.get(CANCELLED_LABEL) == "true",
                )
            )
    return {revision: tuple(attempts) for revision, attempts in found.items()}
