"""The model of newsreel.yaml: how the installation is built, where stories run, what that costs, where ends are reported to.

Without `site` it describes an installation on any Kubernetes cluster (`Config`); with `site`, one on GKE (`GkeConfig`), where
values that are not given follow from project and cluster name (`newsreel.config.settings`).
"""

from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from newsreel.config.gke import Delays, Market, NodePoolOption, Policy, Site, Work
from newsreel.config.names import Bucket, Names
from newsreel.config.values import (
    AddressBlock,
    AddressBlocks,
    BucketName,
    ClusterName,
    Count,
    Currency,
    Date,
    Directory,
    Disk,
    Domain,
    GkeProject,
    GoogleAccount,
    Group,
    ImagePrefix,
    LabelKey,
    LabelValue,
    Location,
    Member,
    Name,
    NonNegative,
    Person,
    Place,
    Places,
    PoolName,
    Port,
    Project,
    PubSubName,
    Range,
    SecureServer,
    Server,
    Token,
    Topic,
    Webhook,
    WebPage,
    Zone,
)
from newsreel.submission.topics import HEARD, PULLED


class Cluster(Group):
    """The Kubernetes cluster."""

    namespace: Name = "newsreel"
    """Namespace in which stories run."""
    image_prefix: ImagePrefix = "newsreel"
    """Registry and folder of our images; on GKE by default the registry that Terraform makes."""
    api_servers: AddressBlocks = ("172.16.0.0/28",)
    """Address blocks of the Kubernetes API; on GKE by default `site.network.control_plane`."""
    editors: tuple[Token, ...] = ()
    """Groups whose people may submit; on GKE, Google groups below gke-security-groups@ (GKE, "Google Groups for RBAC")."""
    service_replicas: Count = 2
    """Replicas of each service that steps call, and of the newsroom."""
    mode: Literal["pool", "cluster"] = "pool"
    """GKE: `pool`: only story nodes come and go; `cluster`: the manager, outside, creates and deletes the whole cluster."""
    project: GkeProject | None = None
    """GKE: the Google Cloud project."""
    location: Location | None = None
    """GKE: a region, or a single zone of it."""
    name: ClusterName | None = None
    """GKE: the cluster's name; buckets, accounts and the network are named after it."""
    install: Annotated[tuple[str, ...], Field(min_length=1)] = ("make", "deploy", "YES=1")
    """GKE, mode cluster: command that is run when a new cluster is up."""
    create_minutes: Range = Range(least=5, usual=6.5, most=12)
    """GKE, mode cluster: time until a new cluster is up; assumed."""
    install_minutes: Range = Range(least=1.5, usual=3, most=8)
    """GKE, mode cluster: time until `install` is done; assumed."""


class GkeClusterConfig(Cluster):
    project: GkeProject
    location: Location
    name: ClusterName

    @property
    def path(self) -> str:
        """The cluster's name in Google's API."""
        return f"projects/{self.project}/locations/{self.location}/clusters/{self.name}"

    @property
    def region(self) -> str:
        return self.location[:-2] if self.location[-2] == "-" else self.location

    @property
    def names(self) -> Names:
        return Names(self.project, self.name)

    @property
    def subscription(self) -> str:
        """The subscription whose undelivered messages are counted: the one that the message trigger pulls from."""
        return PULLED

    @property
    def manager_subscription(self) -> str:
        """The manager's own subscription, by Pub/Sub's full name."""
        return f"projects/{self.project}/subscriptions/{HEARD}"

    @property
    def manager_state(self) -> str:
        """The object in which the manager keeps its state and its lease."""
        return f"{self.names.address(Bucket.MANAGER)}/manager.json"


class Argo(Group):
    """Argo Workflows in this cluster."""

    namespace: Name = "argo"
    """Namespace of Argo's controller and server."""
    archive_host: Server | None = None
    """PostgreSQL server that archives workflows; without one they are kept no longer than the cluster keeps them."""
    newsroom_url: WebPage | None = None
    """Address of the newsroom page, for the links in the Argo UI; by default that of `newsroom.host`."""


class NodeSelection(Group):
    """How a pod asks for a kind of node."""

    selector: tuple[LabelKey, LabelValue]
    """One node label: key and value."""
    tolerates: tuple[LabelKey, ...] = ()
    """Keys of tolerated taints, whatever their value and effect."""


class Placement(Group):
    """On which nodes pods run."""

    story_pool: NodeSelection = NodeSelection(selector=("newsreel/pool", "stories"), tolerates=("nvidia.com/gpu",))
    """Nodes on which stories are made; all such pools share the label, in several zones and with several kinds of GPU."""
    system_pool: NodeSelection = NodeSelection(selector=("cloud.google.com/gke-nodepool", "system"))
    """Nodes that are always there, for what needs no story node."""
    ssd_root: Directory = "/var/lib/kubelet/newsreel"
    """Directory of a story node's local SSD below which each story has its own; on GKE the SSDs are /var/lib/kubelet."""


