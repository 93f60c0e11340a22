"""Waiting for what has no watch of its own."""

import time
from collections.abc import Callable

from tests.cluster.live.cluster import Cluster
from tests.cluster.live.machines import directories
from tests.cluster.live.records import Record

__all__ = ["await_truth", "nothing_is_left"]


def await_truth(holds: Callable[[], bool], seconds: float) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(1)


def nothing_is_left(cluster: Cluster, record: Record) -> None:
    """No pod that holds a machine or a GPU, no directory. Raises TimeoutError."""
    await_truth(lambda: not cluster.living(record.name), 60)
    await_truth(lambda: not any(record.uid in names for names in directories(cluster).values()), 60)
