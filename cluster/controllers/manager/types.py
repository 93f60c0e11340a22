"""Data types of the manager: what it observes, the state it stores between rounds, its actions and decisions.

In every observed value None means "unknown", never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

from pydantic import AwareDatetime, Field

from cluster.durations import stories_a_node
from newsreel.config.gke import minutes
from newsreel.config.model import GkeConfig
from newsreel.validation import StrictModel

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Reading:
    """A point of a Cloud Monitoring metric."""

    count: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Node:
    name: str
    cordoned: bool = False
    """Cordoned by the manager. A node that a person cordoned stays the person's."""


@dataclass(frozen=True)
class Stockout:
    """Google's error for machines that it cannot provide, and its time."""

    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A node pool of stories."""

    name: str
    size: int
    """Requested number of nodes. Some may still be starting or stopping."""
    nodes: tuple[Node, ...] = ()
    """Nodes that have joined the cluster."""
    bounds: tuple[int, int] | None = None
    """Minimum and maximum of the autoscaler; None while it is off."""
    busy: bool = False
    """An operation is running: GKE would refuse another one."""
    lack: Stockout | None = None
    """Newest error of the last minutes."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Everything observed in one round."""

    now: datetime
    cluster: Literal["absent", "coming", "there", "going", "broken"] | None = None
    installed: bool | None = None
    """The WorkflowTemplate is installed."""
    undelivered: Reading | None = None
    """Messages that no cluster has pulled yet."""
    announced: int = 0
    """Recent messages that no other count may contain yet, see `policy.counted_from`; 0 without a listener."""
    quiet_since: datetime | None = None
    """No message has arrived since then; None without an uninterrupted listener."""
    pending: int | None = None
    """Events that are pulled and not yet workflows (JetStream)."""
    unfinished: int | None = None
    """Workflows that have not completed."""
    running: Mapping[str, int] | None = None
    """Running stories by node name."""
    pools: tuple[Pool, ...] | None = None
    finals: bool | None = None
    """Every succeeded story has its video in the bucket."""


class Account(StrictModel):
    """Usage of one story, all its attempts; or the sum of a day's stories."""

    stories: int = 1
    node_seconds: float
    """Between start and end of the anchor pods: the node was reserved for this story."""
    gpu_seconds: float
    """As Argo counts them: GPUs requested, times the seconds of the container."""
    bytes: int | None
    cost: float | None

    def __add__(self, other: "Account") -> "Account":
        return Account(
            stories=self.stories + other.stories,
            node_seconds=self.node_seconds + other.node_seconds,
            gpu_seconds=self.gpu_seconds + other.gpu_seconds,
            bytes=sum_known(self.bytes, other.bytes),
            cost=sum_known(self.cost, other.cost),
        )


def sum_known(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one + other


class Ledger(StrictModel):
    """Usage sums by day, and the workflows that they contain."""

    days: dict[date, Account] = Field(default={})
    """One story of unknown cost makes the cost of its day unknown."""
    counted: tuple[str, ...] = ()
    """UIDs of the workflows that are counted and that the cluster still lists."""

    def with_stories(self, ended: Mapping[str, tuple[date, Account]], listed: frozenset[str], since: date) -> "Ledger":
        """Add each story once, by the UID of its workflow; drop days before `since` and UIDs that are not `listed`."""
        days = {day: total for day, total in self.days.items() if day >= since}
        for uid, (day, account) in sorted(ended.items()):
            if uid not in self.counted and day >= since:
                days[day] = days[day] + account if day in days else account
        return Ledger(days=days, counted=tuple(sorted(listed.intersection({*self.counted, *ended}))))


class Shortage(StrictModel):
    """Nodes of a pool, or the cluster itself, that Google could not provide."""

    tries: int
    until: AwareDatetime
    """Not requested again before this time."""
    tried: bool = False
    """It was requested again after `until`."""
    why: str


class ResizeRequest(StrictModel):
    """Nodes that were requested and have not all joined yet."""

    to: int
    at: AwareDatetime


class State(StrictModel):
    """State between rounds; its field names are the JSON format in the bucket. If it is lost, every timer restarts."""

    looked: AwareDatetime | None = None
    """Time of the last round."""
    idle_since: AwareDatetime | None = None
    empty_since: AwareDatetime | None = None
    """Since when all conditions for deleting the cluster hold."""
    blind_since: AwareDatetime | None = None
    """Since when the demand is unknown."""
    empty_at: AwareDatetime | None = None
    """Time of the newest metric point, if it said that no message waits."""
    created: bool = False
    """A cluster was requested and has not been running yet."""
    asked: dict[str, ResizeRequest] = Field(default={})
    short: dict[str, Shortage] = Field(default={})
    late: dict[str, AwareDatetime] = Field(default={})
    """Since when a pool has fewer nodes than requested."""
    ledger: Ledger = Ledger()


@dataclass(frozen=True)
class Grow:
    """Resize a pool before the first pod is pending."""

    pool: str
    to: int


@dataclass(frozen=True)
class EnableAutoscaling:
    pool: str
    least: int
    most: int


@dataclass(frozen=True)
class DisableAutoscaling:
    """Turn the autoscaler of a pool off, so that it grows no more."""

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
    """Remove nodes. All nodes of the pool are cordoned and none runs a story."""

    pool: str
    to: int


@dataclass(frozen=True)
class CreateCluster:
    pass


@dataclass(frozen=True)
class Install:
    """Install Argo and our manifests into a new cluster."""


@dataclass(frozen=True)
class DeleteCluster:
    pass


Action = Grow | EnableAutoscaling | DisableAutoscaling | Cordon | Uncordon | Empty | CreateCluster | Install | DeleteCluster


@dataclass(frozen=True, kw_only=True)
class Decision:
    actions: tuple[Action, ...] = ()
    state: State
    why: str
    """One sentence."""
    alert: str | None = None
    """Something that a person should look at now."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Parameters of the policy."""

    mode: Literal["pool", "cluster"]
    offers: tuple[tuple[str, int], ...]
    """Pools in order of preference, each with its maximum of nodes."""
    stories_a_node: float
    """Stories that a node can make one after the other before the last has waited too long."""
    warm: int
    idle: timedelta
    delete: timedelta
    confirm: timedelta
    late: timedelta
    away: timedelta
    start: timedelta
    """Requested nodes that have not joined after this time are taken for unavailable."""
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
