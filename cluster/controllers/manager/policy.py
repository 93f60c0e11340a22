"""Scaling policy of the manager: a pure function from an observation and the stored state to a decision, with its reason.

- Unknown is not zero: while any count is unknown, nodes may be added and none is removed.
- Nodes are removed in two rounds: first all are cordoned; then, if none of them runs a story, they are removed. Between two
  stories a node is idle for a moment; only a cordoned one stays idle.
- Idle time is observed, round after round: after a clock jump or a pause of the manager the timer restarts.

In mode `cluster` the cluster itself is created for the first message and deleted when every source says zero, twice. A newsroom
that produces twice a day then pays for no control plane in between; the manager runs outside, on a small VM.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from cluster.controllers.manager.shortage import is_available, late_since, next_shortage, pending_requests, update_shortages
from cluster.controllers.manager.types import (
    Action,
    Cordon,
    CreateCluster,
    Decision,
    DeleteCluster,
    DisableAutoscaling,
    Empty,
    EnableAutoscaling,
    Grow,
    Install,
    Observation,
    Pool,
    Reading,
    ResizeRequest,
    Rules,
    Shortage,
    State,
    Uncordon,
)
from newsreel.errors import pluralize

MAX_CLOCK_AHEAD = timedelta(seconds=60)
"""A reading further in the future is not used: Google's clock and ours differ by less."""
PICKUP_TIME = timedelta(seconds=60)
"""A running cluster turns a message into an event or a workflow, and so into another count, within this time."""
CLUSTER_KEY = "cluster"
"""Key of the cluster itself in `State.short`."""


