"""The one file a person edits: cluster/pool.yaml. Every fault is told at once, with its line.

A kind of node that may be bought: an entry of `offers` in pool.yaml.

What stories and machines take, and what the market puts in the way: the groups of pool.yaml that the simulation lives on.

What places of pool.yaml must agree on; each disagreement is told of the place that is to be changed.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from newsreel.config.fields import ConfigModel, Name, Range, Several, Some, Zone
from newsreel.config.names import Bucket, Names
from newsreel.config.site import Site
from newsreel.errors import BadInput
from newsreel.step import HARDWARE_MEASURED
from newsreel.submission.topics import HEARD, PULLED
from newsreel.yaml_source import SourceTree, read_tree


class NodePoolOption(ConfigModel):
    """A kind of node: a node pool in one zone."""

    pool: Name
    zone: Zone
    machine: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    accelerator: Name | None = None
    spot: bool = False
    ssds: Annotated[int, Field(ge=1, le=32)] = 1
    """Local SSDs of 375 GB, on which stories are made; which numbers a machine may have, Google's "Local SSD" says."""
    most: Annotated[int, Field(ge=1, le=1000)]
    an_hour: Some
    speed: str

    @property
    def quota(self) -> str | None:
        """What its GPUs count against, as Compute Engine calls it: PREEMPTIBLE_NVIDIA_L4_GPUS; the word tesla is not in it."""
        if self.accelerator is None:
            return None
        kind = self.accelerator.replace("nvidia-tesla-", "nvidia-").replace("-", "_").upper()
        return f"{'PREEMPTIBLE_' if self.spot else ''}{kind}_GPUS"


class Speed(ConfigModel):
    """Seconds that each step works on a kind of node, for a video of `of_video_seconds`: the steps a video waits for, in order.

    An installation names here what it has measured itself; the kinds `cpu` and `gpu` come from the steps' own declarations
    (`cluster.durations`).
    """

    measured: bool = False
    """Whether on such a node; what is assumed is told to be so beside each figure that rests on it."""
    of_video_seconds: Several
    fixed: dict[str, Some]
    scaled: dict[str, Some]

    def seconds(self, video: float, pod: float) -> dict[str, float]:
        """By step, in order: `pod` is what each costs beside its work."""
        names = [*(name for name in self.fixed if name not in self.scaled), *self.scaled]
        scale = video / self.of_video_seconds
        return {name: pod + self.fixed.get(name, 0) + self.scaled.get(name, 0) * scale for name in names}


class Start(ConfigModel):
    machine: Range
    driver: Range
    images: Range

    @property
    def mean(self) -> float:
        return self.machine.mean + self.driver.mean + self.images.mean


class Work(ConfigModel):
    video_seconds: Range
    pod_seconds: Some
    taken_seconds: Some
    heard_seconds: Some
    metric_seconds: Range
    speeds: dict[str, Speed] = Field(default_factory=dict)


class Market(ConfigModel):
    quotas: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]]
    """GPUs that the project may have in the region, by Compute Engine's name for each kind; one that is not named is no limit."""
    preemptions_an_hour: Some
    stock_out_every_hours: Several
    stock_out_hours: Some
    autoscaler_idle_minutes: Several


if TYPE_CHECKING:
    pass


Place = tuple[str | int, ...]
"""The way to it from the top."""
Disagreement = tuple[Place, str]


def disagreements(parameters: "PoolConfig") -> Iterator[Disagreement]:
    yield from of_times(parameters)
    yield from of_offers(parameters)
    yield from of_quotas(parameters)
    yield from of_places(parameters)


def of_times(parameters: "PoolConfig") -> Iterator[Disagreement]:
    policy = parameters.policy
    if policy.backoff_most_minutes < policy.backoff_minutes:
        yield ("policy", "backoff_most_minutes"), f"must be at least backoff_minutes, {policy.backoff_minutes:g}"
    if policy.away_minutes * 60 < 2 * policy.round_seconds:
        yield ("policy", "away_minutes"), "must be at least two rounds, or nothing would ever be seen to be idle"


