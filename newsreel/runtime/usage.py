"""What a video used: time of its node and of GPUs, and money. It is in the report, in the manifest and in the final notification.

A step that was given GPUs records when it began and ended (gpus/POD.json) in the story's directory; the node is the story's from
its
lease on. Unknown values are None, never zero.
"""

import json
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from newsreel.errors import BadInput
from newsreel.files import write_atomically
from newsreel.workspace import LEASE


def pool_of_node(node: str, pools: Iterable[str]) -> str | None:
    """The node pool of a GKE machine, which is named `gke-CLUSTER-POOL-HASH-XXXX`; None for none of `pools`.

    >>> pool_of_node("gke-newsreel-l4-spot-a-1a2b3c4d-x7k9", ["l4-a", "l4-spot-a"])
    'l4-spot-a'
    """
    named = [pool for pool in pools if re.fullmatch(rf"gke-.+-{re.escape(pool)}-[0-9a-f]{{8}}-[a-z0-9]{{4}}", node)]
    return max(named, key=len, default=None)


GPUS_VARIABLE, PRICES_VARIABLE = "NEWSREEL_GPUS", "NEWSREEL_PRICES"
"""The number of GPUs of the container; the price an hour of a node of each pool."""
GPU_INTERVALS_FOLDER = "gpus"
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Usage(BaseModel, frozen=True):
    node_seconds: NonNegative
    """From the lease to publication: the time that the node, or the laptop, was used by this story alone."""
    gpu_seconds: NonNegative | None
    """GPUs times seconds of each program; None where a program was killed before it could record its end."""
    bytes: int
    """Size of what is published beside the report."""
    cost: NonNegative | None
    """Of the node alone; None where its pool or its price is unknown."""
    currency: str | None
    """None without prices."""


class GpuInterval(BaseModel, frozen=True):
    """The time that a program had its GPUs, in seconds of `time.time`."""

    gpus: int
    began: float
    ended: float | None = None


@dataclass(frozen=True, kw_only=True)
class Prices:
    currency: str
    per_hour: Mapping[str, float]
    """By pool."""

    @classmethod
    def parse(cls, text: str) -> "Prices":
        """`USD l4-spot-a=0.36 l4-a=0.92`. Raises BadInput."""
        if not PRICE_LIST_PATTERN.fullmatch(text):
            raise BadInput(f"{PRICES_VARIABLE}: must be a currency and prices by pool, such as USD l4-spot-a=0.36 l4-a=0.92")
        currency, *prices = text.split()
        return cls(
            currency=currency, per_hour={pool: float(price) for pool, _, price in (each.partition("=") for each in prices)}
        )

    def of_node(self, node: str) -> float | None:
        return self.per_hour.get(pool_of_node(node, self.per_hour) or "")


PRICE_LIST_PATTERN = re.compile(r"[A-Z]{3}( [a-z][a-z0-9-]*=[0-9]+(\.[0-9]+)?)+")


@contextmanager
def record_gpu_use(root: Path, gpus: int) -> Iterator[None]:
    """Record how long the block has these GPUs; does nothing for none. Raises DiskFull."""
    if not gpus:
        yield
        return
    interval = GpuInterval(gpus=gpus, began=time.time())
    path = root / GPU_INTERVALS_FOLDER / f"{socket.gethostname()}-{os.getpid()}.json"
    write_atomically(path, interval.model_dump_json())
    try:
        yield
    finally:
        write_atomically(path, interval.model_copy(update={"ended": time.time()}).model_dump_json())


def measure_usage(root: Path, size: int, node: str, prices: Prices | None) -> Usage:
    """The usage of the story in this directory until now; `size` bytes of it are published."""
    leased = (root / LEASE).stat().st_mtime
    seconds = max(0.0, time.time() - leased)
    per_hour = prices.of_node(node) if prices else None
    return Usage(
        node_seconds=round(seconds, 1),
        gpu_seconds=gpu_seconds(root, leased),
        bytes=size,
        cost=None if per_hour is None else round(per_hour * seconds / 3600, 6),
        currency=prices.currency if prices else None,
    )


def gpu_seconds(root: Path, since: float) -> float | None:
    """GPU seconds since the lease; earlier intervals, on a laptop, belong to other runs."""
    recorded = [
        GpuInterval.model_validate(json.loads(path.read_bytes())) for path in sorted((root / GPU_INTERVALS_FOLDER).glob("*.json"))
    ]
    intervals = [interval for interval in recorded if interval.began >= since]
    if any(interval.ended is None for interval in intervals):
        return None
    return round(sum(interval.gpus * max(0.0, (interval.ended or 0.0) - interval.began) for interval in intervals), 1)
