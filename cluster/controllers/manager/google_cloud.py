"""Google Cloud: clients with timeout and retries, and queries to GKE, Compute Engine and Cloud Monitoring. None is "unknown"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from google.api_core.exceptions import DeadlineExceeded, InternalServerError, NotFound, ServiceUnavailable, TooManyRequests
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.container_v1 import Cluster as GkeCluster
from google.cloud.container_v1 import ClusterManagerClient, NodePool, StatusCondition
from google.cloud.monitoring_v3 import ListTimeSeriesRequest, MetricServiceClient, TimeInterval

from cluster.controllers.manager.shortage import RECENT_ERRORS
from cluster.controllers.manager.types import Node, Pool, Reading, Stockout
from newsreel.config.model import GkeClusterConfig, GkeConfig
from newsreel.errors import BadInput, Unavailable

GOOGLE_TIMEOUT_SECONDS = 20.0
COMPUTE = ("https://www.googleapis.com/compute/", "https://compute.googleapis.com/compute/")
"""URLs of instance groups begin so; no other host is called with our credentials."""
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, kw_only=True)
class GoogleClients:
    clusters: ClusterManagerClient
    metrics: MetricServiceClient
    session: Any
    """A `requests` session that authorizes its calls, for Compute Engine."""
    compute: tuple[str, ...] = COMPUTE
    calls: dict[str, Any]
    """Timeout and retry, as keyword arguments of each call."""
    credentials: Credentials | None = None


def connect() -> GoogleClients:
    """Use Application Default Credentials. Raises BadInput without any."""
    import google.auth
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[SCOPE])
    except DefaultCredentialsError as fault:
        raise BadInput("no Google credentials; run `gcloud auth application-default login`") from fault
    return GoogleClients(
        clusters=ClusterManagerClient(credentials=credentials),
        metrics=MetricServiceClient(credentials=credentials),
        session=AuthorizedSession(credentials),  # type: ignore[no-untyped-call]
        calls=call_options(),
        credentials=credentials,
    )


def call_options(first: float = 1.0, all_in_all: float = 45.0) -> dict[str, Any]:
    """Timeout and retry: `first` is the first delay in seconds, which doubles, `all_in_all` the limit of all tries."""
    transient = if_exception_type(TooManyRequests, ServiceUnavailable, DeadlineExceeded, InternalServerError)
    return {"timeout": GOOGLE_TIMEOUT_SECONDS, "retry": Retry(transient, initial=first, maximum=10 * first, timeout=all_in_all)}


ClusterState = Literal["absent", "coming", "there", "going", "broken"]
CLUSTER_STATES: dict[Any, ClusterState] = {
    GkeCluster.Status.PROVISIONING: "coming",
    GkeCluster.Status.RUNNING: "there",
    GkeCluster.Status.RECONCILING: "there",
    GkeCluster.Status.DEGRADED: "there",
    GkeCluster.Status.STOPPING: "going",
    GkeCluster.Status.ERROR: "broken",
}
CHANGING = {NodePool.Status.PROVISIONING, NodePool.Status.RECONCILING, NodePool.Status.STOPPING}
STOCKOUT_CONDITIONS = {StatusCondition.Code.GCE_STOCKOUT, StatusCondition.Code.GCE_QUOTA_EXCEEDED}
STOCKOUT_CODES = ("ZONE_RESOURCE_POOL_EXHAUSTED", "QUOTA_EXCEEDED", "RESOURCE_NOT_FOUND", "STOCKOUT")
"""Compute Engine's error codes contain one of these if a machine type is unavailable in the zone."""


def find_cluster(google: GoogleClients, cluster: GkeClusterConfig) -> GkeCluster | None:
    """None where there is none. Raises GoogleAPICallError, RetryError and GoogleAuthError."""
    try:
        return google.clusters.get_cluster(name=cluster.path, **google.calls)
    except NotFound:
        return None


def cluster_state(found: GkeCluster | None) -> ClusterState | None:
    return "absent" if found is None else CLUSTER_STATES.get(found.status)


@dataclass(frozen=True)
class InstanceGroup:
    """Managed instance group of a node pool."""

    size: int
    lack: Stockout | None


def list_pools(
    found: GkeCluster, nodes: dict[str, tuple[Node, ...]], google: GoogleClients, parameters: GkeConfig, now: datetime
) -> tuple[Pool, ...]:
    """The offered pools that the cluster has; others are left out, and so never resized."""
    offered = {offer.pool for offer in parameters.node_pools}
    return tuple(read_pool(pool, nodes.get(pool.name, ()), google, now) for pool in found.node_pools if pool.name in offered)


def read_pool(pool: NodePool, nodes: tuple[Node, ...], google: GoogleClients, now: datetime) -> Pool:
    groups = [read_instance_group(url, google, now) for url in pool.instance_group_urls]
    conditions = [
        Stockout(condition.message or condition.code.name, now)
        for condition in pool.conditions
        if condition.code in STOCKOUT_CONDITIONS
    ]
    reach = pool.autoscaling
    return Pool(
        name=pool.name,
        size=sum(group.size for group in groups),
        nodes=nodes,
        bounds=(reach.total_min_node_count, reach.total_max_node_count) if reach.enabled else None,
        busy=pool.status in CHANGING,
        lack=newest_stockout([*(group.lack for group in groups), *conditions]),
    )


def read_instance_group(url: str, google: GoogleClients, now: datetime) -> InstanceGroup:
    """Read size and errors. GKE does not tell the requested size of a pool; its instance group's `targetSize` does."""
    manager = url.replace("/instanceGroups/", "/instanceGroupManagers/")
    if not manager.startswith(google.compute):
        raise Unavailable(f"{url}: is not an instance group of Compute Engine")
    size = int(get_json(google, manager)["targetSize"])
    errors = get_json(google, f"{manager}/listErrors").get("items", [])
    return InstanceGroup(size=size, lack=newest_stockout([stockout_in(error, now) for error in errors]))


def get_json(google: GoogleClients, url: str) -> dict[str, Any]:
    """Raises requests' exceptions and Unavailable."""
    answer = google.session.get(url, timeout=google.calls["timeout"])
    if answer.status_code != 200:
        raise Unavailable(f"Compute Engine answers {answer.status_code}")
    return dict(answer.json())


def stockout_in(item: dict[str, Any], now: datetime) -> Stockout | None:
    code, at = str(item.get("error", {}).get("code", "")), datetime.fromisoformat(item["timestamp"])
    return Stockout(code, at) if now - at <= RECENT_ERRORS and any(lack in code for lack in STOCKOUT_CODES) else None


def newest_stockout(found: Sequence[Stockout | None]) -> Stockout | None:
    return max((lack for lack in found if lack), key=lambda lack: lack.at, default=None)


def undelivered_messages(google: GoogleClients, cluster: GkeClusterConfig, now: datetime) -> Reading | None:
    """The newest point of the subscription's `num_undelivered_messages`. No point is None, not zero."""
    series = google.metrics.list_time_series(
        request=ListTimeSeriesRequest(
            name=f"projects/{cluster.project}",
            filter=f'metric.type = "{METRIC}" AND resource.labels.subscription_id = "{cluster.subscription}"',
            interval=TimeInterval(start_time=now - timedelta(hours=1), end_time=now),
        ),
        **google.calls,
    )
    return newest([point for each in series for point in each.points])


METRIC = "pubsub.googleapis.com/subscription/num_undelivered_messages"


def newest(points: Sequence[Any]) -> Reading | None:
    last = max(points, key=lambda point: point.interval.end_time, default=None)
    return Reading(int(last.value.int64_value), last.interval.end_time) if last else None
