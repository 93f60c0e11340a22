"""`newsreel submit --wait`: follow a story until it is over."""

import sys
import time
from typing import TYPE_CHECKING

from newsreel.argo.runs import Run, newest_runs
from newsreel.argo.workflow import PART_OF, workflow_name
from newsreel.errors import Conflict
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder
from newsreel.story.schema import Story

if TYPE_CHECKING:
    from newsreel.argo.client import Cluster


SECONDS_BETWEEN_LOOKS = 2.0


def wait(cluster: "Cluster", story: Story, finals: Address, *, announced: bool) -> int:
    """Say each change until the story's newest run is over, whose exit status is given: a run whose node is lost has a successor.

    `announced`: by a message, whose workflow may still be to come. Raises Conflict where the run that was there is removed,
    BadInput, Unavailable.
    """
    said = ""
    while True:
        run = latest(cluster, story)
        if run is None and not announced:
            raise Conflict(f"{workflow_name(story.id, story.revision)}: was removed from the cluster while it was waited for")
        if run is not None and run.over:
            return is_over(run, publication_folder(finals, story.id, story.revision))
        announced = run is None
        line = under_way(run) if run else f"{workflow_name(story.id, story.revision)}: announced, not submitted yet"
        if line != said:
            print(line, file=sys.stderr, flush=True)
            said = line
        time.sleep(SECONDS_BETWEEN_LOOKS)


def under_way(run: Run) -> str:
    return " ".join(filter(None, [f"{run.name}:", run.state, ",".join(step.name for step in run.current_steps), run.progress]))


def is_over(run: Run, video: Address) -> int:
    if run.exit_status:
        print(f"{run.name}: {run.message or run.state} (exit {run.exit_status})", file=sys.stderr)
    else:
        print(video, flush=True)
    return run.exit_status


def latest(cluster: "Cluster", story: Story) -> Run | None:
    """The newest of the story's runs that began with its name; others may have been submitted by hand."""
    labels = PART_OF | {"newsreel/story": story.id, "newsreel/revision": str(story.revision)}
    return next(
        (run for run in newest_runs(cluster.list_workflows(labels)) if run.origin == workflow_name(story.id, story.revision)),
        None,
    )
