"""The one file a person edits: cluster/pool.yaml. Every fault is told at once, with its line."""

from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from cluster.gke.names import Bucket, Names
from cluster.gke.site import Site
from cluster.manager.agreement import disagreements
from cluster.manager.fields import Name, Range, Record, Several, Some, Zone
from cluster.manager.offer import Offer
from cluster.manager.work import Market, Speed, Start, Work
from cluster.messages.topics import HEARD, PULLED
from steps.errors import BadInput
from steps.story_tree import Tree, read_tree

__all__ = [
    "DEFAULT",
    "Cluster",
    "Market",
    "Offer",
    "Parameters",
    "Policy",
    "Prices",
    "Range",
    "Speed",
    "Work",
    "parameters_of",
    "read_parameters",
]

DEFAULT = Path(__file__).parents[1] / "pool.yaml"


class Prices(Record):
    dated: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    control_plane_an_hour: Some
    lasting_an_hour: Some
    """What stays when the cluster itself goes: address translation, the newsroom's load balancer, what little is stored."""


class Cluster(Record):
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


class Policy(Record):
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


class Parameters(Record):
    prices: Prices
    cluster: Cluster
    site: Site
    policy: Policy
    offers: Annotated[tuple[Offer, ...], Field(max_length=20)]
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
        """As a video's report takes it, see `steps.usage.Prices`."""
        return " ".join([self.prices.currency, *(f"{offer.pool}={Decimal(str(offer.an_hour)):f}" for offer in self.offers)])

    def story_seconds(self, offer: Offer) -> float:
        """What a usual story takes on a node of this kind."""
        return sum(self.work.speeds[offer.speed].seconds(self.work.video_seconds.mean, self.work.pod_seconds).values())

    def stories_a_node(self) -> float:
        """How many stories a node may be asked to make, one after the other, so that the last waits no longer than planned."""
        slowest = max(self.story_seconds(offer) for offer in self.offers)
        patience = self.policy.aim * self.policy.wait_minutes * 60 - self.start_seconds.mean
        return max(1.0, 1 + patience / slowest)

    def changed(self, **groups: Any) -> "Parameters":
        """The same but for some values: `policy={"aim": 0.3}`. Raises BadInput for what the file itself could not say."""
        document = self.model_dump(mode="json")
        for group, values in groups.items():
            document[group] = document[group] | values if isinstance(values, dict) else values
        return parsed(document, "", Tree(value=document))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def read_parameters(path: Path = DEFAULT) -> Parameters:
    """Raises BadInput with a line for each fault, and OSError."""
    return parameters_of(path.read_bytes(), str(path))


def parameters_of(content: bytes, name: str) -> Parameters:
    """`name` is what to call the content of a pool.yaml. Raises BadInput with a line for each fault."""
    tree = read_tree(content)
    if tree.faults:
        raise BadInput("\n".join(f"{name}:{fault}" for fault in tree.faults))
    return parsed(tree.value, name, tree)


def parsed(document: Any, name: str, tree: Tree) -> Parameters:
    """`name` is the file's; values that come from none have no line to be told."""
    try:
        parameters = Parameters.model_validate(document)
    except ValidationError as fault:
        wrong = [(each["loc"], reason(each)) for each in fault.errors()]
    else:
        wrong = list(disagreements(parameters))
        if not wrong:
            return parameters
    lines = [f"{name}:{tree.line(place)}: " if name else "" for place, _ in wrong]
    raise BadInput("\n".join(f"{line}{told(place, why)}" for line, (place, why) in zip(lines, wrong, strict=True)))


def told(place: tuple[str | int, ...], why: str) -> str:
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
    model: type[BaseModel] | None = Parameters
    for part in path[:-1]:
        if model and part in model.model_fields:
            model = record_in(model.model_fields[str(part)].annotation)
    return list(model.model_fields) if model else []


def record_in(kind: Any) -> type[BaseModel] | None:
    """The record in `Site`, `Newsroom | None` or `tuple[Offer, ...]`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((found for each in get_args(kind) if (found := record_in(each))), None)
