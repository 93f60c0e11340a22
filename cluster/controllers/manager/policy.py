"""What is to be done, as a pure function of what is seen and remembered. It says why in one sentence.

- An unknown is never a zero: with anything unknown, nodes may be added and none is given back.
- Nodes are given back in two rounds: first all are cordoned, then, if nothing runs on any of them, they go. Between two stories a
  node is free for a moment; a cordoned one stays free.
- Idle is what was *seen* to be idle, look after look: a clock that jumps, or a manager that was away, begins the span anew.
"""

from collections.abc import Iterator
from datetime import datetime
from math import ceil

from cluster.controllers.manager.demand import Demand, demand_of, still_empty
from cluster.controllers.manager.shortage import available, since_when_late, still_asked, with_shortages
from cluster.controllers.manager.whole_cluster import CLUSTER, before_pools, deletion
from cluster.controllers.manager.world import (
    Action,
    Asked,
    Close,
    Cordon,
    Decision,
    Empty,
    Grow,
    Memory,
    Open,
    Pool,
    Rules,
    Seen,
    Shortage,
    Uncordon,
)
from newsreel.errors import pluralize


def decide(seen: Seen, memory: Memory, rules: Rules) -> Decision:
    """One round's actions, in order, and what to remember for the next. Each action may be done twice."""
    demand = demand_of(seen, rules)
    remembered = remember(seen, memory, demand, rules)
    first = before_pools(seen, remembered, demand, rules)
    if first:
        return first
    if seen.pools is None:
        return Decision(
            memory=remembered, why="the node pools are unknown, so nothing is changed", alert=blind(remembered, rules)
        )
    if demand.none:
        return when_idle(seen, seen.pools, remembered, rules)
    return when_wanted(seen, seen.pools, remembered, demand, rules)


def nodes_for(stories: int, rules: Rules) -> int:
    """How many nodes so many stories want: no more than let the last of them begin in time, at least the warm ones."""
    return max(rules.warm, ceil(stories / rules.stories_a_node))


def remember(seen: Seen, memory: Memory, demand: Demand, rules: Rules) -> Memory:
    now = seen.now
    away = memory.looked is None or not memory.looked <= now <= memory.looked + rules.away
    idle = (memory.idle_since if not away else None) or now
    pools = seen.pools or ()
    late = since_when_late(pools, memory, now, away)
    asked = {} if demand.none else still_asked(pools, memory, now)
    waiting = demand.counts["undelivered"]
    known = memory.model_copy(update={"late": late, "asked": asked})
    return Memory(
        looked=now,
        idle_since=idle if demand.none else None,
        empty_since=memory.empty_since if demand.none and not away else None,
        blind_since=min(memory.blind_since or now, now) if demand.unknown else None,
        empty_at=memory.empty_at if waiting is None or seen.undelivered is None else None if waiting else seen.undelivered.at,
        created=memory.created and seen.cluster != "there",
        asked=asked,
        short=had(seen, with_shortages(pools, known, now, rules)),
        late=late,
        ledger=memory.ledger,
    )


def had(seen: Seen, short: dict[str, Shortage]) -> dict[str, Shortage]:
    """A cluster that is there is short no more."""
    return {name: shortage for name, shortage in short.items() if name != CLUSTER or seen.cluster != "there"}


def blind(memory: Memory, rules: Rules) -> str | None:
    """Worth a person's look once it has lasted."""
    since = memory.blind_since
    if since is None or memory.looked is None or memory.looked - since <= rules.late:
        return None
    return f"since {since:%H:%M} nobody can say whether there is something to do: nothing is scaled down"


def when_wanted(seen: Seen, pools: tuple[Pool, ...], memory: Memory, demand: Demand, rules: Rules) -> Decision:
    """Grow where nodes can be had; give nothing back."""
    now, wanted = seen.now, nodes_for(demand.at_least, rules)
    targets = allotted(pools, memory.short, wanted, now, rules)
    actions = [action for pool in pools for action in toward(pool, targets, memory.short, now, rules)]
    grown = {action.pool: action.to for action in actions if isinstance(action, Grow)}
    short = {
        name: shortage.model_copy(update={"tried": True}) if name in grown or retried(name, pools, shortage, now) else shortage
        for name, shortage in memory.short.items()
    }
    asked = memory.asked | {name: Asked(to=to, at=now) for name, to in grown.items()}
    there = sum(len(pool.nodes) for pool in pools)
    nothing_at_stake = still_empty(seen, memory) and not any(pool.size or pool.nodes for pool in pools)
    steps = "; ".join(f"{name} to {to}" for name, to in grown.items()) or "no more to be asked for"
    return Decision(
        actions=tuple(actions),
        memory=memory.model_copy(update={"asked": asked, "short": short}),
        why=f"{demand.parts}: {pluralize(wanted, 'node')} wanted, {there} there; {steps}",
        alert=lacking(wanted - sum(targets.values()), short, now) or (None if nothing_at_stake else blind(memory, rules)),
    )


def retried(name: str, pools: tuple[Pool, ...], shortage: Shortage, now: datetime) -> bool:
    """Whether Google is still being asked for nodes of a kind whose pause is over."""
    return now >= shortage.until and any(pool.name == name and pool.size > len(pool.nodes) for pool in pools)


