"""`newsreel logs`: what the steps of a story have written, in the order in which they began."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from newsreel.argo.client import Cluster
from newsreel.argo.runs import run_of
from newsreel.errors import BadInput

SECONDS_BETWEEN_LOOKS = 2.0
SYSTEM = "newsreel/system"
UNTOLD = ("anchor",)
"""Lasts as long as the story, and says nothing of it: shown when asked for."""


def logs(cluster: Cluster, name: str, step: str | None, *, follow: bool) -> Iterator[str]:
    """Lines, each with its step before it where that is not said. With `follow` until the story is over; of steps side by side
    the one that began first is told first.

    Raises BadInput where there is no such story or step, or where its pods are removed.
    """
    told: set[str] = set()
    while True:
        workflow = cluster.find_workflow(name)
        if workflow is None:
            raise BadInput(f"{name}: there is no such story in namespace {cluster.namespace}; `newsreel status` lists them")
        over = run_of(workflow).over
        for pod in cluster.list_pods(name):
            system = system_of(pod)
            if pod.metadata.name in told or not wanted(system, step) or not begun(pod):
                continue
            told.add(pod.metadata.name)
            for line in read(filter(said_by_step, cluster.read_log(pod.metadata.name, follow=follow))):
                yield printable(line) if step or line.startswith(f"{system}: ") else f"{system}: {printable(line)}"
        if over or not follow:
            break
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if not told:
        raise BadInput(nothing(name, step, over))


def wanted(system: str, step: str | None) -> bool:
    return system == step if step else system not in UNTOLD


def system_of(pod: Any) -> str:
    return str((pod.metadata.labels or {}).get(SYSTEM, pod.metadata.name))


def begun(pod: Any) -> bool:
    """Whether the step's own container has run: before, there is no log to ask for."""
    containers = pod.status.container_statuses or []
    return any(one.name == "main" and (one.state.running or one.state.terminated) for one in containers)


def nothing(name: str, step: str | None, over: bool) -> str:
    what = f"step {step}" if step else "steps"
    if over:
        return f"{name}: the pods of its {what} are removed, and their logs with them; see what the Argo UI has kept"
    return f"{name}: {what} has not begun; `newsreel status {name}` tells what has, --follow waits"


def said_by_step(line: str) -> bool:
    """Argo's executor writes into the same log, in logfmt, and marks what is its own (argo-workflows, `argoexec emissary`)."""
    return not (line.startswith("time=") and " argo=true" in line)


def read(lines: Iterable[str]) -> Iterator[str]:
    """What a person reads of a log: of each entry the step, its message and, before both, a traceback (`newsreel.runtime.log`,
    which says
    the same to a terminal). Lines that are no entries are left as they are."""
    for line in lines:
        entry = entry_of(line)
        if entry is None:
            yield line
        else:
            yield from entry.get("stack_trace", "").splitlines()
            yield from f"{entry['step']}: {entry['message']}".splitlines()


def entry_of(line: str) -> dict[str, str] | None:
    """What is text of an entry; None for what is none."""
    if not line.startswith("{"):
        return None
    try:
        told = {name: value for name, value in json.loads(line).items() if isinstance(value, str)}
    except (ValueError, RecursionError):
        return None
    return told if told.keys() >= {"severity", "step", "message"} else None


def printable(line: str) -> str:
    """A step may write what it has read: nothing of it moves a terminal's cursor."""
    return "".join(sign if sign.isprintable() or sign == "\t" else " " for sign in line)
