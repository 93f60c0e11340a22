"""What the manager sees in one round, what it remembers, and what it may do: plain data. None is "unknown", never "none"."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, Field

from cluster.controllers.manager.accounting import Ledger
from cluster.durations import stories_a_node
from newsreel.config.gke import minutes
from newsreel.config.model import GkeConfig
from newsreel.validation import StrictModel


@dataclass(frozen=True)
class Reading:
    """A number of Cloud Monitoring, and when it was true."""

    count: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Node:
    name: str
    cordoned: bool = False
    """Whether we have closed it to new stories; what a person cordoned is the person's."""


@dataclass(frozen=True)
class Lack:
    """Why Google makes no more nodes of a kind, in its own words, and when it said so."""

    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Pool:
    name: str
    size: int
    """How many nodes it is asked to have: some may not have come yet, or not have gone yet."""
    nodes: tuple[Node, ...] = ()
    """Those that have joined the cluster."""
    bounds: tuple[int, int] | None = None
    """Least and most of the autoscaler; None where it is off."""
    busy: bool = False
    """Whether an operation is under way: another would be refused."""
    lack: Lack | None = None
    """The newest of the last minutes."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look at everything."""

    now: datetime
    cluster: Literal["absent", "coming", "there", "going", "broken"] | None = None
    installed: bool | None = None
    """Whether the cluster has what stories need."""
    undelivered: Reading | None = None
    """Messages that no cluster has taken yet."""
    announced: int = 0
    """Messages that came lately and may be in no other number yet, see `demand.counted_from`; 0 where nobody listens."""
    quiet_since: datetime | None = None
    """No message has come since then, says who has listened all the time; None where nobody has."""
    pending: int | None = None
    """Events taken, and not yet workflows: JetStream's."""
    unfinished: int | None = None
    """Workflows that are not over."""
    running: Mapping[str, int] | None = None
    """Stories under way, by node."""
    pools: tuple[Pool, ...] | None = None
    finals: bool | None = None
    """Whether each story that was made has its video in the bucket."""


class Shortage(StrictModel):
    """A kind of node, or the cluster itself, that could not be had."""

    tries: int
    until: AwareDatetime
    """Until then nobody asks for it again."""
    tried: bool = False
    """Whether it was asked for again after that."""
    why: str


class Asked(StrictModel):
    """Nodes of a kind that were asked for, and have not all come yet."""

    to: int
    at: AwareDatetime


class Memory(StrictModel):
    """What is carried from round to round. Losing it costs time, never a story: every span begins anew."""

    looked: AwareDatetime | None = None
    idle_since: AwareDatetime | None = None
    empty_since: AwareDatetime | None = None
    """Since when nothing speaks against deleting the cluster."""
    blind_since: AwareDatetime | None = None
    """Since when nobody can say whether there is something to do."""
    empty_at: AwareDatetime | None = None
    """When the metric last said that no message waits, unless it has said since that some do."""
    created: bool = False
    """Whether we asked for a cluster that has not been there yet."""
    asked: dict[str, Asked] = Field(default={})
    short: dict[str, Shortage] = Field(default={})
    late: dict[str, AwareDatetime] = Field(default={})
    """Since when a pool has had fewer nodes than it was asked to have."""
    ledger: Ledger = Ledger()
    """What the last days' stories took."""


@dataclass(frozen=True)
class Grow:
    """Ask for nodes before the first pod waits for one."""

    pool: str
    to: int


@dataclass(frozen=True)
class Open:
    """Let the autoscaler work between these bounds."""

    pool: str
    least: int
    most: int


@dataclass(frozen=True)
class Close:
    """Turn the autoscaler off: the pool grows no more."""

    pool: str


@dataclass(frozen=True)
class Cordon:
    pool: str
    node: str


@dataclass(frozen=True)
class Uncordon:
    pool: str
    node: str


@dataclass(frozen=True)
class Empty:
    """Give nodes back; all of them are cordoned and none has a story."""

    pool: str
    to: int


@dataclass(frozen=True)
class CreateCluster:
    pass


@dataclass(frozen=True)
class Install:
    """Bring what stories need into a new cluster."""


@dataclass(frozen=True)
class DeleteCluster:
    pass


Action = Grow | Open | Close | Cordon | Uncordon | Empty | CreateCluster | Install | DeleteCluster


@dataclass(frozen=True, kw_only=True)
class Decision:
    actions: tuple[Action, ...] = ()
    memory: Memory
    why: str
    """One sentence."""
    alert: str | None = None
    """What a person should know now."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the policy goes by."""

    mode: Literal["pool", "cluster"]
    offers: tuple[tuple[str, int], ...]
    """Pools by preference, and the most nodes of each."""
    stories_a_node: float
    """How many stories a node makes one after the other before the last has waited too long."""
    warm: int
    idle: timedelta
    delete: timedelta
    confirm: timedelta
    late: timedelta
    away: timedelta
    start: timedelta
    """Nodes that were asked for longer ago and have not come will not come."""
    backoff: timedelta
    backoff_most: timedelta

    @classmethod
    def of(cls, parameters: GkeConfig) -> "Rules":
        policy, start = parameters.policy, parameters.delays.start_seconds
        return cls(
            mode=parameters.cluster.mode,
            offers=tuple((offer.pool, offer.most) for offer in parameters.node_pools),
            stories_a_node=stories_a_node(parameters),
            warm=policy.warm_nodes,
            idle=minutes(policy.idle_minutes),
            delete=minutes(policy.delete_minutes),
            confirm=minutes(policy.confirm_minutes),
            late=minutes(policy.late_minutes),
            away=minutes(policy.away_minutes),
            start=timedelta(seconds=2 * (start.machine.most + start.driver.most)),
            backoff=minutes(policy.backoff_minutes),
            backoff_most=minutes(policy.backoff_most_minutes),
        )