def allotted(pools: tuple[Pool, ...], short: dict[str, Shortage], wanted: int, now: datetime, rules: Rules) -> dict[str, int]:
    """How many nodes of each kind: what is there, and the rest by preference of what can be had."""
    seen = {pool.name: pool for pool in pools}
    offers = [(name, most) for name, most in rules.offers if name in seen]
    open_now = {name: available(name, short, now) for name, _ in offers}
    targets = {name: seen[name].size if open_now[name] else len(seen[name].nodes) for name, _ in offers}
    for name, most in offers:
        more = min(wanted - sum(targets.values()), most - targets[name])
        if open_now[name] and more > 0:
            targets[name] += more
    return targets


def toward(pool: Pool, targets: dict[str, int], short: dict[str, Shortage], now: datetime, rules: Rules) -> Iterator[Action]:
    """At most one operation of a pool in a round; cordons are Kubernetes' and need none."""
    if pool.name not in targets or pool.busy:
        return
    target, least = targets[pool.name], warm_of(pool, rules)
    if pool.size >= len(pool.nodes):
        yield from (Uncordon(pool.name, node.name) for node in pool.nodes if node.cordoned)
    if not target or not available(pool.name, short, now):
        yield from closed(pool)
    elif target > pool.size:
        yield Grow(pool.name, target)
    elif unlike(pool.bounds, (least, target)):
        yield Open(pool.name, least, target)


def unlike(bounds: tuple[int, int] | None, wanted: tuple[int, int]) -> bool:
    """Whether bounds are to be set: raised at once, lowered when they are twice too wide, since each change takes a minute."""
    return bounds is None or bounds[0] != wanted[0] or bounds[1] < wanted[1] or bounds[1] >= 2 * wanted[1]


def warm_of(pool: Pool, rules: Rules) -> int:
    return rules.warm if pool.name == rules.offers[0][0] else 0


def closed(pool: Pool) -> Iterator[Action]:
    if pool.bounds is not None:
        yield Close(pool.name)


def lacking(nodes: int, short: dict[str, Shortage], now: datetime) -> str | None:
    if nodes <= 0:
        return None
    waits = [
        f"{name}: {shortage.why}, next try {shortage.until:%H:%M}" for name, shortage in short.items() if now < shortage.until
    ]
    return f"{pluralize(nodes, 'node')} too few; " + ("; ".join(waits) or "every pool is as large as it may be")


def when_idle(seen: Seen, pools: tuple[Pool, ...], memory: Memory, rules: Rules) -> Decision:
    """Nothing to do, and all of it known: after a while the nodes go, and then, in mode `cluster`, the cluster."""
    since = memory.idle_since or seen.now
    idle = f"nothing to do since {since:%H:%M:%S}"
    if seen.now - since < rules.idle:
        return Decision(memory=memory, why=f"{idle}; nodes stay until {since + rules.idle:%H:%M:%S}")
    actions = [action for pool in pools for action in drained(pool, memory, seen.now, rules)]
    if actions:
        return Decision(actions=tuple(actions), memory=memory, why=f"{idle}: {', '.join(sorted(map(in_words, actions)))}")
    left = sum(max(pool.size, len(pool.nodes)) for pool in pools)
    if left > rules.warm or any(pool.busy for pool in pools):
        return Decision(memory=memory, why=f"{idle}; {pluralize(left, 'node')} still on the way")
    return deletion(seen, memory, rules, idle)


def drained(pool: Pool, memory: Memory, now: datetime, rules: Rules) -> Iterator[Action]:
    """Cordon, then empty. A node that is on its way may come the moment it is not looked for, so it is waited for."""
    least = warm_of(pool, rules)
    wanted = (least, least) if least else None
    free = [node.name for node in pool.nodes if not node.cordoned]
    if pool.busy:
        return
    if pool.size <= least:
        if pool.size >= len(pool.nodes):
            yield from (Uncordon(pool.name, node.name) for node in pool.nodes if node.cordoned)
        if pool.size < least and available(pool.name, memory.short, now):
            yield Grow(pool.name, least)
        elif pool.bounds != wanted:
            yield Open(pool.name, *wanted) if wanted else Close(pool.name)
    elif pool.bounds is not None:
        yield Close(pool.name)
        yield from (Cordon(pool.name, name) for name in free)
    elif free:
        yield from (Cordon(pool.name, name) for name in free)
    elif pool.size <= len(pool.nodes) or now - memory.late.get(pool.name, now) > rules.start:
        yield Empty(pool.name, least)


def in_words(action: Action) -> str:
    match action:
        case Cordon(_, node):
            return f"{node} takes no more stories"
        case Uncordon(_, node):
            return f"{node} takes stories again"
        case Empty(pool, to):
            return f"{pool} goes to {to}"
        case Grow(pool, to):
            return f"{pool} to {to}"
        case Open(pool, least, most):
            return f"{pool} between {least} and {most}"
        case Close(pool):
            return f"{pool} grows no more"
        case _:
            return type(action).__name__
