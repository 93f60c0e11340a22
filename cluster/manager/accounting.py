"""What a story took: seconds of a node, of a GPU, bytes published, and what that costs at the prices of pool.yaml.

Pure: from a Workflow as the API server has it. What cannot be told (a node whose kind nobody knows any more) is None, never zero.
Only what a story itself used is counted; a node's start and its idle time are the pool's, see `newsreel simulate`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from cluster.manager.parameters import Parameters

__all__ = ["Account", "account_of", "by_day", "exposed"]

GPU = "nvidia.com/gpu"
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, kw_only=True)
class Account:
    """One story, all its attempts; or, summed, a day's stories."""

    stories: int = 1
    node_seconds: float
    """From an anchor's start to its end: so long the node was this story's alone."""
    gpu_seconds: float
    """As Argo counts them: GPUs asked for, times the seconds of the container."""
    bytes: int | None
    cost: float | None

    def __add__(self, other: "Account") -> "Account":
        return Account(
            stories=self.stories + other.stories,
            node_seconds=self.node_seconds + other.node_seconds,
            gpu_seconds=self.gpu_seconds + other.gpu_seconds,
            bytes=both(self.bytes, other.bytes),
            cost=both(self.cost, other.cost),
        )


def both(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one + other


def account_of(workflow: dict[str, Any], pools: Mapping[str, str], published: int | None, parameters: Parameters) -> Account:
    """`pools` tells the pool of a node by its name, `published` the bytes of the video's files, where there is one.

    Raises KeyError and ValueError for what is no Workflow.
    """
    pods = [pod for pod in workflow.get("status", {}).get("nodes", {}).values() if pod.get("type") == "Pod"]
    held = [(pod.get("hostNodeName", ""), seconds_of(pod)) for pod in pods if pod.get("templateName") == "anchor"]
    prices = {offer.pool: offer.an_hour for offer in parameters.offers}
    hourly = [(prices.get(pools.get(node, "")), seconds) for node, seconds in held]
    known = [price * seconds / 3600 for price, seconds in hourly if price is not None]
    return Account(
        node_seconds=sum(seconds for _, seconds in held),
        gpu_seconds=float(sum(pod.get("resourcesDuration", {}).get(GPU, 0) for pod in pods)),
        bytes=published,
        cost=sum(known) if len(known) == len(hourly) else None,
    )


def seconds_of(pod: dict[str, Any]) -> float:
    """0 for a pod that never ran, or still runs."""
    began, ended = pod.get("startedAt"), pod.get("finishedAt")
    if not began or not ended:
        return 0.0
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds())


def by_day(accounts: Iterable[tuple[date, Account]]) -> dict[date, Account]:
    """The sum of each day; one story of unknown cost makes its day's cost unknown."""
    sums: dict[date, Account] = {}
    for day, account in accounts:
        sums[day] = sums[day] + account if day in sums else account
    return sums


def exposed(sums: Mapping[date, Account], currency: str) -> str:
    """As Prometheus reads it; what is unknown has no line."""
    return "".join(f"{line}\n" for line in lines(sums, currency))


def lines(sums: Mapping[date, Account], currency: str) -> Iterator[str]:
    for name, (field, described) in METRICS.items():
        yield f"# HELP {name} {described}"
        yield f"# TYPE {name} gauge"
        more = f',currency="{currency}"' if field == "cost" else ""
        for day, account in sorted(sums.items()):
            value = getattr(account, field)
            if value is not None:
                yield f'{name}{{day="{day.isoformat()}"{more}}} {value}'


METRICS = {
    "newsreel_day_stories": ("stories", "Stories that ended on the day."),
    "newsreel_day_node_seconds": ("node_seconds", "Seconds that story nodes were held by stories."),
    "newsreel_day_gpu_seconds": ("gpu_seconds", "Seconds of GPUs asked for by steps."),
    "newsreel_day_published_bytes": ("bytes", "Bytes of published videos and what belongs to them."),
    "newsreel_day_cost": ("cost", "Cost of the nodes while stories held them, at the prices of pool.yaml."),
}
"""By name: the account's field, and what it says."""
