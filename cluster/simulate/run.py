"""The policy around the model: every round it looks, decides and acts, as the manager does."""

import bisect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from cluster.controllers.loop import DEBOUNCE_SECONDS
from cluster.controllers.manager.policy import counted_from, decide
from cluster.controllers.manager.shortage import RECENT_ERRORS
from cluster.controllers.manager.types import (
    Action,
    Cordon,
    CreateCluster,
    DeleteCluster,
    DisableAutoscaling,
    Empty,
    EnableAutoscaling,
    Grow,
    Node,
    Observation,
    Pool,
    Reading,
    Rules,
    State,
    Stockout,
    Uncordon,
)
from cluster.durations import speed_of
from cluster.simulate.arrivals import Arrival
from cluster.simulate.model import Kind, Model
from newsreel.config.gke import NodePoolOption
from newsreel.config.model import GkeConfig

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LONGEST = 30 * 86_400.0
"""Seconds after the last arrival after which a story that has not ended counts as stranded."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    waits: list[float]
    """Seconds each story had no node, all of it: also after its node was taken away."""
    finishes: list[float]
    """Seconds from message to video."""
    first_waits: list[tuple[float, float, float, float]]
    """Of each story that was the first on its node: seconds until it was asked for, boot, driver, images. For one alone."""
    seconds: float
    """From the first moment to the last node's end."""
    paid: float
    """Node seconds."""
    worked: float
    lost: float
    nodes_cost: float
    always_on_cost: float
    """Of the cluster, while it is there."""
    lasting_cost: float
    """Of what stays when the cluster goes."""
    most_nodes: int
    preempted: int
    stranded: int
    history: list[tuple[float, int, int]]
    """Seconds, stories without a node, nodes: at each round with something to show."""
    alerts: int

    @property
    def cost_a_video(self) -> float:
        return (self.nodes_cost + self.always_on_cost + self.lasting_cost) / max(1, len(self.waits))

    @property
    def idle_share(self) -> float:
        return 1 - self.worked / self.paid if self.paid else 0.0


def work_seconds(parameters: GkeConfig) -> Callable[[Arrival, NodePoolOption], float]:
    """How long a story occupies a node."""
    pod = parameters.work.pod_seconds
    rates = {}
    for name in {offer.speed for offer in parameters.node_pools}:
        speed = speed_of(parameters, name)
        fixed = sum(speed.seconds(0, pod).values())
        rates[name] = (fixed, sum(speed.seconds(1, pod).values()) - fixed)
    return lambda arrival, offer: rates[offer.speed][0] + rates[offer.speed][1] * arrival.video


def simulate(
    arrivals: Sequence[Arrival],
    parameters: GkeConfig,
    seed: int = 1,
    seconds_of: Callable[[Arrival, NodePoolOption], float] | None = None,
) -> Outcome:
    """Simulate until all stories are made and the nodes bought for them are gone (or only the warm nodes are left)."""
    model = Model(parameters, seed, seconds_of or work_seconds(parameters))
    rounds = Rounds(model, Rules.of(parameters), len(arrivals))
    come(rounds, iter(arrivals))
    model.clock.at(model.random.uniform(0, parameters.policy.round_seconds), rounds.round)
    model.clock.run(rounds.over, (arrivals[-1].at if arrivals else 0.0) + LONGEST)
    return rounds.outcome()


def come(rounds: "Rounds", left: Iterator[Arrival]) -> None:
    """Schedule the arrivals one by one: each schedules the next."""
    arrival = next(left, None)
    if arrival is not None:
        rounds.model.clock.at(arrival.at, partial(arrived, rounds, arrival, left))


def arrived(rounds: "Rounds", arrival: Arrival, left: Iterator[Arrival]) -> None:
    rounds.model.arrive(arrival)
    rounds.hear()
    come(rounds, left)