def decide(seen: Observation, state: State, rules: Rules) -> Decision:
    """Actions of one round, in order, and the state to store. Each action is idempotent."""
    demand = demand_of(seen, rules)
    state = next_state(seen, state, demand, rules)
    decision = decide_cluster(seen, state, demand, rules)
    if decision:
        return decision
    if seen.pools is None:
        why = "the node pools are unknown, so nothing is changed"
        return Decision(state=state, why=why, alert=unknown_demand_alert(state, rules))
    if demand.none:
        return scale_down(seen, seen.pools, state, rules)
    return scale_up(seen, seen.pools, state, demand, rules)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Stories to be made. A late or missing count makes it uncertain, never smaller."""

    at_least: int
    """Stories that certainly have to be made."""
    unknown: tuple[str, ...]
    """Sources without a count: there may be more stories."""
    counts: Mapping[str, int | None]
    """By source; None for unknown."""
    summary: str
    """`2 undelivered, running unknown`"""

    @property
    def none(self) -> bool:
        return self.at_least == 0 and not self.unknown


def demand_of(seen: Observation, rules: Rules) -> Demand:
    """Without a cluster there are neither events nor workflows: only messages count."""
    counts = {"announced": seen.announced, "undelivered": fresh_count(seen.undelivered, seen.now, rules.late)}
    if seen.cluster != "absent":
        running = None if seen.running is None else sum(seen.running.values())
        unfinished = None if seen.unfinished is None else max(seen.unfinished, running or 0)
        counts |= {"pending": seen.pending, "unfinished": unfinished, "running": running}
    known = {name: count for name, count in counts.items() if count}
    unknown = tuple(name for name, count in counts.items() if count is None)
    # A running story is also unfinished, and a message may have become either since the metric's point, which is minutes old:
    # the demand is the largest of these counts, not their sum.
    started = known.get("pending", 0) + (known.get("unfinished", 0) or known.get("running", 0))
    certain = max(seen.announced, known.get("undelivered", 0), started)
    summary = [*(f"{count} {name}" for name, count in known.items()), *(f"{name} unknown" for name in unknown)]
    return Demand(at_least=certain, unknown=unknown, counts=counts, summary=", ".join(summary))


def counted_from(cluster: str | None, undelivered: Reading | None, now: datetime, late: timedelta) -> datetime:
    """Messages published after this time may be in no other count yet: a cluster pulls a message within seconds, and the newest
    point of the metric is minutes old."""
    if cluster == "there":
        return now - PICKUP_TIME
    return now - late if undelivered is None or fresh_count(undelivered, now, late) is None else undelivered.at - MAX_CLOCK_AHEAD


def fresh_count(reading: Reading | None, now: datetime, late: timedelta) -> int | None:
    return reading.count if reading and -MAX_CLOCK_AHEAD <= now - reading.at <= late else None


def queue_stays_empty(seen: Observation, state: State) -> bool:
    """Whether no message has arrived since the last point of the metric, which was zero.

    The metric of an unused subscription has no points after a while. This is enough not to alert a person, but not enough to
    remove nodes.
    """
    quiet, empty = seen.quiet_since, state.empty_at
    return quiet is not None and empty is not None and quiet + MAX_CLOCK_AHEAD <= empty


def next_state(seen: Observation, state: State, demand: Demand, rules: Rules) -> State:
    """The stored state, updated with this observation."""
    now = seen.now
    away = state.looked is None or not state.looked <= now <= state.looked + rules.away
    idle = (state.idle_since if not away else None) or now
    pools = seen.pools or ()
    late = late_since(pools, state, now, away)
    asked = {} if demand.none else pending_requests(pools, state, now)
    waiting = demand.counts["undelivered"]
    known = state.model_copy(update={"late": late, "asked": asked})
    short = update_shortages(pools, known, now, rules)
    return State(
        looked=now,
        idle_since=idle if demand.none else None,
        empty_since=state.empty_since if demand.none and not away else None,
        blind_since=min(state.blind_since or now, now) if demand.unknown else None,
        empty_at=state.empty_at if waiting is None or seen.undelivered is None else None if waiting else seen.undelivered.at,
        created=state.created and seen.cluster != "there",
        asked=asked,
        short={name: shortage for name, shortage in short.items() if name != CLUSTER_KEY or seen.cluster != "there"},
        late=late,
        ledger=state.ledger,
    )


def unknown_demand_alert(state: State, rules: Rules) -> str | None:
    """None until the demand has been unknown for a while."""
    since = state.blind_since
    if since is None or state.looked is None or state.looked - since <= rules.late:
        return None
    return f"the demand has been unknown since {since:%H:%M}: no node is removed"


def decide_cluster(seen: Observation, state: State, demand: Demand, rules: Rules) -> Decision | None:
    """The decision before node pools matter; None when the cluster is ready."""
    if seen.cluster is None:
        return Decision(state=state, why="the state of the cluster is unknown, so nothing is changed")
    if seen.cluster in ("coming", "going"):
        return Decision(state=state, why=f"the cluster is {CLUSTER_STATES[seen.cluster]}")
    if rules.mode == "pool":
        return None if seen.cluster == "there" else cluster_missing(seen.cluster, state)
    if seen.cluster == "absent":
        return cluster_absent(seen, state, demand, rules)
    if seen.cluster == "broken":
        return cluster_broken(state, seen.now, rules)
    if seen.installed is False:
        return Decision(actions=(Install(),), state=state, why="the cluster is running and has no WorkflowTemplate yet: install")
    return None


CLUSTER_STATES = {"coming": "being created", "going": "being deleted"}


def cluster_missing(cluster: str, state: State) -> Decision:
    why = f"the cluster is {cluster}; in mode `pool` a person creates it: cluster/up"
    return Decision(state=state, why=why, alert=why)


def cluster_absent(seen: Observation, state: State, demand: Demand, rules: Rules) -> Decision:
    quiet = queue_stays_empty(seen, state)
    blind = state.blind_since is not None and seen.now - state.blind_since > 3 * rules.late and not quiet
    if not demand.at_least and not blind:
        unknown = "no message has arrived since the queue was last empty" if quiet else "the queue is unknown"
        return Decision(state=state, why=f"no cluster, {unknown if demand.unknown else 'nothing to do'}: none is created")
    if not is_available(CLUSTER_KEY, state.short, seen.now):
        shortage = state.short[CLUSTER_KEY]
        why = f"no cluster could be created: {shortage.why}; next try {shortage.until:%H:%M}"
        return Decision(state=state, why=why, alert=why)
    why = demand.summary if demand.at_least else "the queue may not be empty"
    alert = f"the queue has been unknown since {state.blind_since:%H:%M}: a cluster is created to look" if blind else None
    # Requested once: if it fails, the next try comes after a backoff, which is stored before the request is made.
    short = state.short | {CLUSTER_KEY: next_shortage("it did not come up", state.short.get(CLUSTER_KEY), seen.now, rules)}
    asked = state.model_copy(update={"created": True, "short": short})
    return Decision(actions=(CreateCluster(),), state=asked, why=f"{why}: the cluster is created", alert=alert)


def cluster_broken(state: State, now: datetime, rules: Rules) -> Decision:
    if state.created:
        why = "the cluster did not come up and has never had a story: it is deleted, to be created again"
        return Decision(actions=(DeleteCluster(),), state=state, why=why, alert=why)
    why = "the cluster is in state ERROR and may hold stories: a person should look"
    return Decision(state=state, why=why, alert=why)


def scale_up(seen: Observation, pools: tuple[Pool, ...], state: State, demand: Demand, rules: Rules) -> Decision:
    """Grow pools that can grow; remove nothing."""
    now, wanted = seen.now, nodes_for(demand.at_least, rules)
    targets = allocate(pools, state.short, wanted, now, rules)
    actions = [action for pool in pools for action in actions_toward(pool, targets, state.short, now, rules)]
    grown = {action.pool: action.to for action in actions if isinstance(action, Grow)}
    short = {
        name: shortage.model_copy(update={"tried": True}) if name in grown or is_retried(name, pools, shortage, now) else shortage
        for name, shortage in state.short.items()
    }
    asked = state.asked | {name: ResizeRequest(to=to, at=now) for name, to in grown.items()}
    ready = sum(len(pool.nodes) for pool in pools)
    nothing_at_stake = queue_stays_empty(seen, state) and not any(pool.size or pool.nodes for pool in pools)
    steps = "; ".join(f"{name} to {to}" for name, to in grown.items()) or "no resize"
    return Decision(
        actions=tuple(actions),
        state=state.model_copy(update={"asked": asked, "short": short}),
        why=f"{demand.summary}: {pluralize(wanted, 'node')} wanted, {ready} ready; {steps}",
        alert=shortage_alert(wanted - sum(targets.values()), short, now)
        or (None if nothing_at_stake else unknown_demand_alert(state, rules)),
    )


def nodes_for(stories: int, rules: Rules) -> int:
    """Nodes for this number of stories: enough that the last one begins in time, and at least the warm ones."""
    return max(rules.warm, ceil(stories / rules.stories_a_node))


def is_retried(name: str, pools: tuple[Pool, ...], shortage: Shortage, now: datetime) -> bool:
    """Whether the backoff of a pool is over and its nodes are still requested."""
    return now >= shortage.until and any(pool.name == name and pool.size > len(pool.nodes) for pool in pools)


def allocate(pools: tuple[Pool, ...], short: dict[str, Shortage], wanted: int, now: datetime, rules: Rules) -> dict[str, int]:
    """Target size of each pool: its present size, and the missing nodes by preference among the available pools."""
    seen = {pool.name: pool for pool in pools}
    offers = [(name, most) for name, most in rules.offers if name in seen]
    available = {name: is_available(name, short, now) for name, _ in offers}
    targets = {name: seen[name].size if available[name] else len(seen[name].nodes) for name, _ in offers}
    for name, most in offers:
        more = min(wanted - sum(targets.values()), most - targets[name])
        if available[name] and more > 0:
            targets[name] += more
    return targets


def actions_toward(
    pool: Pool, targets: dict[str, int], short: dict[str, Shortage], now: datetime, rules: Rules
) -> Iterator[Action]:
    """At most one GKE operation of a pool a round. Cordons are Kubernetes calls and do not count."""
    if pool.name not in targets or pool.busy:
        return
    target, least = targets[pool.name], warm_nodes(pool, rules)
    if pool.size >= len(pool.nodes):
        yield from (Uncordon(pool.name, node.name) for node in pool.nodes if node.cordoned)
    if not target or not is_available(pool.name, short, now):
        if pool.bounds is not None:
            yield DisableAutoscaling(pool.name)
    elif target > pool.size:
        yield Grow(pool.name, target)
    elif bounds_differ(pool.bounds, (least, target)):
        yield EnableAutoscaling(pool.name, least, target)


def bounds_differ(bounds: tuple[int, int] | None, wanted: tuple[int, int]) -> bool:
    """Whether to set bounds: raise them at once, lower them only when twice too wide, since each change takes a minute."""
    return bounds is None or bounds[0] != wanted[0] or bounds[1] < wanted[1] or bounds[1] >= 2 * wanted[1]


def warm_nodes(pool: Pool, rules: Rules) -> int:
    """Warm nodes are those of the most preferred pool."""
    return rules.warm if pool.name == rules.offers[0][0] else 0


def shortage_alert(nodes: int, short: dict[str, Shortage], now: datetime) -> str | None:
    if nodes <= 0:
        return None
    waits = [
        f"{name}: {shortage.why}, next try {shortage.until:%H:%M}" for name, shortage in short.items() if now < shortage.until
    ]
    return f"{pluralize(nodes, 'node')} too few; " + ("; ".join(waits) or "every pool is at its maximum")


def scale_down(seen: Observation, pools: tuple[Pool, ...], state: State, rules: Rules) -> Decision:
    """No demand, and every count is known: after the idle time remove the nodes, then, in mode `cluster`, the cluster."""
    since = state.idle_since or seen.now
    idle = f"idle since {since:%H:%M:%S}"
    if seen.now - since < rules.idle:
        return Decision(state=state, why=f"{idle}; nodes stay until {since + rules.idle:%H:%M:%S}")
    actions = [action for pool in pools for action in drain(pool, state, seen.now, rules)]
    if actions:
        return Decision(actions=tuple(actions), state=state, why=f"{idle}: {', '.join(sorted(map(describe, actions)))}")
    left = sum(max(pool.size, len(pool.nodes)) for pool in pools)
    if left > rules.warm or any(pool.busy for pool in pools):
        return Decision(state=state, why=f"{idle}; {pluralize(left, 'node')} still starting or stopping")
    return delete_when_idle(seen, state, rules, idle)


def drain(pool: Pool, state: State, now: datetime, rules: Rules) -> Iterator[Action]:
    """Cordon, then empty. While a requested node has not joined, wait: it would join unobserved and uncordoned."""
    least = warm_nodes(pool, rules)
    wanted = (least, least) if least else None
    uncordoned = [node.name for node in pool.nodes if not node.cordoned]
    if pool.busy:
        return
    if pool.size <= least:
        if pool.size >= len(pool.nodes):
            yield from (Uncordon(pool.name, node.name) for node in pool.nodes if node.cordoned)
        if pool.size < least and is_available(pool.name, state.short, now):
            yield Grow(pool.name, least)
        elif pool.bounds != wanted:
            yield EnableAutoscaling(pool.name, *wanted) if wanted else DisableAutoscaling(pool.name)
    elif pool.bounds is not None:
        yield DisableAutoscaling(pool.name)
        yield from (Cordon(pool.name, name) for name in uncordoned)
    elif uncordoned:
        yield from (Cordon(pool.name, name) for name in uncordoned)
    elif pool.size <= len(pool.nodes) or now - state.late.get(pool.name, now) > rules.start:
        yield Empty(pool.name, least)


def delete_when_idle(seen: Observation, state: State, rules: Rules, idle: str) -> Decision:
    """In mode `cluster`, delete the cluster. Precondition: no story nodes are left and every source says zero."""
    since = state.idle_since or seen.now
    if rules.mode == "pool":
        return Decision(state=state, why=f"{idle}; story nodes: {rules.warm}")
    if seen.now - since < rules.delete:
        return Decision(state=state, why=f"{idle}; the cluster stays until {since + rules.delete:%H:%M:%S}")
    if not seen.finals:
        reason = "not every story has its video in the bucket" if seen.finals is False else "the bucket is unknown"
        why = f"{idle}, but {reason}: the cluster stays"
        return Decision(state=state.model_copy(update={"empty_since": None}), why=why, alert=why)
    first = state.empty_since
    if first is None:
        noted = state.model_copy(update={"empty_since": seen.now})
        return Decision(state=noted, why=f"{idle}, every video is in the bucket; deletion after {rules.confirm} if confirmed")
    if seen.now - first < rules.confirm:
        return Decision(state=state, why=f"{idle}; the cluster is deleted at {first + rules.confirm:%H:%M:%S} if nothing arrives")
    deleted = state.model_copy(update={"empty_since": None, "short": {}})
    why = f"{idle}, confirmed, every video is in the bucket: the cluster is deleted"
    return Decision(actions=(DeleteCluster(),), state=deleted, why=why)


def describe(action: Action) -> str:
    match action:
        case Cordon(_, node):
            return f"{node} is cordoned"
        case Uncordon(_, node):
            return f"{node} is uncordoned"
        case Empty(pool, to) | Grow(pool, to):
            return f"{pool} to {to}"
        case EnableAutoscaling(pool, least, most):
            return f"{pool} between {least} and {most}"
        case DisableAutoscaling(pool):
            return f"autoscaling of {pool} off"
        case _:
            return type(action).__name__
