"""What differs in the message trigger from one installation to the next."""

from dataclasses import dataclass

__all__ = ["Events"]


@dataclass(frozen=True, kw_only=True)
class Events:
    project: str = "newsreel"
    """Google Cloud project of topics and subscriptions."""
    subscription: str = "argo"
    """Of the topic `stories`, as `cluster.messages.topics` makes it: ours alone, with dead letters."""
    stories: str = "gs://newsreel-stories"
    """Prefix that a message's story must lie under."""
    finals: str = "gs://newsreel-finals"
    """Where videos are published: the message has no say in it."""
    argo_server: str = "https://argo-server.argo.svc:2746"
    argo_server_authority: str = "argo-server-tls"
    """Secret in our namespace with the key `ca.crt`, by which the Argo server is known."""
    submitter_account: str = "newsreel-submitter"
    """Service account in whose name the Sensor submits."""
    events_account: str = "newsreel-events"
    """Service account of EventSource and letters, with Workload Identity for Pub/Sub."""
    google_account: str | None = None
    """The Google service account that may pull and publish, NAME@PROJECT.iam.gserviceaccount.com."""
    watch_account: str = "newsreel-watch"
    """Service account of what submits lost stories, with Workload Identity for the buckets."""
    watch_google_account: str | None = None
    """The Google service account that may list the buckets and write below the finals."""
    monitoring_namespace: str | None = None
    """Where Prometheus is, which then may ask our programs and the EventBus for their numbers; None lets nobody."""
    storage_class: str | None = None
    """Of the EventBus' disks; None is the cluster's own."""
    disk: str = "10Gi"
    """Of each of the three."""
    bus_version: str = "2.10.10"
    """Of NATS, one that Argo Events' controller knows (argo-events, `controller-config.yaml`)."""