def of_offers(parameters: "PoolConfig") -> Iterator[Disagreement]:
    offers, warm = parameters.offers, parameters.policy.warm_nodes
    if not offers:
        yield ("offers",), "must have at least one kind of node"
        return
    for index, offer in enumerate(offers):
        if offer.pool in [other.pool for other in offers[:index]]:
            yield ("offers", index, "pool"), f"two have the same pool, {offer.pool}"
        known = dict.fromkeys([*HARDWARE_MEASURED, *parameters.work.speeds])
        if offer.speed not in known:
            yield ("offers", index, "speed"), f"no speed {offer.speed!r}; known: {', '.join(known)}; work.speeds can add one"
        if offer.accelerator and offer.accelerator not in parameters.zones.get(offer.zone, ()):
            has = [zone for zone, kinds in parameters.zones.items() if offer.accelerator in kinds]
            advice = f"; it is in {', '.join(has)}" if has else ""
            yield ("offers", index, "accelerator"), f"{offer.pool}: zone {offer.zone} has no {offer.accelerator}{advice}"
    if warm > offers[0].most:
        yield ("policy", "warm_nodes"), f"{warm} is more than the {offers[0].most} nodes of {offers[0].pool}"


def of_quotas(parameters: "PoolConfig") -> Iterator[Disagreement]:
    known = sorted({offer.quota for offer in parameters.offers if offer.quota})
    for name in parameters.market.quotas:
        if name not in known:
            yield ("market", "quotas", name), f"no offer counts against it; offers do against {', '.join(known) or 'none'}"


def of_places(parameters: "PoolConfig") -> Iterator[Disagreement]:
    location, region, site = parameters.cluster.location, parameters.cluster.region, parameters.site
    places: dict[Place, str] = {("site", "system", "zones", index): zone for index, zone in enumerate(site.system.zones)}
    places |= {("offers", index, "zone"): offer.zone for index, offer in enumerate(parameters.offers)}
    for place, zone in places.items():
        if zone[:-2] != region:
            yield place, f"{zone} is not in {region}, where the cluster is"
    if location != region and set(site.system.zones) != {location}:
        yield ("site", "system", "zones"), f"a cluster in the one zone {location} has its machines there"
    machines = site.system.most + sum(offer.most for offer in parameters.offers)
    if machines > site.network.machines:
        yield ("site", "network"), f"has addresses for {site.network.machines} machines, offers and system want {machines}"


DEFAULT = Path(__file__).parents[2] / "cluster" / "pool.yaml"


class Prices(ConfigModel):
    dated: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    control_plane_an_hour: Some
    lasting_an_hour: Some
    """What stays when the cluster itself goes: address translation, the newsroom's load balancer, what little is stored."""


class Cluster(ConfigModel):
    """Which cluster. What it is made of, `site` says; what everything is called, `Cluster.names`."""

    mode: Literal["pool", "cluster"]
    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    location: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+(-[a-z])?$")]
    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$")]
    """Short, since accounts and buckets are named after it."""
    namespace: Name
    install: Annotated[tuple[str, ...], Field(min_length=1)]
    create_minutes: Range
    install_minutes: Range

    @property
    def path(self) -> str:
        """As Google's API names it."""
        return f"projects/{self.project}/locations/{self.location}/clusters/{self.name}"

    @property
    def region(self) -> str:
        return self.location[:-2] if self.location[-2] == "-" else self.location

    @property
    def names(self) -> Names:
        return Names(self.project, self.name)

    @property
    def subscription(self) -> str:
        """Whose undelivered messages are counted: the one that the message trigger pulls from."""
        return PULLED

    @property
    def heard(self) -> str:
        """The one that the manager itself hears of messages by, as Pub/Sub names it."""
        return f"projects/{self.project}/subscriptions/{HEARD}"

    @property
    def memory(self) -> str:
        """The object in which the manager keeps what it remembers, and its lease."""
        return f"{self.names.address(Bucket.MANAGER)}/manager.json"

    @property
    def stories(self) -> str:
        return self.names.address(Bucket.STORIES)

    @property
    def finals(self) -> str:
        return self.names.address(Bucket.FINALS)


