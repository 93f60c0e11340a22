"""What differs from one installation to the next. The manifest of a profile is a function of these and of nothing else."""

from dataclasses import dataclass

__all__ = ["Pool", "Settings"]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A kind of machine: how a pod asks for it, and the taints it must put up with."""

    selector: tuple[str, str]
    """One node label, key and value."""
    tolerates: tuple[str, ...] = ()
    """Taint keys, whatever their value and effect."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    image_prefix: str = "newsreel"
    """Registry and folder of our images, without the closing slash."""
    ssd_root: str = "/var/lib/kubelet/newsreel"
    """Directory of a story node's local SSD below which each story has its own. On GKE the SSDs are /var/lib/kubelet."""
    story_pool: Pool = Pool(selector=("cloud.google.com/gke-nodepool", "gpu"), tolerates=("nvidia.com/gpu",))
    """Machines that stories are made on."""
    system_pool: Pool = Pool(selector=("cloud.google.com/gke-nodepool", "system"))
    """Machines that are always there: what needs no story node runs here."""
    story_disk: str = "40Gi"
    """Local disk a story may use. More than half of what a node offers places one story a node."""
    addresses: tuple[str, ...] = ("gs://newsreel-stories/", "gs://newsreel-finals/")
    """Address prefixes that stories may be read from and videos published under."""
    step_account: str = "newsreel-step"
    """Service account of what needs no cloud right at all."""
    storage_account: str = "newsreel-storage"
    """Service account with Workload Identity for the buckets."""
    executor_account: str = "newsreel-executor"
    """Service account Argo's own containers report a step's result with; steps get no token."""
    deadline_hours: int = 3
    """How long a story may take in all, attempts on other nodes included."""
