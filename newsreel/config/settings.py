"""What differs from one installation to the next. The manifest of a profile is a function of these and of nothing else."""

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from newsreel.config.values import (
    AddressBlock,
    AddressBlocks,
    Bucket,
    Count,
    Directory,
    Disk,
    Domain,
    FileName,
    GoogleAccount,
    ImagePrefix,
    LabelKey,
    LabelValue,
    Name,
    Person,
    Place,
    Places,
    Port,
    PriceList,
    Project,
    PubSubName,
    SecureServer,
    Server,
    Token,
    Topic,
    Version,
    Webhook,
    WebPage,
)

STRICT = ConfigDict(extra="forbid")
"""What pydantic reads a settings file by: what is misspelt is told."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A kind of machine: how a pod asks for it, and the taints it must put up with."""

    __pydantic_config__ = STRICT

    selector: tuple[LabelKey, LabelValue]
    """One node label, key and value."""
    tolerates: tuple[LabelKey, ...] = ()
    """Taint keys, whatever their value and effect."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """The message trigger: Pub/Sub, Argo Events, and the programs beside them."""

    __pydantic_config__ = STRICT

    project: Project = "newsreel"
    """Google Cloud project of topics and subscriptions."""
    subscription: PubSubName = "argo"
    """Of the topic `stories`, as `newsreel.submission.topics` makes it: ours alone, with dead letters."""
    argo_server: SecureServer = "https://argo-server.argo.svc:2746"
    argo_server_authority: Name = "argo-server-tls"
    """Secret in our namespace with the key `ca.crt`, by which the Argo server is known."""
    submitter_account: Name = "newsreel-submitter"
    """Service account in whose name the Sensor submits."""
    events_account: Name = "newsreel-events"
    """Service account of EventSource and letters, with Workload Identity for Pub/Sub."""
    google_account: GoogleAccount | None = None
    """The Google service account that may pull and publish, NAME@PROJECT.iam.gserviceaccount.com."""
    watch_account: Name = "newsreel-watch"
    """Service account of what submits lost stories, with Workload Identity for the buckets."""
    watch_google_account: GoogleAccount | None = None
    """The Google service account that may list the buckets and write below the finals."""
    storage_class: Name | None = None
    """Of the EventBus' disks; None is the cluster's own."""
    disk: Disk = "10Gi"
    """Of each of the three."""
    bus_version: Version = "2.10.10"
    """Of NATS, one that Argo Events' controller knows (argo-events, `controller-config.yaml`)."""


@dataclass(frozen=True, kw_only=True)
class Newsroom:
    """The newsroom page, behind Google's Identity-Aware Proxy or behind a proxy of your own that signs people in."""

    __pydantic_config__ = STRICT

    host: Domain
    """What the page is asked for as: newsroom.example.org."""
    topic: Topic
    """That stories are announced on: projects/NAME/topics/stories."""
    writers: tuple[Person, ...] = ()
    """Who may write: e-mail addresses, or whole domains as @example.org."""
    publishers: tuple[Person, ...] = ()
    """Who may also send off what is written."""
    account: Name = "newsreel-newsroom"
    """Service account, with Workload Identity for buckets and topic."""
    google_account: GoogleAccount | None = None
    """The Google service account that may write stories, read videos and publish messages."""
    proxy_namespace: Name | None = None
    """Where a proxy of your own is; it sends X-Forwarded-Email, and as X-Newsroom-Proxy what the Secret `newsroom-proxy` has
    under `secret`. None: Google's Identity-Aware Proxy."""
    audience: Token = "of-no-load-balancer-yet"
    """Whom IAP's sign-in must be for: /projects/NUMBER/global/backendServices/ID. The load balancer is made from these very
    manifests, so it is known after the first `newsreel apply`, and until then nobody is let in:
    `gcloud compute backend-services list --global --filter=name~newsroom --format='value(id)'`."""
    client: Token = "of-no-client-yet"
    """OAuth client that IAP signs people in with; its secret is what the Secret `newsroom-iap` has under `key`."""
    certificates: Name = "newsroom"
    """Certificate map with the host's certificate (Google Cloud, "Certificate Manager")."""
    address: Name | None = None
    """Name of the global address that the host's name points to; None takes any."""
    product_events: Literal["none", "log", "mixpanel"] = "none"
    """Where it goes who does what (`cluster.newsroom.telemetry`); for Mixpanel the Secret `newsroom-mixpanel` has the `token`."""
    mixpanel_host: Domain = "api.mixpanel.com"
    mixpanel_addresses: tuple[AddressBlock, ...] = ()
    """Address blocks it is at."""


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """Prometheus, as it is in this cluster."""

    __pydantic_config__ = STRICT

    kind: Literal["google", "operator", "annotations"] = "google"
    """Google's managed one; one of prometheus-operator; or one that asks pods with the annotation prometheus.io/scrape."""
    namespace: Name = "gmp-system"
    """Where it asks from (on Autopilot gke-gmp-system)."""


