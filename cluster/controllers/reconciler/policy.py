"""What is to be done, as a pure function of what is seen: the same world gives the same actions, and each may be done twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cluster.controllers.reconciler.world import Action, Collect, Run, Succeed, Terminate, Touch, World

SILENCE = timedelta(seconds=30)
"""How long nothing is heard of a node before its story is begun elsewhere: it speaks every 10 s. Kubernetes itself waits 40 s or
more before it calls a node NotReady. One that comes back after all finds its story's successor under way: no harm, `publish` lets
one of the two win."""
MOST_RUNS = 4
"""A story that loses this many nodes is looked at by a person."""
BETWEEN_TOUCHES = timedelta(seconds=60)
OVERDUE = timedelta(seconds=180)
"""How long after its deadline a run is left to Argo, once it has been made to look."""


def decide(world: World, now: datetime) -> list[Action]:
    """All actions of a round, in the order in which they are to be done."""
    return [*(action for run in world.runs for action in for_run(run, world, now)), *for_stranded(world, now)]


def for_run(run: Run, world: World, now: datetime) -> Iterator[Action]:
    lost = why_lost(run, world, now)
    if lost and run.ending:
        # Until the scheduler knows that the node is lost, the dead anchor keeps the next story's away from it.
        if shunned(run, world):
            yield Collect(run, lost)
    elif lost and run.number >= MOST_RUNS:
        yield Terminate(run, f"{lost}; it was its node number {run.number}: a person should look")
    elif lost:
        # In this order: a terminated run whose node is dead stays Running, and the successor must not wait for that.
        yield Succeed(run, successor_name(run), lost)
        yield Terminate(run, lost)
    elif run.seconds is not None and now > run.began + timedelta(seconds=run.seconds):
        yield from for_overdue(run, run.began + timedelta(seconds=run.seconds), now)


def for_stranded(world: World, now: datetime) -> Iterator[Action]:
    for name in world.stranded:
        if world.run(name) is None:
            yield Collect(Run(name=name, began=now), "it is over, and has pods on a node that is lost")


def why_lost(run: Run, world: World, now: datetime) -> str | None:
    """Why the run's node is not to be waited for; None while it is, or while the run has none."""
    if run.node is None:
        return None
    node = world.node(run.node)
    if node is None:
        return f"node {run.node} is gone"
    return f"nothing was heard of node {run.node} since {node.heard:%H:%M:%S}" if now - node.heard > SILENCE else None


def shunned(run: Run, world: World) -> bool:
    node = world.node(run.node) if run.node else None
    return node is None or node.shunned


def for_overdue(run: Run, due: datetime, now: datetime) -> Iterator[Action]:
    late = f"its deadline was at {due:%H:%M:%S}"
    if now > due + OVERDUE and not run.ending:
        yield Terminate(run, late)
    elif run.touched is None or now - run.touched >= BETWEEN_TOUCHES:
        yield Touch(run, late)


def successor_name(run: Run) -> str:
    """`budget-r1` is followed by `budget-r1-t2`, `budget-r1-t3`: whoever submits it meets the one that is there."""
    return f"{run.origin or run.name}-t{run.number + 1}"
