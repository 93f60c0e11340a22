"""What GKE, Compute Engine and Cloud Monitoring say of the cluster. None is "unknown"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from google.api_core.exceptions import NotFound
from google.cloud.container_v1 import Cluster as GkeCluster
from google.cloud.container_v1 import NodePool, StatusCondition
from google.cloud.monitoring_v3 import ListTimeSeriesRequest, TimeInterval

from cluster.controllers.manager.google import Google
from cluster.controllers.manager.shortage import RECENT
from cluster.controllers.manager.world import Lack, Node, Pool, Reading
from newsreel.config.model import GkeClusterConfig, GkeConfig
from newsreel.errors import Unavailable

State = Literal["absent", "coming", "there", "going", "broken"]
STATES: dict[Any, State] = {
    GkeCluster.Status.PROVISIONING: "coming",
    GkeCluster.Status.RUNNING: "there",
    GkeCluster.Status.RECONCILING: "there",
    GkeCluster.Status.DEGRADED: "there",
    GkeCluster.Status.STOPPING: "going",
    GkeCluster.Status.ERROR: "broken",
}
CHANGING = {NodePool.Status.PROVISIONING, NodePool.Status.RECONCILING, NodePool.Status.STOPPING}
SHORT = {StatusCondition.Code.GCE_STOCKOUT, StatusCondition.Code.GCE_QUOTA_EXCEEDED}
LACKING = ("ZONE_RESOURCE_POOL_EXHAUSTED", "QUOTA_EXCEEDED", "RESOURCE_NOT_FOUND", "STOCKOUT")
"""How Compute Engine's errors begin, or end, that mean that a kind of machine cannot be had there."""


def find_cluster(google: Google, cluster: GkeClusterConfig) -> GkeCluster | None:
    """None where there is none. Raises GoogleAPICallError, RetryError and GoogleAuthError."""
    try:
        return google.clusters.get_cluster(name=cluster.path, **google.calls)
    except NotFound:
        return None


def cluster_state(found: GkeCluster | None) -> State | None:
    return "absent" if found is None else STATES.get(found.status)


@dataclass(frozen=True)
class Group:
    """A pool's machines, as Compute Engine is asked for them."""

    size: int
    lack: Lack | None


def pools_of(
    found: GkeCluster, nodes: dict[str, tuple[Node, ...]], google: Google, parameters: GkeConfig, now: datetime
) -> tuple[Pool, ...]:
    """The pools of the offers; one that the cluster has not is left out, and so never asked for."""
    offered = {offer.pool for offer in parameters.node_pools}
    return tuple(pool_of(pool, nodes.get(pool.name, ()), google, now) for pool in found.node_pools if pool.name in offered)


def pool_of(pool: NodePool, nodes: tuple[Node, ...], google: Google, now: datetime) -> Pool:
    groups = [group_of(url, google, now) for url in pool.instance_group_urls]
    told = [Lack(condition.message or condition.code.name, now) for condition in pool.conditions if condition.code in SHORT]
    reach = pool.autoscaling
    return Pool(
        name=pool.name,
        size=sum(group.size for group in groups),
        nodes=nodes,
        bounds=(reach.total_min_node_count, reach.total_max_node_count) if reach.enabled else None,
        busy=pool.status in CHANGING,
        lack=newest_lack([*(group.lack for group in groups), *told]),
    )


def group_of(url: str, google: Google, now: datetime) -> Group:
    """GKE itself does not say how many nodes a pool is to have; its instance group's `targetSize` does."""
    manager = url.replace("/instanceGroups/", "/instanceGroupManagers/")
    if not manager.startswith(google.compute):
        raise Unavailable(f"{url}: is no instance group of Compute Engine's")
    size = int(asked(google, manager)["targetSize"])
    errors = asked(google, f"{manager}/listErrors").get("items", [])
    return Group(size=size, lack=newest_lack([lack_in(error, now) for error in errors]))


def asked(google: Google, url: str) -> dict[str, Any]:
    """Raises requests' exceptions and Unavailable."""
    answer = google.session.get(url, timeout=google.calls["timeout"])
    if answer.status_code != 200:
        raise Unavailable(f"Compute Engine answers {answer.status_code}")
    return dict(answer.json())


def lack_in(item: dict[str, Any], now: datetime) -> Lack | None:
    code, at = str(item.get("error", {}).get("code", "")), datetime.fromisoformat(item["timestamp"])
    return Lack(code, at) if now - at <= RECENT and any(lack in code for lack in LACKING) else None


def newest_lack(found: Sequence[Lack | None]) -> Lack | None:
    return max((lack for lack in found if lack), key=lambda lack: lack.at, default=None)


def undelivered(google: Google, cluster: GkeClusterConfig, now: datetime) -> Reading | None:
    """The newest point of the subscription's `num_undelivered_messages`; None where there is no point: that is not zero."""
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