class Story(Group):
    """Limits of a story, and of all together."""

    disk: Disk = "40Gi"
    """Local disk a story may use; more than half of what a node offers places one story a node."""
    deadline_hours: Count = 3
    """Hours a story may take in all, attempts on other nodes included."""
    at_once: Count = 20
    """Stories that may run at once, more wait, breaking news first; on GKE by default 1.25 for each node there may be."""


class Storage(Group):
    """Where stories, videos and weights are; on GKE, buckets and account are by default those that Terraform makes."""

    stories: Place = "gs://newsreel-stories"
    """Drafts, revisions and pictures; the story of a message must lie below. Read by `events` and `newsroom` alone."""
    finals: Place = "gs://newsreel-finals"
    """Where a video is published unless its submitter names another of the addresses; a message cannot."""
    weights: Place = "gs://newsreel-weights/weights.yaml"
    """Catalogue of weights (`newsreel.weights.catalogue`); read only for a voice or presenter that needs some."""
    units: Place | None = None
    """Where finished work is kept for a story's next revision (`newsreel.storage.unit_cache`); must be none of the addresses."""
    previews_bucket: BucketName | None = None
    """Bucket in which Argo keeps the poster, captions and report that its page shows; without one it shows none."""
    addresses: Places = ("gs://newsreel-stories/", "gs://newsreel-finals/", "gs://newsreel-weights/")
    """Address prefixes that stories may be read from and videos published under."""
    google_account: GoogleAccount | None = None
    """Google service account that may read stories and write videos."""
    address_blocks: AddressBlocks = ("199.36.153.8/30",)
    """Address blocks of Cloud Storage: private.googleapis.com (Google Cloud, "Configure Private Google Access")."""
    port: Port = 443
    """Port of Cloud Storage."""


class Notifications(Group):
    """Where the end of a story is reported to (`newsreel.notifications.notifier`)."""

    done_topic: Topic | None = None
    """Pub/Sub topic that every end is published to; on GKE by default `stories-done`."""
    webhook: Webhook | None = None
    """https address that every end is posted to, signed."""
    webhook_receivers: tuple[Webhook, ...] = ()
    """https prefixes; a submitter may name an address below one of them for that story's end."""
    webhook_secret: Name = "newsreel-webhook"  # noqa: S105 - the name of a Secret
    """Secret in the namespace whose key `secret` signs the webhook's messages."""
    webhook_addresses: tuple[AddressBlock, ...] = ()
    """Address blocks of webhook and receivers, for the NetworkPolicy."""


class Events(Group):
    """The message trigger: a Pub/Sub message becomes a Workflow, by Argo Events and the programs beside it."""

    project: Project = "newsreel"
    """Google Cloud project of topics and subscriptions; on GKE by default the cluster's."""
    subscription: PubSubName = "argo"
    """Subscription of the topic `stories` (`newsreel.submission.topics`), used by this installation alone."""
    argo_server: SecureServer = "https://argo-server.argo.svc:2746"
    """Address of the Argo server."""
    argo_server_authority: Name = "argo-server-tls"
    """Secret in the namespace whose key `ca.crt` is the authority of the Argo server's certificate."""
    google_account: GoogleAccount | None = None
    """Google service account that may pull and publish messages."""
    watch_google_account: GoogleAccount | None = None
    """Google service account that may list the buckets and write below the finals."""
    storage_class: Name | None = None
    """Storage class of the EventBus' three disks; by default the cluster's own."""
    disk: Disk = "10Gi"
    """Size of each of the three disks."""


