"""Observe everything the policy needs. A source that fails makes its value unknown, and the others stay."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, TypeVar

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.container_v1 import Cluster as GkeCluster
from kubernetes import client
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from cluster.controllers.manager import google_cloud, kube_queries
from cluster.controllers.manager.google_cloud import GoogleClients
from cluster.controllers.manager.kube_queries import JetStreamReader, read_through_api_server
from cluster.controllers.manager.policy import counted_from
from cluster.controllers.manager.types import Observation
from newsreel.config.gke import minutes
from newsreel.config.model import GkeConfig
from newsreel.config.settings import settings_of
from newsreel.errors import NewsreelError

FAULTS = (
    GoogleAPICallError,
    RetryError,
    GoogleAuthError,
    client.ApiException,
    HTTPError,
    RequestException,
    NewsreelError,
    OSError,
)
"""Errors of a source. Any other exception is a bug and ends the program."""
Value = TypeVar("Value")


class ClusterConnector(Protocol):
    def __call__(self, found: GkeCluster, google: GoogleClients) -> client.ApiClient: ...


class MessageCounter(Protocol):
    """See `pubsub_listener.PubSubListener`."""

    def count_since(self, moment: datetime) -> int: ...

    def quiet_since(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    google: GoogleClients
    parameters: GkeConfig
    connect: ClusterConnector = kube_queries.connect_to_cluster
    jetstream: JetStreamReader = read_through_api_server
    listener: MessageCounter | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """An observation with the client it was made with."""

    seen: Observation
    api: client.ApiClient | None
    """Client of the cluster, if there is one."""
    failed: dict[str, str] = field(default_factory=dict)
    """Error of each failed source, by its name."""


def look(services: Services, now: datetime) -> Look:
    google, parameters, failed = services.google, services.parameters, dict[str, str]()

    def known(source: str, query: Callable[[], Value]) -> Value | None:
        try:
            return query()
        except FAULTS as fault:
            failed[source] = format_fault(fault)
        except (KeyError, ValueError, TypeError) as fault:
            failed[source] = f"unexpected answer: {format_fault(fault)}"
        return None

    undelivered = known("undelivered", lambda: google_cloud.undelivered_messages(google, parameters.cluster, now))
    found = known("cluster", lambda: [google_cloud.find_cluster(google, parameters.cluster)])
    state = google_cloud.cluster_state(found[0]) if found else None
    gke_cluster = found[0] if found else None
    listener = services.listener
    since = counted_from(state, undelivered, now, minutes(parameters.policy.late_minutes))
    outside = Observation(
        now=now,
        cluster=state,
        undelivered=undelivered,
        announced=(known("announced", lambda: listener.count_since(since)) if listener else None) or 0,
        # A failed query of the metric is not the same as a metric without a new point.
        quiet_since=listener.quiet_since() if listener and "undelivered" not in failed else None,
    )
    if gke_cluster is None or state != "there":
        return Look(seen=outside, api=None, failed=failed)
    running = gke_cluster
    api = known("kubernetes", lambda: services.connect(running, google))
    if api is None:
        return Look(seen=outside, api=None, failed=failed)
    namespace, whole = parameters.cluster.namespace, parameters.cluster.mode == "cluster"
    nodes = known("nodes", lambda: kube_queries.nodes_by_pool(api))
    ours = {node.name for offer in parameters.node_pools for node in (nodes or {}).get(offer.pool, ())}
    left = known("unfinished", lambda: kube_queries.count_unfinished(api, namespace))
    seen = replace(
        outside,
        installed=known("installed", lambda: kube_queries.is_installed(api, namespace)) if whole else True,
        pending=known("pending", lambda: kube_queries.pending_events(api, namespace, services.jetstream)),
        unfinished=left,
        running=None if nodes is None else known("running", lambda: kube_queries.stories_by_node(api, namespace, ours)),
        pools=None if nodes is None else known("pools", lambda: google_cloud.list_pools(running, nodes, google, parameters, now)),
        # Queried only when needed: it costs a request for each story that Argo still has.
        finals=known("finals", lambda: kube_queries.all_published(api, namespace, settings_of(parameters).finals))
        if whole and left == 0
        else None,
    )
    return Look(seen=seen, api=api, failed=failed)


def format_fault(fault: BaseException) -> str:
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:300]
