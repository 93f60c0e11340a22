"""A fake cloud with its own clock: pools, nodes, stories, messages, and checks for harm.

`fake_servers` puts google's and Kubernetes' APIs in front of it.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from threading import RLock

from newsreel.errors import Unavailable

START = datetime(2026, 5, 4, 6, 0, 0, tzinfo=UTC)
STORY_SECONDS = 150.0


@dataclass(eq=False)
class Story:
    name: str
    left: float = STORY_SECONDS
    node: str | None = None
    phase: str = "message"
    """message, event, workflow, done"""


@dataclass(eq=False)
class FakePool:
    name: str
    zone: str
    size: int = 0
    bounds: tuple[int, int] | None = None
    in_stock: bool = True
    busy_until: datetime = START
    nodes: dict[str, datetime] = field(default_factory=dict)
    """When each is ready."""
    draining: set[str] = field(default_factory=set)
    lack: tuple[str, datetime] | None = None
    """What could not be had last, and when."""


@dataclass(eq=False)
class FakeWorld:
    pool_names: tuple[tuple[str, str], ...]
    seed: int = 1
    state: str = "there"
    now: datetime = START
    latency: float = 0.05
    """Seconds that pass during each call: stories come between a look and a deed."""
    fault_share: float = 0.0
    """How many calls end in 429 or 503."""
    half_done_share: float = 0.0
    """How many changes are made though the answer is 503."""
    stale_share: float = 0.0
    """How many looks at the cluster show it as it was a while ago."""
    arrivals_an_hour: float = 0.0
    silent: set[str] = field(default_factory=set)
    """Sources that do not answer: metric, kubernetes, gke, compute, events, credentials, announcements."""
    metric_age: float = 120.0
    harm: list[str] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self):
        self.random, self.lock = Random(self.seed), RLock()  # noqa: S311
        self.pools = {name: FakePool(name, zone) for name, zone in self.pool_names}
        self.stories: list[Story] = []
        self.installed, self.ready_at, self.made = self.state == "there", START, 0
        self.history = [(START, 0)]
        self.told: list[datetime] = []
        """When a message came."""
        self.over: set[str] = set()
        self.ended: dict[str, tuple[str, datetime]] = {}
        """Their last node, and when."""
        self.remembered: set[str] = set()
        """Workflows that succeeded and are still listed."""
        self.created = self.deleted = 0
        self.fails_to_come = False
        self.quota = 1000
        """Nodes of all pools together."""

    # Time

    def clock(self):
        with self.lock:
            return self.now

    def advance(self, seconds):
        with self.lock:
            left = seconds
            while left > 0:
                step = min(5.0, left)
                left -= step
                self.now += timedelta(seconds=step)
                self.physics(step)

    def physics(self, step):
        if self.random.random() < self.arrivals_an_hour / 3600 * step:
            self.arrive()
        if self.state == "coming" and self.now >= self.ready_at:
            self.state = "broken" if self.fails_to_come else "there"
        if self.state == "going" and self.now >= self.ready_at:
            self.state = "absent"
        if self.state == "there":
            self.nodes_come()
            if self.installed:
                self.take()
                self.work(step)
        waiting = sum(story.phase == "message" for story in self.stories)
        if waiting != self.history[-1][1]:
            self.history.append((self.now, waiting))

    def arrive(self, count=1):
        for _ in range(count):
            self.made += 1
            self.told.append(self.now)
            self.stories.append(Story(f"story-{self.made}-r1"))

    def nodes_come(self):
        for pool in self.pools.values():
            while len(pool.nodes) < pool.size and self.lacking(pool) is None:
                self.made += 1
                pool.nodes[f"{pool.name}-{self.made}"] = self.now + timedelta(seconds=self.random.uniform(60, 240))
            if len(pool.nodes) < pool.size:
                pool.lack = (self.lacking(pool), self.now)
                if pool.bounds:
                    pool.size = len(pool.nodes)  # GKE's autoscaler takes back what cannot be had

    def lacking(self, pool):
        """As Compute Engine calls it."""
        if not pool.in_stock:
            return "ZONE_RESOURCE_POOL_EXHAUSTED"
        return "QUOTA_EXCEEDED" if sum(len(each.nodes) for each in self.pools.values()) >= self.quota else None

    def take(self):
        for story in self.stories:
            if story.phase == "event":
                story.phase = "workflow"
            elif story.phase == "message":
                story.phase = "event"

    def work(self, step):
        taken = {story.node for story in self.stories if story.phase == "workflow"}
        free = [name for name in self.ready() if name not in taken]
        for story in self.unfinished():
            if story.node is None and free:
                story.node = free.pop()
            elif story.node is not None:
                story.left -= step
                if story.left <= 0:
                    self.ended[story.name] = (story.node, self.now)
                    story.phase, story.node = "done", None
        self.over |= {story.name for story in self.stories if story.phase == "done"}
        self.stories = [story for story in self.stories if story.phase != "done"]

    def ready(self, draining=False):
        for pool in self.pools.values():
            for name, ready in pool.nodes.items():
                if ready <= self.now and (draining or name not in pool.draining):
                    yield name

    def unfinished(self):
        return [story for story in self.stories if story.phase == "workflow"]

    def lose_a_node(self):
        """A spot node is taken away; its story begins anew."""
        for pool in self.pools.values():
            if pool.nodes:
                name = next(iter(pool.nodes))
                self.remove(pool, name)
                return

    def remove(self, pool, name):
        del pool.nodes[name]
        pool.draining.discard(name)
        for story in self.stories:
            if story.node == name:
                story.node, story.left = None, STORY_SECONDS

    # What is asked of it

    def resize(self, name, size):
        pool = self.pools[name]
        gone = list(pool.nodes)[size:] if size < len(pool.nodes) else []
        for node in gone:
            if any(story.node == node for story in self.unfinished()):
                self.harm.append(f"{self.now}: node {node} was given back with a running story")
            self.remove(pool, node)
        pool.size = size
        pool.busy_until = self.now + timedelta(seconds=self.random.uniform(5, 50))

    def set_bounds(self, name, bounds):
        pool = self.pools[name]
        if bounds and bounds[1] < pool.size:
            self.harm.append(f"{self.now}: {name} was bounded below what it has")
        pool.bounds = bounds
        pool.busy_until = self.now + timedelta(seconds=self.random.uniform(5, 50))

    def create(self):
        self.state, self.installed, self.created = "coming", False, self.created + 1
        self.ready_at = self.now + timedelta(seconds=self.random.uniform(300, 600))

    def delete(self):
        left = [story.name for story in self.stories if story.phase in ("event", "workflow")]
        if self.state == "there" and (left or self.silent & {"metric", "kubernetes", "events"}):
            self.harm.append(f"{self.now}: the cluster was deleted with {left or self.silent}")
        self.state, self.deleted = "going", self.deleted + 1
        self.ended.clear()
        self.ready_at = self.now + timedelta(seconds=self.random.uniform(120, 240))
        for pool in self.pools.values():
            for node in list(pool.nodes):
                self.remove(pool, node)
            pool.size, pool.bounds = 0, None

    def metric(self):
        """When, and how many messages there were then."""
        at = self.now - timedelta(seconds=self.metric_age)
        counts = [count for since, count in self.history if since <= at]
        return at, (counts[-1] if counts else 0)

    def count_since(self, moment):
        """What the manager's own subscription has brought."""
        with self.lock:
            if "announcements" in self.silent:
                raise Unavailable("projects/p/subscriptions/manager: NotFound")
            return sum(at > moment for at in self.told)

    def quiet_since(self):
        with self.lock:
            return None if "announcements" in self.silent else max([START - timedelta(hours=1), *self.told])

    def call(self):
        """A call takes time, and may fail. Returns what is wrong with it, or None."""
        self.calls += 1
        self.advance(self.latency)
        if self.random.random() < self.fault_share:
            return self.random.choice(["RESOURCE_EXHAUSTED", "UNAVAILABLE"])
        return None

    def find(self, node):
        with suppress(StopIteration):
            return next(pool for pool in self.pools.values() if node in pool.nodes)
        return None

    @property
    def nodes(self):
        return sum(max(pool.size, len(pool.nodes)) for pool in self.pools.values())
