"""The simulated cluster: an event queue, the inventory of nodes and stories, and the cluster's behaviour over time.

Nodes take minutes to start, are preempted or out of stock; stories wait for one. Not simpy: a generator per story makes a
simulated
day several times as long, and a plan simulates a hundred days.
"""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Literal

from cluster.simulate.arrivals import Arrival
from newsreel.config.gke import NodePoolOption
from newsreel.config.model import GkeConfig
from newsreel.config.values import Range


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the beginning."""
        self.coming: list[tuple[float, int, Callable[[], None]]] = []
        self.count = 0

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.now + seconds, do)

    def at(self, when: float, do: Callable[[], None]) -> None:
        """Schedule an event; events of the same moment happen in the order in which they were scheduled."""
        self.count += 1
        heapq.heappush(self.coming, (when, self.count, do))

    def run(self, over: Callable[[], bool], most: float) -> None:
        """Process events until none is left or `most` seconds have passed."""
        while self.coming and not over():
            when, _, do = heapq.heappop(self.coming)
            if when > most:
                return
            self.now = when
            do()


@dataclass(eq=False)
class Story:
    arrival: Arrival
    since: float
    """When it began to wait; again, when its node was taken away."""
    waited: float = 0.0
    finished: float | None = None
    on: "Machine | None" = None


@dataclass(eq=False)
class Machine:
    name: str
    kind: "Kind"
    paid_from: float
    phases: tuple[float, float, float]
    """Seconds: boot, driver, images."""
    ready: bool = False
    cordoned: bool = False
    gone: bool = False
    story: Story | None = None
    free_since: float = 0.0


@dataclass(eq=False)
class Kind:
    """A node pool."""

    offer: NodePoolOption
    in_stock: bool = True
    busy_until: float = 0.0
    """GKE does one thing at a time with a pool."""
    size: int = 0
    bounds: tuple[int, int] | None = None
    machines: dict[str, Machine] = field(default_factory=dict)
    """Those that are paid for."""
    paid: float = 0.0
    """Node seconds."""
    worked: float = 0.0
    """Node seconds of stories that came to their end there."""
    lost: float = 0.0
    """Node seconds of stories whose node was taken away."""
    lack: tuple[str, float] | None = None
    """Why the last machine that was asked for was not to be had, and when."""


GOING = 180.0
"""Seconds a cluster takes to go. Assumed."""


class Model:
    """The cluster's behaviour; decisions are the policy's."""

    def __init__(self, parameters: GkeConfig, seed: int, seconds_of: Callable[[Arrival, NodePoolOption], float]) -> None:
        self.parameters, self.seconds_of = parameters, seconds_of
        self.random, self.clock = Random(seed), Clock()  # noqa: S311
        self.kinds = {offer.pool: Kind(offer) for offer in parameters.node_pools}
        self.cluster: Literal["absent", "coming", "there", "going"] = "there"
        self.cluster_from, self.cluster_paid = 0.0, 0.0
        self.queue: deque[Story] = deque()
        self.messages: list[Story] = []
        self.counts: list[tuple[float, int]] = [(0.0, 0)]
        """How many messages there were, since when: what Cloud Monitoring will say, later."""
        self.stories: list[Story] = []
        self.running = self.done = self.made = self.preempted = 0
        if parameters.cluster.mode == "cluster":
            self.cluster = "absent"
        for kind in self.kinds.values():
            self.market(kind)

    # Stories

    def arrive(self, arrival: Arrival) -> None:
        story = Story(arrival, arrival.at)
        self.stories.append(story)
        self.messages.append(story)
        self.count_messages()
        if self.cluster == "there":
            self.clock.after(self.parameters.work.taken_seconds, self.take)

    def count_messages(self) -> None:
        self.counts.append((self.clock.now, len(self.messages)))

    def take(self) -> None:
        """Turn messages into workflows."""
        if self.cluster == "there" and self.messages:
            self.queue += self.messages
            self.messages.clear()
            self.count_messages()
            self.dispatch()

    def dispatch(self) -> None:
        for kind in self.kinds.values():
            if not self.queue:
                return
            for machine in kind.machines.values():
                if machine.ready and machine.story is None and not machine.cordoned:
                    self.begin(self.queue.popleft(), machine)
                    if not self.queue:
                        return

    def begin(self, story: Story, machine: Machine) -> None:
        story.waited += self.clock.now - story.since
        story.since, story.on, machine.story = self.clock.now, machine, story
        self.running += 1
        self.clock.after(self.seconds_of(story.arrival, machine.kind.offer), partial(self.finish, story, machine))

    def finish(self, story: Story, machine: Machine) -> None:
        if machine.story is not story:
            return
        story.finished = machine.free_since = self.clock.now
        machine.kind.worked += self.clock.now - story.since
        machine.story = None
        self.running, self.done = self.running - 1, self.done + 1
        if self.queue and machine.ready and not machine.cordoned:
            self.begin(self.queue.popleft(), machine)

    # Nodes

    def occupy(self, kind: Kind) -> None:
        """Block a node pool by an operation of the manager; GKE's own autoscaler needs none."""
        kind.busy_until = self.clock.now + self.draw(self.parameters.delays.operation_seconds)

    def resize(self, kind: Kind, size: int) -> None:
        kind.size = size
        self.fill(kind)

    def fill(self, kind: Kind) -> None:
        """Create the requested nodes as far as stock and the project's quota allow; otherwise record why not."""
        while self.cluster == "there" and len(kind.machines) < kind.size:
            if why := self.lacking(kind):
                kind.lack = (why, self.clock.now)
                return
            self.made += 1
            start = self.parameters.delays.start_seconds
            phases = (self.draw(start.machine), self.draw(start.driver), self.draw(start.images))
            machine = Machine(f"{kind.offer.pool}-{self.made}", kind, self.clock.now, phases)
            kind.machines[machine.name] = machine
            self.clock.after(sum(phases), partial(self.join, machine))
            hourly = self.parameters.market.preemptions_an_hour
            if kind.offer.spot and hourly:
                self.clock.after(self.random.expovariate(hourly / 3600), partial(self.preempt, machine))

    def fill_all(self) -> None:
        """Fill all pools again: quota that one kind releases may be used by another."""
        for kind in self.kinds.values():
            self.fill(kind)

    def lacking(self, kind: Kind) -> str | None:
        """Why no further node can be created, in Compute Engine's words."""
        if not kind.in_stock:
            return "ZONE_RESOURCE_POOL_EXHAUSTED"
        quota = kind.offer.quota or ""
        most = self.parameters.market.quotas.get(quota)
        if most is not None and sum(len(each.machines) for each in self.kinds.values() if each.offer.quota == quota) >= most:
            return "QUOTA_EXCEEDED"
        return None

    def draw(self, span: Range) -> float:
        return self.random.triangular(span.least, span.most, span.usual)

    def join(self, machine: Machine) -> None:
        if machine.gone:
            return
        machine.ready, machine.free_since = True, self.clock.now
        if self.queue:
            self.begin(self.queue.popleft(), machine)

    def preempt(self, machine: Machine) -> None:
        """Preempt a spot node; its pool's size is unchanged, so it is requested again."""
        if not machine.gone:
            self.preempted += 1
            self.remove(machine, after=0)
            self.fill_all()

    def remove(self, machine: Machine, after: float) -> None:
        kind, story = machine.kind, machine.story
        machine.gone, machine.ready, machine.story = True, False, None
        del kind.machines[machine.name]
        kind.paid += self.clock.now + after - machine.paid_from
        if story:
            kind.lost += self.clock.now - story.since
            story.since, story.on = self.clock.now, None
            self.running -= 1
            self.queue.appendleft(story)
            self.dispatch()

    def shrink(self, kind: Kind, to: int) -> None:
        """Remove idle nodes only; the policy ensures it, and it is checked here."""
        idle = [machine for machine in kind.machines.values() if machine.story is None]
        for machine in idle[: max(0, len(kind.machines) - to)]:
            self.remove(machine, self.parameters.delays.remove_seconds)
        kind.size = len(kind.machines)
        self.fill_all()

    # The market and GKE's autoscaler

    def market(self, kind: Kind) -> None:
        market = self.parameters.market
        if kind.offer.spot and market.stock_out_hours:
            wait = self.random.expovariate(
                1 / (3600 * (market.stock_out_every_hours if kind.in_stock else market.stock_out_hours))
            )
            self.clock.after(wait, partial(self.change_of_stock, kind))

    def change_of_stock(self, kind: Kind) -> None:
        kind.in_stock = not kind.in_stock
        self.fill(kind)
        self.market(kind)

    def autoscale(self) -> None:
        """Scale as GKE does: a node for each pod that no node can hold, none for pods that cannot be served."""
        self.fill_all()
        for kind in self.kinds.values():
            if kind.bounds is None:
                continue
            least, most = kind.bounds
            if self.lacking(kind):
                kind.size = len(kind.machines)
            self.give_back_idle(kind, least)
            coming = sum(not machine.ready for machine in kind.machines.values())
            more = min(len(self.queue) - coming, most - kind.size)
            if more > 0 and self.lacking(kind) is None:
                self.resize(kind, kind.size + more)

    def give_back_idle(self, kind: Kind, least: int) -> None:
        idle = 60 * self.parameters.market.autoscaler_idle_minutes
        for machine in list(kind.machines.values()):
            unused = machine.ready and machine.story is None and self.clock.now - machine.free_since > idle
            if unused and not self.queue and kind.size > least:
                kind.size -= 1
                self.remove(machine, self.parameters.delays.remove_seconds)

    # The cluster

    def create(self) -> None:
        self.cluster, self.cluster_from = "coming", self.clock.now
        made = self.draw(self.parameters.cluster.create_minutes) + self.draw(self.parameters.cluster.install_minutes)
        self.clock.after(60 * made, self.created)

    def created(self) -> None:
        self.cluster = "there"
        self.take()

    def delete(self) -> None:
        self.cluster = "going"
        self.cluster_paid += self.clock.now - self.cluster_from
        self.clock.after(GOING, self.deleted)

    def deleted(self) -> None:
        self.cluster = "absent"
