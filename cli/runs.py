"""Follow a story's run on a cluster: `newsreel submit --wait` until its end, `newsreel logs` step by step."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from newsreel.argo.runs import Run, newest_runs, run_of
from newsreel.argo.workflow import PART_OF, workflow_name
from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder
from newsreel.story.schema import Story

if TYPE_CHECKING:
    from newsreel.argo.client import Cluster


POLL_SECONDS = 2.0


def wait_for_run(cluster: "Cluster", story: Story, finals: Address, *, announced: bool) -> int:
    """Print each change until the story's newest run is over, and return its exit status. After a lost node a successor counts.

    `announced`: by a message, whose workflow may not exist yet. Raises Conflict where the run that was there is removed,
    BadInput, Unavailable.
    """
    printed = ""
    while True:
        run = newest_run(cluster, story)
        if run is None and not announced:
            raise Conflict(f"{workflow_name(story.id, story.revision)}: was removed from the cluster while it was waited for")
        if run is not None and run.over:
            return report_end(run, publication_folder(finals, story.id, story.revision))
        announced = run is None
        line = progress_line(run) if run else f"{workflow_name(story.id, story.revision)}: announced, not submitted yet"
        if line != printed:
            print(line, file=sys.stderr, flush=True)
            printed = line
        time.sleep(POLL_SECONDS)


def progress_line(run: Run) -> str:
    return " ".join(filter(None, [f"{run.name}:", run.state, ",".join(step.name for step in run.current_steps), run.progress]))


def report_end(run: Run, video: Address) -> int:
    if run.exit_status:
        print(f"{run.name}: {run.message or run.state} (exit {run.exit_status})", file=sys.stderr)
    else:
        print(video, flush=True)
    return run.exit_status


def newest_run(cluster: "Cluster", story: Story) -> Run | None:
    """The newest of the runs that descend from the story's own workflow; others may have been submitted by hand."""
    labels = PART_OF | {"newsreel/story": story.id, "newsreel/revision": str(story.revision)}
    return next(
        (run for run in newest_runs(cluster.list_workflows(labels)) if run.origin == workflow_name(story.id, story.revision)),
        None,
    )


STEP_LABEL = "newsreel/system"
HIDDEN_STEPS = ("anchor",)
"""The anchor runs as long as the story and writes nothing about it: shown only when named."""


def step_logs(cluster: "Cluster", name: str, step: str | None, *, follow: bool) -> Iterator[str]:
    """Lines, prefixed with the step where one step is not named. With `follow` until the story is over; of parallel steps the one
    that began first comes first.

    Raises BadInput where there is no such story or step, or where its pods are removed.
    """
    done: set[str] = set()
    while True:
        workflow = cluster.find_workflow(name)
        if workflow is None:
            raise BadInput(f"{name}: there is no such story in namespace {cluster.namespace}; `newsreel status` lists them")
        over = run_of(workflow).over
        for pod in cluster.list_pods(name):
            system = step_of_pod(pod)
            if pod.metadata.name in done or not is_wanted(system, step) or not has_started(pod):
                continue
            done.add(pod.metadata.name)
            for line in readable_lines(filter(is_from_step, cluster.read_log(pod.metadata.name, follow=follow))):
                prefix = "" if step or line.startswith(f"{system}: ") else f"{system}: "
                yield prefix + printable_log_line(line)
        if over or not follow:
            break
        time.sleep(POLL_SECONDS)
    if not done:
        raise BadInput(no_logs_message(name, step, over))


def is_wanted(system: str, step: str | None) -> bool:
    return system == step if step else system not in HIDDEN_STEPS


def step_of_pod(pod: Any) -> str:
    return str((pod.metadata.labels or {}).get(STEP_LABEL, pod.metadata.name))


def has_started(pod: Any) -> bool:
    """Whether the step's own container has started: before that there is no log."""
    containers = pod.status.container_statuses or []
    return any(one.name == "main" and (one.state.running or one.state.terminated) for one in containers)


def no_logs_message(name: str, step: str | None, over: bool) -> str:
    what = f"step {step}" if step else "steps"
    if over:
        return f"{name}: the pods of its {what} are removed, and their logs with them; the Argo UI may have archived them"
    return f"{name}: {what} has not begun; `newsreel status {name}` shows what has, --follow waits"


def is_from_step(line: str) -> bool:
    """Argo's executor writes into the same log, in logfmt, and marks its own lines (argo-workflows, `argoexec emissary`)."""
    return not (line.startswith("time=") and " argo=true" in line)


def readable_lines(lines: Iterable[str]) -> Iterator[str]:
    """A structured log as text: of each entry the step, its message and, before both, a traceback, as `newsreel.runtime.log`
    writes them to a terminal. Lines that are no entries stay as they are."""
    for line in lines:
        entry = parse_entry(line)
        if entry is None:
            yield line
        else:
            yield from entry.get("stack_trace", "").splitlines()
            yield from f"{entry['step']}: {entry['message']}".splitlines()


def parse_entry(line: str) -> dict[str, str] | None:
    """The text fields of an entry; None for a line that is no entry."""
    if not line.startswith("{"):
        return None
    try:
        entry = {name: value for name, value in json.loads(line).items() if isinstance(value, str)}
    except (ValueError, RecursionError):
        return None
    return entry if entry.keys() >= {"severity", "step", "message"} else None


def printable_log_line(line: str) -> str:
    """A line without control characters: a step may print what it has read."""
    return "".join(sign if sign.isprintable() or sign == "\t" else " " for sign in line)
