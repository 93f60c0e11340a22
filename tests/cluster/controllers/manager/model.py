"""A small model of a cluster for the policy: nodes start and stop as requested, stories run, sources fail."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cluster.controllers.manager.policy import decide
from cluster.controllers.manager.types import (
    Cordon,
    CreateCluster,
    DeleteCluster,
    DisableAutoscaling,
    Empty,
    EnableAutoscaling,
    Grow,
    Install,
    Node,
    Observation,
    Pool,
    Reading,
    Rules,
    State,
    Stockout,
    Uncordon,
)

START = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(
    mode="pool",
    offers=(("first", 4), ("second", 3)),
    stories_a_node=2,
    warm=0,
    idle=5 * MINUTE,
    delete=20 * MINUTE,
    confirm=5 * MINUTE,
    late=10 * MINUTE,
    away=5 * MINUTE,
    start=10 * MINUTE,
    backoff=2 * MINUTE,
    backoff_most=60 * MINUTE,
)


@dataclass
class Machines:
    """One pool."""

    size: int = 0
    nodes: dict[str, int] = field(default_factory=dict)
    """Stories under way, by node."""
    cordoned: set[str] = field(default_factory=set)
    bounds: tuple[int, int] | None = None
    in_stock: bool = True
    lack: Stockout | None = None
    made: int = 0


class Harm(AssertionError):
    """Something that must never be done."""


@dataclass
class Model:
    rules: Rules = RULES
    now: datetime = START
    cluster: str = "there"
    installed: bool = True
    queue: int = 0
    """Stories that have no node yet."""
    messages: int = 0
    """Stories that no cluster has taken yet."""
    announced: int = 0
    """What the manager's own subscription says: as many, fewer, or more than there are."""
    quiet_since: datetime | None = None
    slips: int = 0
    """Stories that come between the next look and what is done after it: workflows, where a cluster takes them."""
    finals: bool = True
    silent: set[str] = field(default_factory=set)
    """Sources that say nothing."""
    memory: State = field(default_factory=State)
    pools: dict[str, Machines] = field(default_factory=lambda: {"first": Machines(), "second": Machines()})
    decisions: list = field(default_factory=list)

    @property
    def running(self):
        return sum(sum(pool.nodes.values()) for pool in self.pools.values())

    @property
    def nodes(self):
        return sum(max(len(pool.nodes), pool.size) for pool in self.pools.values())

    def seen(self):
        there = self.cluster == "there"
        values = {
            "cluster": self.cluster,
            "installed": self.installed,
            "undelivered": Reading(self.messages, self.now),
            "announced": self.announced,
            "quiet_since": self.quiet_since,
            "pending": 0 if there else None,
            "unfinished": self.queue + self.running if there else None,
            "running": {n: s for pool in self.pools.values() for n, s in pool.nodes.items()} if there else None,
            "pools": tuple(self.pool(name, machines) for name, machines in self.pools.items()) if there else None,
            "finals": self.finals,
        }
        return Observation(now=self.now, **{name: value for name, value in values.items() if name not in self.silent})

    def pool(self, name, machines):
        self.try_again(machines)
        lack = machines.lack
        return Pool(
            name=name,
            size=machines.size,
            bounds=machines.bounds,
            nodes=tuple(Node(name=node, cordoned=node in machines.cordoned) for node in machines.nodes),
            lack=lack if lack and abs(self.now - lack.at) <= 10 * MINUTE else None,
        )

    def try_again(self, machines):
        """As Compute Engine does while nodes are asked for, and says so when there are none."""
        if not machines.in_stock and machines.size > len(machines.nodes):
            machines.lack = Stockout("GCE_STOCKOUT", self.now)

    def round(self, later=MINUTE):
        self.now += later
        decision = decide(self.seen(), State.model_validate_json(self.memory.model_dump_json()), self.rules)
        self.memory = decision.state
        self.decisions.append(decision)
        # What is about the whole cluster is looked at once more by who does it; see `cluster.controllers.manager.act`.
        if DeleteCluster() not in decision.actions:
            self.stories_slip_in()
        for action in decision.actions:
            self.act(action)
        return decision

    def stories_slip_in(self):
        if self.cluster == "there" and self.installed:
            self.queue += self.slips
        else:
            self.messages += self.slips
        self.slips = 0
        self.schedule()

    def act(self, action):
        match action:
            case Grow(pool, to):
                assert to <= dict(self.rules.offers)[pool]
                self.pools[pool].size = max(self.pools[pool].size, to)
                self.try_again(self.pools[pool])
            case EnableAutoscaling(pool, least, most):
                assert most >= self.pools[pool].size, "the autoscaler may not be told to shrink"
                self.pools[pool].bounds = (least, most)
            case DisableAutoscaling(pool):
                self.pools[pool].bounds = None
            case Cordon(pool, node):
                self.pools[pool].cordoned.add(node)
            case Uncordon(pool, node):
                self.pools[pool].cordoned.discard(node)
            case Empty(pool, to):
                self.empty(self.pools[pool], to)
            case CreateCluster():
                assert self.cluster == "absent"
                self.cluster, self.installed = "coming", False
            case Install():
                self.installed = True
            case DeleteCluster():
                self.delete()

    def empty(self, machines, to):
        if any(machines.nodes.values()):
            raise Harm("a node with a running story was given back")
        for name in list(machines.nodes)[: max(0, len(machines.nodes) - to)]:
            del machines.nodes[name]
            machines.cordoned.discard(name)
        machines.size = to

    def delete(self):
        if self.cluster == "there" and (self.silent or self.queue or self.messages or self.running or not self.finals):
            raise Harm(f"the cluster was deleted, with {self.silent or 'something'} unknown or to be done")
        self.cluster = "absent"
        self.pools = {"first": Machines(), "second": Machines()}

    def world_goes_on(self, finish=0):
        """Nodes join where there is stock, messages are taken, stories take free nodes, some end."""
        if self.cluster == "coming":
            self.cluster = "there"
        if self.cluster != "there":
            return
        for name, machines in self.pools.items():
            if machines.in_stock:
                while len(machines.nodes) < machines.size:
                    machines.made += 1
                    machines.nodes[f"{name}-{machines.made}"] = 0
            elif machines.bounds:
                machines.size = len(machines.nodes)  # the autoscaler takes back what cannot be had
            for node, story in machines.nodes.items():
                if story and finish:
                    machines.nodes[node], finish = 0, finish - 1
        if self.installed:
            self.queue, self.messages = self.queue + self.messages, 0
        self.schedule()

    def schedule(self):
        if self.cluster != "there":
            return
        for machines in self.pools.values():
            for node, story in machines.nodes.items():
                if self.queue and not story and node not in machines.cordoned:
                    machines.nodes[node], self.queue = 1, self.queue - 1


def asked(decision):
    return [action for action in decision.actions if isinstance(action, Grow)]


def kinds(decision):
    return {type(action) for action in decision.actions}


def with_nodes(count=2, **known):
    model = Model(**known)
    model.pools["first"] = Machines(size=count, nodes={f"first-{n}": 0 for n in range(count)}, bounds=(0, 4))
    return model
