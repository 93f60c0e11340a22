"""What is in the simulated cluster: stories, machines, and the node pools they are of."""

from dataclasses import dataclass, field

from cluster.simulate.arrivals import Arrival
from newsreel.config.gke import NodePoolOption

__all__ = ["Kind", "Machine", "Story"]


@dataclass(eq=False)
class Story:
    arrival: Arrival
    since: float
    """When it began to wait; again, when its node was taken away."""
    waited: float = 0.0
    finished: float | None = None
    on: "Machine | None" = None


@dataclass(eq=False)
class Machine:
    name: str
    kind: "Kind"
    paid_from: float
    phases: tuple[float, float, float]
    """Seconds: boot, driver, images."""
    ready: bool = False
    cordoned: bool = False
    gone: bool = False
    story: Story | None = None
    free_since: float = 0.0


@dataclass(eq=False)
class Kind:
    """A node pool."""

    offer: NodePoolOption
    in_stock: bool = True
    busy_until: float = 0.0
    """GKE does one thing at a time with a pool."""
    size: int = 0
    bounds: tuple[int, int] | None = None
    machines: dict[str, Machine] = field(default_factory=dict)
    """Those that are paid for."""
    paid: float = 0.0
    """Node seconds."""
    worked: float = 0.0
    """Node seconds of stories that came to their end there."""
    lost: float = 0.0
    """Node seconds of stories whose node was taken away."""
    lack: tuple[str, float] | None = None
    """Why the last machine that was asked for was not to be had, and when."""
