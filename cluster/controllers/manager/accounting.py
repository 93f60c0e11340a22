"""What a story took: seconds of a node, of a GPU, bytes published, and what that costs at the prices of newsreel.yaml.

Pure: from a Workflow as the API server has it. What cannot be told (a node whose kind nobody knows any more) is None, never zero.
Only what a story itself used is counted; a node's start and its idle time are the pool's, see `newsreel simulate`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import Field

from newsreel.config.model import GkeConfig
from newsreel.validation import StrictModel

GPU = "nvidia.com/gpu"
Number = TypeVar("Number", int, float)


class Account(StrictModel):
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


class Ledger(StrictModel):
    """The sums of the last days, and whose accounts are in them."""

    days: dict[date, Account] = Field(default={})
    """One story of unknown cost makes its day's cost unknown."""
    counted: tuple[str, ...] = ()
    """The uids of the workflows that are counted, for as long as the cluster lists them."""

    def with_stories(self, ended: Mapping[str, tuple[date, Account]], listed: frozenset[str], since: date) -> "Ledger":
        """Each story by its workflow's uid, and no uid twice; days before `since` and uids that are not `listed` are dropped."""
        days = {day: total for day, total in self.days.items() if day >= since}
        for uid, (day, account) in sorted(ended.items()):
            if uid not in self.counted and day >= since:
                days[day] = days[day] + account if day in days else account
        return Ledger(days=days, counted=tuple(sorted(listed.intersection({*self.counted, *ended}))))


def account_of(workflow: dict[str, Any], pools: Mapping[str, str], published: int | None, parameters: GkeConfig) -> Account:
    """`pools` tells the pool of a node by its name, `published` the bytes of the video's files, where there is one.

    Raises KeyError and ValueError for what is no Workflow.
    """
    prices = {offer.pool: offer.an_hour for offer in parameters.node_pools}
    held = [(pod.get("hostNodeName", ""), seconds_of(pod)) for pod in pods_of(workflow) if is_anchor(pod)]
    hourly = [(prices.get(pools.get(node, "")), seconds) for node, seconds in held]
    known = [price * seconds / 3600 for price, seconds in hourly if price is not None]
    return Account(
        node_seconds=sum(seconds for _, seconds in held),
        gpu_seconds=float(sum(pod.get("resourcesDuration", {}).get(GPU, 0) for pod in pods_of(workflow))),
        bytes=published,
        cost=sum(known) if len(known) == len(hourly) else None,
    )


def held_a_node(workflow: dict[str, Any]) -> bool:
    """Whether any work was done: a story that was refused, or whose video was there already, held none."""
    return any(is_anchor(pod) and pod.get("startedAt") for pod in pods_of(workflow))


def pods_of(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [pod for pod in workflow.get("status", {}).get("nodes", {}).values() if pod.get("type") == "Pod"]


def is_anchor(pod: dict[str, Any]) -> bool:
    return bool(pod.get("templateName") == "anchor")


def seconds_of(pod: dict[str, Any]) -> float:
    """0 for a pod that never ran, or still runs."""
    began, ended = pod.get("startedAt"), pod.get("finishedAt")
    if not began or not ended:
        return 0.0
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds())
