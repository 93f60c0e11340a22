"""Which pool a machine of GKE's is of, by its name alone: what a step and an ended story still know of it."""

import re
from collections.abc import Iterable

__all__ = ["pool_of_node"]


def pool_of_node(node: str, pools: Iterable[str]) -> str | None:
    """GKE names a machine `gke-CLUSTER-POOL-HASH-XXXX`; None where that is none of `pools`, as when a long name was cut short.

    >>> pool_of_node("gke-newsreel-l4-spot-a-1a2b3c4d-x7k9", ["l4-a", "l4-spot-a"])
    'l4-spot-a'
    """
    named = [pool for pool in pools if re.fullmatch(rf"gke-.+-{re.escape(pool)}-[0-9a-f]{{8}}-[a-z0-9]{{4}}", node)]
    return max(named, key=len, default=None)