class Newsroom(Group):
    """The newsroom page, behind Google's Identity-Aware Proxy (IAP) or behind a proxy of your own that signs people in."""

    host: Domain
    """Host name of the page."""
    topic: Topic = "projects/newsreel/topics/stories"
    """Topic on which stories are announced; must be given but on GKE, where it is by default `stories`."""
    writers: tuple[Person, ...] = ()
    """Who may write: e-mail addresses, or whole domains such as @example.org."""
    publishers: tuple[Person, ...] = ()
    """Who may also submit what is written."""
    google_account: GoogleAccount | None = None
    """Google service account that may write stories, read videos and publish messages."""
    proxy_namespace: Name | None = None
    """Namespace of your own proxy: it sends X-Forwarded-Email, and `secret` of Secret `newsroom-proxy` as X-Newsroom-Proxy."""
    audience: Token = "of-no-load-balancer-yet"
    """Audience of IAP's signature, /projects/NUMBER/global/backendServices/ID; known when the load balancer is made."""
    client: Token = "of-no-client-yet"
    """OAuth client that IAP signs people in with; its secret is the key `key` of Secret `newsroom-iap`."""
    admits: tuple[Member, ...] = ()
    """GKE: whom IAP lets in."""
    certificates: Name = "newsroom"
    """Certificate map with the host's certificate (Google Cloud, "Certificate Manager")."""
    address: Name | None = None
    """Name of the global address of the load balancer; by default any."""
    product_events: Literal["none", "log", "mixpanel"] = "none"
    """Where events of use go (`cluster.newsroom.telemetry`); Mixpanel's token is key `token` of Secret `newsroom-mixpanel`."""
    mixpanel_host: Domain = "api.mixpanel.com"
    """Host of Mixpanel."""
    mixpanel_addresses: tuple[AddressBlock, ...] = ()
    """Address blocks of Mixpanel, for the NetworkPolicy."""


class Monitoring(Group):
    """Prometheus, as it is in this cluster."""

    kind: Literal["google", "operator", "annotations"] = "google"
    """Google's managed one; prometheus-operator's; or one that scrapes pods with the annotation prometheus.io/scrape."""
    namespace: Name = "gmp-system"
    """Namespace it scrapes from (on Autopilot gke-gmp-system)."""


class Manager(Group):
    """What buys story nodes and gives them back, in the cluster itself: GKE, mode `pool`."""

    runs: Literal["deployment", "cronjob"] = "deployment"
    """All the time, or for one round every two minutes."""
    google_account: GoogleAccount | None = None
    """Google service account that may change node pools and pull from the subscription `manager`."""


class Prices(Group):
    """What is paid; the defaults are examples, not quotes."""

    dated: Date = "2026-11-22"
    """Day of the prices."""
    currency: Currency = "USD"
    """Currency of all prices."""
    nodes: dict[PoolName, NonNegative] = Field(default_factory=dict)
    """Price of a node an hour by pool, for a video's report; on GKE by default those of `node_pools`."""
    control_plane_an_hour: NonNegative = 0.10
    """GKE's fee for the cluster."""
    lasting_an_hour: NonNegative = 0.07
    """What is paid also without a cluster: address translation, load balancer, a little storage."""


class Config(Group):
    """The configuration of an installation: on any Kubernetes cluster, and with `site` on GKE."""

    cluster: Cluster = Cluster()
    """The Kubernetes cluster."""
    site: Site | None = None
    """GKE: how the cluster is built; without it the installation is not on GKE."""
    node_pools: Annotated[tuple[NodePoolOption, ...], Field(max_length=20)] = ()
    """GKE: kinds of node that stories are made on, the preferred one first; each is a node pool in one zone."""
    zones: dict[Zone, tuple[PoolName, ...]] = Field(default_factory=dict)
    """GKE: accelerators of each zone (Google's list "GPU regions and zones"); a node pool that names another is refused."""
    policy: Policy = Policy()
    """GKE: when the manager buys story nodes and gives them back."""
    prices: Prices = Prices()
    """What is paid."""
    delays: Delays = Delays()
    """GKE: how long nodes take to come and go."""
    work: Work = Work()
    """GKE: how long stories take."""
    market: Market = Market()
    """GKE: quotas, and what the simulation assumes of spot nodes."""
    argo: Argo = Argo()
    """Argo Workflows in this cluster."""
    placement: Placement = Placement()
    """On which nodes pods run."""
    story: Story = Story()
    """Limits of a story, and of all together."""
    storage: Storage = Storage()
    """Where stories, videos and weights are."""
    notifications: Notifications = Notifications()
    """Where the end of a story is reported to."""
    events: Events | None = None
    """The message trigger; without it no message becomes a workflow. On GKE it is there by default."""
    newsroom: Newsroom | None = None
    """The newsroom page; without it there is none."""
    monitoring: Monitoring | None = None
    """Prometheus; without it nothing is scraped. On GKE it is there by default."""
    manager: Manager | None = None
    """What buys story nodes from within the cluster. On GKE it is there by default, in mode `pool`."""


class GkeConfig(Config):
    """A newsreel.yaml with `site`."""

    cluster: GkeClusterConfig
    site: Site

    @property
    def always_on_an_hour(self) -> float:
        """Cost while there is a cluster, whether it has stories or not."""
        return self.prices.control_plane_an_hour + self.site.system.least * self.site.system.an_hour

    @property
    def stories_at_once(self) -> int:
        """As many as there may be nodes, and a quarter more: while one is checked before it has a node, or is reported after, no
        node is to be idle for want of another."""
        return ceil(1.25 * sum(option.most for option in self.node_pools))
