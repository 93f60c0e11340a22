"""One look at everything. A source that fails is unknown, and the reason is kept for people; the others still count."""

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

from cluster.controllers.manager import gke, inside
from cluster.controllers.manager.demand import counted_from
from cluster.controllers.manager.google import Google
from cluster.controllers.manager.inside import Streams, by_way_of_the_api_server
from cluster.controllers.manager.world import Seen
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
"""What a source may fail with. Anything else is a defect, and ends the round."""
Value = TypeVar("Value")


class Inside(Protocol):
    def __call__(self, found: GkeCluster, google: Google) -> client.ApiClient: ...


class Listener(Protocol):
    """See `announced.Announcements`."""

    def since(self, moment: datetime) -> int: ...

    def quiet_since(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True)
class Services:
    google: Google
    parameters: GkeConfig
    inside: Inside = inside.api_of
    streams: Streams = by_way_of_the_api_server
    listener: Listener | None = None
    """Who hears of messages as they come."""


@dataclass(frozen=True, kw_only=True)
class Look:
    seen: Seen
    api: client.ApiClient | None
    """To the cluster, where there is one."""
    failed: dict[str, str] = field(default_factory=dict)
    """Why a source said nothing, by its name."""


def look(services: Services, now: datetime) -> Look:
    google, parameters, failed = services.google, services.parameters, dict[str, str]()

    def known(name: str, ask: Callable[[], Value]) -> Value | None:
        try:
            return ask()
        except FAULTS as fault:
            failed[name] = short(fault)
        except (KeyError, ValueError, TypeError) as fault:
            failed[name] = f"an answer that makes no sense: {short(fault)}"
        return None

    undelivered = known("undelivered", lambda: gke.undelivered(google, parameters.cluster, now))
    found = known("cluster", lambda: [gke.find_cluster(google, parameters.cluster)])
    state = gke.cluster_state(found[0]) if found else None
    gke_cluster = found[0] if found else None
    listener = services.listener
    since = counted_from(state, undelivered, now, minutes(parameters.policy.late_minutes))
    outside = Seen(
        now=now,
        cluster=state,
        undelivered=undelivered,
        announced=(known("announced", lambda: listener.since(since)) if listener else None) or 0,
        # A metric that could not be asked for is another matter than one that has no new point.
        quiet_since=listener.quiet_since() if listener and "undelivered" not in failed else None,
    )
    if gke_cluster is None or state != "there":
        return Look(seen=outside, api=None, failed=failed)
    there = gke_cluster
    api = known("kubernetes", lambda: services.inside(there, google))
    if api is None:
        return Look(seen=outside, api=None, failed=failed)
    namespace, whole = parameters.cluster.namespace, parameters.cluster.mode == "cluster"
    nodes = known("nodes", lambda: inside.nodes_by_pool(api))
    ours = {node.name for offer in parameters.node_pools for node in (nodes or {}).get(offer.pool, ())}
    left = known("unfinished", lambda: inside.unfinished(api, namespace))
    seen = replace(
        outside,
        installed=known("installed", lambda: inside.installed(api, namespace)) if whole else True,
        pending=known("pending", lambda: inside.pending_events(api, namespace, services.streams)),
        unfinished=left,
        running=None if nodes is None else known("running", lambda: inside.running_stories(api, namespace, ours)),
        pools=None if nodes is None else known("pools", lambda: gke.pools_of(there, nodes, google, parameters, now)),
        # Asked only when it matters: it is a question for each story that is remembered.
        finals=known("finals", lambda: inside.finals_there(api, namespace, settings_of(parameters).finals))
        if whole and left == 0
        else None,
    )
    return Look(seen=seen, api=api, failed=failed)


def short(fault: BaseException) -> str:
    return " ".join(f"{type(fault).__name__}: {fault}".split())[:300]
