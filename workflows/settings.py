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
    namespace: str = "newsreel"
    """Where stories run."""
    argo_namespace: str = "argo"
    """Where Argo's controller is."""
    image_prefix: str = "newsreel"
    """Registry and folder of our images, without the closing slash."""
    ssd_root: str = "/var/lib/kubelet/newsreel"
    """Directory of a story node's local SSD below which each story has its own. On GKE the SSDs are /var/lib/kubelet."""
    story_pool: Pool = Pool(selector=("newsreel/pool", "stories"), tolerates=("nvidia.com/gpu",))
    """Machines that stories are made on, by a label that all such pools share: several zones, several kinds of GPU."""
    system_pool: Pool = Pool(selector=("cloud.google.com/gke-nodepool", "system"))
    """Machines that are always there: what needs no story node runs here."""
    story_disk: str = "40Gi"
    """Local disk a story may use. More than half of what a node offers places one story a node."""
    weights: str = "gs://newsreel-weights/weights.yaml"
    """Address of the catalogue of weights, see `steps.catalogue`; it is read only for a voice that needs some."""
    addresses: tuple[str, ...] = ("gs://newsreel-stories/", "gs://newsreel-finals/", "gs://newsreel-weights/")
    """Address prefixes that stories may be read from and videos published under."""
    step_account: str = "newsreel-step"
    """Service account of what needs no cloud right at all."""
    storage_account: str = "newsreel-storage"
    """Service account with Workload Identity for the buckets."""
    executor_account: str = "newsreel-executor"
    """Service account Argo's own containers report a step's result with; steps get no token."""
    reconciler_account: str = "newsreel-reconciler"
    """Service account of what begins a story elsewhere when its node is lost."""
    deadline_hours: int = 3
    """How long a story may take in all, attempts on other nodes included."""
    stories_at_once: int = 20
    """How many stories may be under way; more wait their turn, breaking news first."""
    service_replicas: int = 2
    """How many there are of each service that steps call."""
    gpus_a_node: int = 1
    """What a machine of the story pool has."""
    editors: tuple[str, ...] = ()
    """Groups, as the cluster knows them, whose people may submit stories and look at them."""
    google_account: str | None = None
    """The Google service account that may read stories and write videos, NAME@PROJECT.iam.gserviceaccount.com."""
    api_servers: tuple[str, ...] = ("172.16.0.0/28",)
    """Address blocks of the Kubernetes API: a private cluster's control plane."""
    storage_addresses: tuple[str, ...] = ("199.36.153.8/30",)
    """Address blocks of Cloud Storage: private.googleapis.com (Google Cloud, "Configure Private Google Access")."""
    storage_port: int = 443
    previews_bucket: str | None = None
    """Where Argo keeps the poster, captions and report that its page shows; None: it shows none."""
    newsroom_url: str | None = None
    """Where the newsroom page is, for the links in the Argo UI."""
    done_topic: str | None = None
    """Pub/Sub topic that is told how each story has ended, projects/NAME/topics/stories-done."""
    webhook: str | None = None
    """https address that is told the same, signed (`steps.signature`)."""
    webhook_secret: str = "newsreel-webhook"  # noqa: S105
    """Secret in the namespace with the key `secret`, by which the webhook's messages are signed."""
    webhook_addresses: tuple[str, ...] = ()
    """Address blocks the webhook is at."""
    archive_host: str | None = None
    """The PostgreSQL that keeps what is collected from the cluster; None keeps nothing longer than the cluster does."""