@dataclass(frozen=True, kw_only=True)
class Manager:
    """What buys story nodes and gives them back, in the cluster itself: mode `pool` of cluster/pool.yaml."""

    __pydantic_config__ = STRICT

    pool: FileName
    """The text of pool.yaml; in a settings file, where that lies, from the settings file's own folder."""
    runs: Literal["deployment", "cronjob"] = "deployment"
    """All the time, or for one round every two minutes."""
    account: Name = "newsreel-manager"
    """Service account, with Workload Identity for node pools, Monitoring and the bucket of what it remembers."""
    google_account: GoogleAccount | None = None
    """The Google service account that may change node pools and hear the subscription `manager`,
    NAME@PROJECT.iam.gserviceaccount.com."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    __pydantic_config__ = STRICT

    namespace: Name = "newsreel"
    """Where stories run."""
    argo_namespace: Name = "argo"
    """Where Argo's controller is."""
    image_prefix: ImagePrefix = "newsreel"
    """Registry and folder of our images, without the closing slash."""
    ssd_root: Directory = "/var/lib/kubelet/newsreel"
    """Directory of a story node's local SSD below which each story has its own. On GKE the SSDs are /var/lib/kubelet."""
    story_pool: Pool = Pool(selector=("newsreel/pool", "stories"), tolerates=("nvidia.com/gpu",))
    """Machines that stories are made on, by a label that all such pools share: several zones, several kinds of GPU."""
    system_pool: Pool = Pool(selector=("cloud.google.com/gke-nodepool", "system"))
    """Machines that are always there: what needs no story node runs here."""
    story_disk: Disk = "40Gi"
    """Local disk a story may use. More than half of what a node offers places one story a node."""
    weights: Place = "gs://newsreel-weights/weights.yaml"
    """Address of the catalogue of weights, see `newsreel.weights.catalogue`; it is read only for a voice that needs some."""
    addresses: Places = (
        "gs://newsreel-stories/",
        "gs://newsreel-finals/",
        "gs://newsreel-weights/",
    )
    """Address prefixes that stories may be read from and videos published under."""
    stories: Place = "gs://newsreel-stories"
    """Where drafts, revisions and pictures are kept; a message's story must lie below. Only `events` and `newsroom` read it."""
    finals: Place = "gs://newsreel-finals"
    """Where a video is published unless who submits it names another of the addresses; a message has no say in it."""
    units: Place | None = None
    """Where finished work of a story is kept for its next revision, of which only what changed is made then
    (`newsreel.storage.unit_cache`);
    None: each revision is made as a whole. Steps alone read and write it, so it is none of the addresses."""
    step_account: Name = "newsreel-step"
    """Service account of what needs no cloud right at all."""
    storage_account: Name = "newsreel-storage"
    """Service account with Workload Identity for the buckets."""
    executor_account: Name = "newsreel-executor"
    """Service account Argo's own containers report a step's result with; steps get no token."""
    reconciler_account: Name = "newsreel-reconciler"
    """Service account of what begins a story elsewhere when its node is lost."""
    deadline_hours: Count = 3
    """How long a story may take in all, attempts on other nodes included."""
    stories_at_once: Count = 20
    """How many stories may be under way; more wait their turn, breaking news first. Where there is a manager, what its pools can
    hold, unless a settings file says otherwise."""
    service_replicas: Count = 2
    """How many there are of each service that steps call."""
    prices: PriceList | None = None
    """What a node of each pool costs an hour, for a video's report: `USD l4-spot-a=0.36 l4-a=0.92`. Where there is a manager,
    what its pool.yaml says."""
    gpus_a_node: Count = 1
    """What a machine of the story pool has."""
    editors: tuple[Token, ...] = ()
    """Groups, as the cluster knows them, whose people may submit stories and look at them."""
    google_account: GoogleAccount | None = None
    """The Google service account that may read stories and write videos, NAME@PROJECT.iam.gserviceaccount.com."""
    api_servers: AddressBlocks = ("172.16.0.0/28",)
    """Address blocks of the Kubernetes API: a private cluster's control plane."""
    storage_addresses: AddressBlocks = ("199.36.153.8/30",)
    """Address blocks of Cloud Storage: private.googleapis.com (Google Cloud, "Configure Private Google Access")."""
    storage_port: Port = 443
    previews_bucket: Bucket | None = None
    """Where Argo keeps the poster, captions and report that its page shows; None: it shows none."""
    newsroom_url: WebPage | None = None
    """Where the newsroom page is, for the links in the Argo UI; by default where `newsroom` is."""
    done_topic: Topic | None = None
    """Pub/Sub topic that is told how each story has ended, projects/NAME/topics/stories-done."""
    webhook: Webhook | None = None
    """https address that is told the same, signed (`newsreel.notifications.notifier`)."""
    webhook_receivers: tuple[Webhook, ...] = ()
    """https prefixes; who sends a story off may name an address below one of them, which is told of this story's end."""
    webhook_secret: Name = "newsreel-webhook"  # noqa: S105
    """Secret in the namespace with the key `secret`, by which the webhook's messages are signed."""
    webhook_addresses: tuple[AddressBlock, ...] = ()
    """Address blocks that webhook and receivers are at."""
    archive_host: Server | None = None
    """The PostgreSQL that keeps what is collected from the cluster; None keeps nothing longer than the cluster does."""
    events: Events | None = None
    """How a message becomes a workflow; None: none does."""
    newsroom: Newsroom | None = None
    """The newsroom page; None: there is none."""
    manager: Manager | None = None
    """What buys story nodes from within the cluster; None: nothing does."""
    monitoring: Monitoring | None = None
    """Who asks for what is counted; None: nobody may."""