class Rounds:
    def __init__(self, model: Model, rules: Rules, stories: int) -> None:
        self.model, self.rules, self.stories = model, rules, stories
        self.memory, self.begun = State(), 0
        self.heard = -math.inf
        """When a message last came."""
        self.history: list[tuple[float, int, int]] = []
        self.most_nodes = self.alerts = 0

    def over(self) -> bool:
        model = self.model
        if model.done < self.stories:
            return False
        left = sum(kind.size + len(kind.machines) for kind in model.kinds.values())
        gone = self.rules.mode == "pool" or model.cluster == "absent"
        return left <= 2 * self.rules.warm and gone

    def hear(self) -> None:
        """The first message after a pause wakes the manager at once, as `cluster.controllers.loop` does."""
        work, policy = self.model.parameters.work, self.model.parameters.policy
        first, self.heard = self.model.clock.now - self.heard > policy.round_seconds, self.model.clock.now
        if first:
            self.model.clock.after(work.heard_seconds + DEBOUNCE_SECONDS, self.round)

    def next(self, last: int) -> None:
        """Schedule the next round, unless an earlier one has happened meanwhile."""
        if self.begun == last:
            self.round()

    def round(self) -> None:
        model = self.model
        self.begun += 1
        model.autoscale()
        decision = decide(self.look(), self.memory, self.rules)
        self.memory = decision.state
        self.alerts += decision.alert is not None
        for action in decision.actions:
            self.act(action)
        self.note()
        model.clock.after(model.parameters.policy.round_seconds, partial(self.next, self.begun))

    def note(self) -> None:
        nodes = sum(len(kind.machines) for kind in self.model.kinds.values())
        self.most_nodes = max(self.most_nodes, nodes)
        now = (self.model.clock.now, len(self.model.queue) + len(self.model.messages), nodes)
        if not self.history or now[1:] != self.history[-1][1:]:
            self.history.append(now)

    def look(self) -> Observation:
        model, there = self.model, self.model.cluster == "there"
        now, undelivered = EPOCH + timedelta(seconds=model.clock.now), self.metric()
        return Observation(
            now=now,
            cluster=model.cluster,
            undelivered=undelivered,
            announced=self.announced((counted_from(model.cluster, undelivered, now, self.rules.late) - EPOCH).total_seconds()),
            pending=0 if there else None,
            unfinished=len(model.queue) + model.running if there else None,
            running={"all": model.running} if there else None,
            pools=tuple(pool_of(kind, now) for kind in model.kinds.values()) if there else None,
            finals=True,
        )

    def metric(self) -> Reading:
        """The value that Cloud Monitoring shows now, which is some time old."""
        model = self.model
        age = model.draw(model.parameters.work.metric_seconds)
        at = max(0.0, model.clock.now - age)
        index = bisect.bisect_right(model.counts, (at, 1 << 60)) - 1
        return Reading(model.counts[index][1], EPOCH + timedelta(seconds=at))

    def announced(self, since: float) -> int:
        stories = self.model.stories
        return len(stories) - bisect.bisect_right(stories, since, key=lambda story: story.arrival.at)

    def act(self, action: Action) -> None:
        model = self.model
        if isinstance(action, Grow | EnableAutoscaling | DisableAutoscaling | Empty):
            model.occupy(model.kinds[action.pool])
        match action:
            case Grow(pool, to):
                model.resize(model.kinds[pool], to)
            case EnableAutoscaling(pool, least, most):
                model.kinds[pool].bounds = (least, most)
            case DisableAutoscaling(pool):
                model.kinds[pool].bounds = None
            case Cordon(pool, node):
                model.kinds[pool].machines[node].cordoned = True
            case Uncordon(pool, node):
                model.kinds[pool].machines[node].cordoned = False
                model.dispatch()
            case Empty(pool, to):
                model.shrink(model.kinds[pool], to)
            case CreateCluster():
                model.create()
            case DeleteCluster():
                model.delete()

    def outcome(self) -> Outcome:
        model = self.model
        for kind in model.kinds.values():
            kind.paid += sum(model.clock.now - machine.paid_from for machine in kind.machines.values())
        if model.cluster in ("there", "coming"):
            model.cluster_paid += model.clock.now - model.cluster_from
        ended = [story for story in model.stories if story.finished is not None]
        return Outcome(
            waits=[story.waited for story in ended],
            finishes=[(story.finished or 0.0) - story.arrival.at for story in ended],
            first_waits=[
                (story.on.paid_from - story.arrival.at, *story.on.phases)
                for story in ended
                if story.on and story.on.paid_from >= story.arrival.at
            ],
            seconds=model.clock.now,
            paid=sum(kind.paid for kind in model.kinds.values()),
            worked=sum(kind.worked for kind in model.kinds.values()),
            lost=sum(kind.lost for kind in model.kinds.values()),
            nodes_cost=sum(kind.paid * kind.offer.an_hour / 3600 for kind in model.kinds.values()),
            always_on_cost=model.cluster_paid * model.parameters.always_on_an_hour / 3600,
            lasting_cost=model.clock.now * model.parameters.prices.lasting_an_hour / 3600,
            most_nodes=self.most_nodes,
            preempted=model.preempted,
            stranded=len(model.stories) - len(ended),
            history=self.history,
            alerts=self.alerts,
        )


def pool_of(kind: Kind, now: datetime) -> Pool:
    ready = [Node(name=machine.name, cordoned=machine.cordoned) for machine in kind.machines.values() if machine.ready]
    lack = Stockout(kind.lack[0], EPOCH + timedelta(seconds=kind.lack[1])) if kind.lack else None
    recent = lack if lack and now - lack.at <= RECENT_ERRORS else None
    busy = EPOCH + timedelta(seconds=kind.busy_until) > now
    return Pool(name=kind.offer.pool, size=kind.size, nodes=tuple(ready), bounds=kind.bounds, busy=busy, lack=recent)