class Policy(ConfigModel):
    wait_minutes: Several
    aim: Annotated[float, Field(gt=0, le=1)]
    idle_minutes: Several
    delete_minutes: Several
    confirm_minutes: Several
    warm_nodes: Annotated[int, Field(ge=0, le=1000)]
    round_seconds: Annotated[float, Field(ge=5, le=3600)]
    late_minutes: Several
    away_minutes: Several
    backoff_minutes: Several
    backoff_most_minutes: Several


class PoolConfig(ConfigModel):
    prices: Prices
    cluster: Cluster
    site: Site
    policy: Policy
    offers: Annotated[tuple[NodePoolOption, ...], Field(max_length=20)]
    zones: dict[Zone, tuple[Name, ...]]
    start_seconds: Start
    remove_seconds: Some
    operation_seconds: Range
    work: Work
    market: Market

    @property
    def always_on_an_hour(self) -> float:
        """While there is a cluster, whether it has stories or not."""
        return self.prices.control_plane_an_hour + self.site.system.least * self.site.system.an_hour

    @property
    def text(self) -> str:
        """As a pool.yaml: the same values, nothing of how a person has written them."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude_none=True), sort_keys=False, width=120)

    @property
    def stories_at_once(self) -> int:
        """As many as there may be nodes, and a quarter more: while one is looked at before it has a node, or is reported after,
        no node is to be idle for want of another."""
        return ceil(1.25 * sum(offer.most for offer in self.offers))

    @property
    def price_list(self) -> str:
        """As a video's report takes it, see `newsreel.runtime.usage.Prices`."""
        return " ".join([self.prices.currency, *(f"{offer.pool}={Decimal(str(offer.an_hour)):f}" for offer in self.offers)])

    def changed(self, **groups: Any) -> "PoolConfig":
        """The same but for some values: `policy={"aim": 0.3}`. Raises BadInput for what the file itself could not say."""
        document = self.model_dump(mode="json")
        for group, values in groups.items():
            document[group] = document[group] | values if isinstance(values, dict) else values
        return parsed(document, "", SourceTree(value=document))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def read_pool_config(path: Path = DEFAULT) -> PoolConfig:
    """Raises BadInput with a line for each fault, and OSError."""
    return pool_config(path.read_bytes(), str(path))


def pool_config(content: bytes, name: str) -> PoolConfig:
    """`name` is what to call the content of a pool.yaml. Raises BadInput with a line for each fault."""
    tree = read_tree(content)
    if tree.faults:
        raise BadInput("\n".join(f"{name}:{fault}" for fault in tree.faults))
    return parsed(tree.value, name, tree)


def parsed(document: Any, name: str, tree: SourceTree) -> PoolConfig:
    """`name` is the file's; values that come from none have no line to be told."""
    try:
        parameters = PoolConfig.model_validate(document)
    except ValidationError as fault:
        wrong = [(each["loc"], reason(each)) for each in fault.errors()]
    else:
        wrong = list(disagreements(parameters))
        if not wrong:
            return parameters
    lines = [f"{name}:{tree.line(place)}: " if name else "" for place, _ in wrong]
    raise BadInput("\n".join(f"{line}{format_fault(place, why)}" for line, (place, why) in zip(lines, wrong, strict=True)))


def format_fault(place: tuple[str | int, ...], why: str) -> str:
    where = ".".join(map(str, place))
    return f"{where}: {why}" if where else why


def reason(fault: ErrorDetails) -> str:
    message = fault["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if fault["type"] == "extra_forbidden":
        close = get_close_matches(str(fault["loc"][-1]), siblings(fault["loc"]), 1)
        message = "is unknown" + (f"; did you mean {close[0]}?" if close else "")
    return message


def siblings(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand where an unknown one does. Places in a list, and names that the file gives, are passed over."""
    model: type[BaseModel] | None = PoolConfig
    for part in path[:-1]:
        if model and part in model.model_fields:
            model = record_in(model.model_fields[str(part)].annotation)
    return list(model.model_fields) if model else []


def record_in(kind: Any) -> type[BaseModel] | None:
    """The record in `Site`, `Newsroom | None` or `tuple[Offer, ...]`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for each in get_args(kind) if (found := record_in(each))), None)
