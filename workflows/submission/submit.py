"""`newsreel submit`: a story file of this machine becomes a workflow of the cluster, once."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cluster.messages.desk import Desk, Revision
from steps.address import Address, AllowList
from steps.errors import Conflict
from steps.priority import Priority
from steps.publication import home_of
from steps.storage import Storage
from steps.story import Story
from workflows.submission.cluster import Cluster
from workflows.submission.order import PART_OF, name_of, order, story_of
from workflows.submission.runs import Run, newest, run_of
from workflows.submission.saving import save

__all__ = ["Buckets", "submit"]

SECONDS_BETWEEN_LOOKS = 2.0


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """Where an installation has its stories and its videos."""

    stories: Address
    finals: Address


def submit(path: Path, buckets: Buckets, cluster: Cluster, priority: Priority, *, wait: bool) -> int:
    """Save the story, submit it, and with `wait` say how it goes until it is over; the exit status, 0 where one did not wait.

    From the moment it is saved the watch over saved stories finds it (`cluster.messages`), should we get no further.
    The same story twice is one run. Raises BadInput for a wrong story or what the cluster refuses, Conflict where the revision's
    name stands for another story or another priority, Unavailable.
    """
    storage = Storage(AllowList(prefixes=(buckets.stories, buckets.finals)))
    story, address = save(path, storage, buckets.stories)
    desk = Desk(storage, buckets.stories, buckets.finals)
    desk.save_order(desk.message(Revision(story.id, story.revision), priority))
    workflow = order(story, address, buckets.finals, priority)
    if cluster.create(workflow):
        print(f"{name_of(story)}: submitted; `newsreel status {name_of(story)}` tells how it goes", flush=True)
    else:
        print(submitted_before(cluster, name_of(story), story_of(workflow)), flush=True)
    return watch(cluster, story, buckets.finals) if wait else 0


def submitted_before(cluster: Cluster, name: str, wanted: tuple[str, str]) -> str:
    """One line for a story whose name is taken. Raises Conflict where another story took it, or where it goes elsewhere."""
    there = cluster.workflow(name)
    if there is None:
        return f"{name}: was submitted before and is removed just now; submit it again if it is not published"
    made = story_of(there)
    if made != wanted:
        kind = "with other content" if made[0] != wanted[0] else f"to {made[1]}"
        raise Conflict(f"{name}: this revision was submitted before {kind}; raise the revision")
    run = run_of(there)
    if run.exit_status:
        mend = f"mend it and raise the revision, or run it again with `argo resubmit {name}`"
        return f"{name}: was submitted before and ended as {run.state}: {run.message or 'no reason is told'}; {mend}"
    return f"{name}: was submitted before, nothing to do: {run.state}"


def watch(cluster: Cluster, story: Story, finals: Address) -> int:
    """Say each change until the story's newest run is over: a run whose node is lost has a successor."""
    said = ""
    while True:
        run = latest(cluster, story)
        if run is None:
            raise Conflict(f"{name_of(story)}: was removed from the cluster while it was waited for")
        line = " ".join(filter(None, [f"{run.name}:", run.state, ",".join(step.name for step in run.at), run.progress]))
        if line != said and not run.over:
            print(line, file=sys.stderr, flush=True)
            said = line
        if run.over:
            break
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if run.exit_status:
        print(f"{run.name}: {run.message or run.state} (exit {run.exit_status})", file=sys.stderr)
    else:
        print(home_of(finals, story.id, story.revision), flush=True)
    return run.exit_status


def latest(cluster: Cluster, story: Story) -> Run | None:
    """The newest of the story's runs that began with its name; others may have been submitted by hand."""
    labels = PART_OF | {"newsreel/story": story.id, "newsreel/revision": str(story.revision)}
    return next((run for run in newest(cluster.listed(labels)) if run.origin == name_of(story)), None)
