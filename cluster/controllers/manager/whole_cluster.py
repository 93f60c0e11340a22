"""Mode `cluster`: the cluster itself comes with the first message and goes when everything says zero, twice.

A newsroom that produces twice a day pays for no control plane between. The manager runs outside, on a small VM.
"""

from datetime import datetime

from cluster.controllers.manager.demand import Demand, still_empty
from cluster.controllers.manager.shortage import available, short_of
from cluster.controllers.manager.world import CreateCluster, Decision, DeleteCluster, Install, Memory, Rules, Seen

CLUSTER = "cluster"
"""Under this name the memory keeps what could not be had of the cluster itself."""


def before_pools(seen: Seen, memory: Memory, demand: Demand, rules: Rules) -> Decision | None:
    """What there is to do before pools can be looked at; None where the cluster is there and ready."""
    if seen.cluster is None:
        return Decision(memory=memory, why="nobody can say whether the cluster is there, so nothing is changed")
    if seen.cluster in ("coming", "going"):
        return Decision(memory=memory, why=f"the cluster is {seen.cluster}")
    if rules.mode == "pool":
        return None if seen.cluster == "there" else without(seen.cluster, memory)
    if seen.cluster == "absent":
        return asleep(seen, memory, demand, rules)
    if seen.cluster == "broken":
        return broken(memory, seen.now, rules)
    if seen.installed is False:
        return Decision(actions=(Install(),), memory=memory, why="the cluster is there and has nothing in it yet: install")
    return None


def without(state: str, memory: Memory) -> Decision:
    told = f"the cluster is {state}; in mode `pool` a person makes it: cluster/up"
    return Decision(memory=memory, why=told, alert=told)


def asleep(seen: Seen, memory: Memory, demand: Demand, rules: Rules) -> Decision:
    quiet = still_empty(seen, memory)
    blind = memory.blind_since is not None and seen.now - memory.blind_since > 3 * rules.late and not quiet
    if not demand.at_least and not blind:
        unknown = "no message has come since the queue was last seen to be empty" if quiet else "the queue is unknown"
        said = unknown if demand.unknown else "nothing to do"
        return Decision(memory=memory, why=f"no cluster, {said}: none is made")
    if not available(CLUSTER, memory.short, seen.now):
        shortage = memory.short[CLUSTER]
        told = f"no cluster could be made: {shortage.why}; next try {shortage.until:%H:%M}"
        return Decision(memory=memory, why=told, alert=told)
    why = demand.parts if demand.at_least else "nobody can say that the queue is empty"
    alert = f"the queue has been unknown since {memory.blind_since:%H:%M}: a cluster is made to look" if blind else None
    # Asked for once: should it fail, the next try comes after a pause, and that pause is remembered before we ask.
    short = memory.short | {CLUSTER: short_of("it did not come", memory.short.get(CLUSTER), seen.now, rules)}
    asked = memory.model_copy(update={"created": True, "short": short})
    return Decision(actions=(CreateCluster(),), memory=asked, why=f"{why}: the cluster is made", alert=alert)


def broken(memory: Memory, now: datetime, rules: Rules) -> Decision:
    if memory.created:
        why = "the cluster did not come up and has never had a story: it is deleted, to be made again"
        return Decision(actions=(DeleteCluster(),), memory=memory, why=why, alert=why)
    why = "the cluster is broken and may hold stories: a person should look"
    return Decision(memory=memory, why=why, alert=why)


def deletion(seen: Seen, memory: Memory, rules: Rules, idle: str) -> Decision:
    """No story nodes are left. Called only while every source says zero."""
    since = memory.idle_since or seen.now
    if rules.mode == "pool":
        return Decision(memory=memory, why=f"{idle}; story nodes: {rules.warm}")
    if seen.now - since < rules.delete:
        return Decision(memory=memory, why=f"{idle}; the cluster stays until {since + rules.delete:%H:%M:%S}")
    if not seen.finals:
        told = f"{idle}, but " + (
            "not every story has its video in the bucket" if seen.finals is False else "the bucket is unknown"
        )
        return Decision(memory=memory.model_copy(update={"empty_since": None}), why=f"{told}: the cluster stays", alert=told)
    first = memory.empty_since
    if first is None:
        noted = memory.model_copy(update={"empty_since": seen.now})
        return Decision(memory=noted, why=f"{idle} and every video in the bucket; the cluster goes if so after {rules.confirm}")
    if seen.now - first < rules.confirm:
        return Decision(memory=memory, why=f"{idle}; the cluster goes at {first + rules.confirm:%H:%M:%S} if nothing comes")
    gone = memory.model_copy(update={"empty_since": None, "short": {}})
    return Decision(
        actions=(DeleteCluster(),), memory=gone, why=f"{idle}, seen twice, every video in the bucket: the cluster goes"
    )
