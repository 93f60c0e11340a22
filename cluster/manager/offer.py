"""A kind of node that may be bought: an entry of `offers` in pool.yaml."""

from typing import Annotated

from pydantic import Field

from cluster.manager.fields import Name, Record, Some, Zone

__all__ = ["Offer"]


class Offer(Record):
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
