"""Policy of the reconciler: a pure function from an observation to actions, each of them idempotent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cluster.controllers.reconciler.types import Action, Collect, Observation, Run, Succeed, Terminate, Touch

NODE_TIMEOUT = timedelta(seconds=30)
"""Age of a node's last heartbeat after which its story is submitted again. Kubelets renew their Lease every 10 s; Kubernetes
itself waits 40 s or more before it marks a node NotReady. If the node comes back after all, both runs continue and `publish` lets
one of them win."""
MAX_RUNS = 4
"""A story that loses this many nodes needs a person."""
TOUCH_INTERVAL = timedelta(seconds=60)
OVERDUE = timedelta(seconds=180)
"""Time after its deadline that Argo has to end a run, once it has been touched."""


def decide(seen: Observation, now: datetime) -> list[Action]:
    """All actions of a round, in order."""
    return [*(action for run in seen.runs for action in for_run(run, seen, now)), *for_stranded_pods(seen, now)]


def for_run(run: Run, seen: Observation, now: datetime) -> Iterator[Action]:
    lost = loss_reason(run, seen, now)
    if lost and run.shutting_down:
        # Until the scheduler knows that the node is lost, the dead anchor keeps the next story's anchor away from it.
        if is_tainted(run, seen):
            yield Collect(run, lost)
    elif lost and run.number >= MAX_RUNS:
        yield Terminate(run, f"{lost}; it was its node number {run.number}: a person should look")
    elif lost:
        # In this order: a terminated run on a dead node stays Running, and the successor must not wait for that.
        yield Succeed(run, successor_name(run), lost)
        yield Terminate(run, lost)
    elif run.deadline_seconds is not None:
        yield from for_overdue(run, run.began + timedelta(seconds=run.deadline_seconds), now)


def for_overdue(run: Run, due: datetime, now: datetime) -> Iterator[Action]:
    late = f"its deadline was at {due:%H:%M:%S}"
    if now <= due:
        return
    if now > due + OVERDUE and not run.shutting_down:
        yield Terminate(run, late)
    elif run.touched is None or now - run.touched >= TOUCH_INTERVAL:
        yield Touch(run, late)


def for_stranded_pods(seen: Observation, now: datetime) -> Iterator[Action]:
    for name in seen.stranded:
        if seen.run(name) is None:
            yield Collect(Run(name=name, began=now), "it has completed and still has pods on a lost node")


def loss_reason(run: Run, seen: Observation, now: datetime) -> str | None:
    """Why the run's node is taken for lost; None if it is not, or if the run has none."""
    if run.node is None:
        return None
    node = seen.node(run.node)
    if node is None:
        return f"node {run.node} is gone"
    silent = now - node.last_heartbeat > NODE_TIMEOUT
    return f"no heartbeat of node {run.node} since {node.last_heartbeat:%H:%M:%S}" if silent else None


def is_tainted(run: Run, seen: Observation) -> bool:
    node = seen.node(run.node) if run.node else None
    return node is None or node.tainted


def successor_name(run: Run) -> str:
    """`budget-r1` is followed by `budget-r1-t2`, `budget-r1-t3`: a second submission of one finds the name taken."""
    return f"{run.origin or run.name}-t{run.number + 1}"
