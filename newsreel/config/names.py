"""Names of Kubernetes service accounts, and of everything in Google Cloud, derived from the cluster's name and project.

Topics and subscriptions are named by `newsreel.submission.topics`.
"""

from dataclasses import dataclass
from enum import StrEnum

STEP_ACCOUNT = "newsreel-step"
"""Kubernetes service account of what needs no cloud right at all."""
STORAGE_ACCOUNT = "newsreel-storage"
"""... of steps that read and write buckets, with Workload Identity."""
EXECUTOR_ACCOUNT = "newsreel-executor"
"""... with which Argo's own containers report a step's result; steps get no token."""
RECONCILER_ACCOUNT = "newsreel-reconciler"
"""... of what begins a story elsewhere when its node is lost."""
SUBMITTER_ACCOUNT = "newsreel-submitter"
"""... with which the Sensor submits."""
EVENTS_ACCOUNT = "newsreel-events"
"""... of EventSource and dead-letter server, with Workload Identity for Pub/Sub."""
WATCH_ACCOUNT = "newsreel-watch"
"""... of what submits lost stories, with Workload Identity for the buckets."""
NEWSROOM_ACCOUNT = "newsreel-newsroom"
"""... of the newsroom page, with Workload Identity for buckets and topic."""
MANAGER_ACCOUNT = "newsreel-manager"
"""... of the manager, with Workload Identity for node pools, Monitoring and the bucket of its state."""

POOL_LABEL = "newsreel/pool"
"""Of every machine: `stories` or `system`."""
STORY_TAINT = (POOL_LABEL, "stories")
"""Of story machines: what is not a story would keep them from being given back."""
GPU_TAINT = ("nvidia.com/gpu", "present")
"""Of those with a GPU; GKE would set it by itself, said here it is known."""


class Bucket(StrEnum):
    STORIES = "stories"
    FINALS = "finals"
    PREVIEWS = "previews"
    UNITS = "units"
    WEIGHTS = "weights"
    MANAGER = "manager"


class Account(StrEnum):
    """Google service accounts: who a program of ours is to Google Cloud."""

    NODES = "nodes"
    STORAGE = "storage"
    EVENTS = "events"
    WATCH = "watch"
    NEWSROOM = "newsroom"
    MANAGER = "manager"
    ARGO = "argo"


@dataclass(frozen=True)
class Names:
    project: str
    cluster: str

    @property
    def bucket_prefix(self) -> str:
        """Names of buckets are everybody's: the project's own is what makes ours different from others'."""
        return f"{self.project}-{self.cluster}"

    def bucket(self, which: Bucket) -> str:
        return f"{self.bucket_prefix}-{which.value}"

    def address(self, which: Bucket) -> str:
        return f"gs://{self.bucket(which)}"

    @property
    def state(self) -> str:
        """The bucket in which Terraform keeps what it has made; made by `up`, before Terraform can make any."""
        return f"{self.bucket_prefix}-terraform"

    def account(self, which: Account) -> str:
        """As IAM and Workload Identity know it."""
        return f"{self.account_id(which)}@{self.project}.iam.gserviceaccount.com"

    def account_id(self, which: Account) -> str:
        return f"{self.cluster}-{which.value}"

    @property
    def workload_pool(self) -> str:
        return f"{self.project}.svc.id.goog"

    def images(self, region: str) -> str:
        """What stands before an image's name."""
        return f"{region}-docker.pkg.dev/{self.project}/{self.cluster}"
