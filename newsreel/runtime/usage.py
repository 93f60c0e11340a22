"""What a video has taken: of its node, of GPUs, in money. Told in its report, in its manifest, and when the workflow ends.

A step that was given GPUs leaves in the story's directory when it began and ended (gpus/POD.json); the node is the story's from
its lease on. What cannot be told is None, never zero.

Which pool a machine of GKE's is of, by its name alone: what a step and an ended story still know of it.
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
from newsreel.workspace import LEASE, write_atomically


def pool_of_node(node: str, pools: Iterable[str]) -> str | None:
    """GKE names a machine `gke-CLUSTER-POOL-HASH-XXXX`; None where that is none of `pools`, as when a long name was cut short.

    >>> pool_of_node("gke-newsreel-l4-spot-a-1a2b3c4d-x7k9", ["l4-a", "l4-spot-a"])
    'l4-spot-a'
    """
    named = [pool for pool in pools if re.fullmatch(rf"gke-.+-{re.escape(pool)}-[0-9a-f]{{8}}-[a-z0-9]{{4}}", node)]
    return max(named, key=len, default=None)


GPUS_VARIABLE, PRICES_VARIABLE = "NEWSREEL_GPUS", "NEWSREEL_PRICES"
"""Variables: how many GPUs the container was given; what a node of each pool costs an hour."""
GPU_INTERVALS_FOLDER = "gpus"
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Usage(BaseModel, frozen=True):
    node_seconds: NonNegative
    """From the lease to publication: so long the node, or the laptop, was this story's alone."""
    gpu_seconds: NonNegative | None
    """GPUs given, times the seconds of the program; None where one was killed before it could say how long it ran."""
    bytes: int
    """Of what is published beside the report."""
    cost: NonNegative | None
    """Of the node alone, at the prices given; None where its kind, or its price, is not known."""
    currency: str | None
    """None where no prices are given."""


class GpuInterval(BaseModel, frozen=True):
    """A program's time with its GPUs, in seconds of `time.time`."""

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
    """Note how long the block holds so many GPUs; with none, nothing. Raises DiskFull."""
    if not gpus:
        yield
        return
    spell = GpuInterval(gpus=gpus, began=time.time())
    path = root / GPU_INTERVALS_FOLDER / f"{socket.gethostname()}-{os.getpid()}.json"
    write_atomically(path, spell.model_dump_json())
    try:
        yield
    finally:
        write_atomically(path, spell.model_copy(update={"ended": time.time()}).model_dump_json())


def measure_usage(root: Path, size: int, node: str, prices: Prices | None) -> Usage:
    """What the story in this directory has taken until now; `size` bytes of it are published."""
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
    """What was begun under an earlier lease, on a laptop, is not of this run."""
    told = [
        GpuInterval.model_validate(json.loads(path.read_bytes())) for path in sorted((root / GPU_INTERVALS_FOLDER).glob("*.json"))
    ]
    spells = [spell for spell in told if spell.began >= since]
    if any(spell.ended is None for spell in spells):
        return None
    return round(sum(spell.gpus * max(0.0, (spell.ended or 0.0) - spell.began) for spell in spells), 1)
