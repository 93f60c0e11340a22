"""Whom the pods of the message trigger may talk to, and who to them."""

from collections.abc import Sequence
from typing import Any

from cluster.manifests.events.pods import labels
from cluster.manifests.events.programs import LETTERS_PORT
from cluster.manifests.network import DNS, google, to_addresses
from newsreel.config.model import Events
from newsreel.config.settings import Settings
from workflows.deployment import closed_but_for

CLIENTS, CLUSTER, MONITOR = 4222, 6222, 8222
"""Ports of the EventBus: for clients, for its own, for a look at it."""
ARGO_SERVER = 2746


def network(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    pods = {name: {"podSelector": {"matchLabels": labels(name)}} for name in ("eventbus", "eventsource", "sensor", "letters")}
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "argo-events"}}}
    manager = {"podSelector": {"matchLabels": labels("manager")}}
    argo_server = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": settings.argo_namespace}}}
    receivers = [to_addresses(settings.webhook_addresses, 443)] if settings.webhook_addresses else []
    to_bus = to([pods["eventbus"]], CLIENTS)
    return [
        policy(
            "eventbus",
            settings,
            ingress=[
                come_from([pods["eventsource"], pods["sensor"], controller], CLIENTS),
                come_from([pods["eventbus"]], CLIENTS, CLUSTER),
                come_from([controller, manager, *through_the_api_server(settings)], MONITOR),
            ],
            egress=[DNS, to([pods["eventbus"]], CLIENTS, CLUSTER)],
        ),
        policy("eventsource", settings, ingress=[], egress=[DNS, to_bus, *google(settings)]),
        policy(
            "sensor",
            settings,
            ingress=[],
            egress=[DNS, to_bus, to([argo_server], ARGO_SERVER), to([pods["letters"]], LETTERS_PORT)],
        ),
        policy(
            "watch",
            settings,
            ingress=[],
            egress=[DNS, to_addresses(settings.api_servers, 443, 6443), *google(settings), *receivers],
        ),
        policy(
            "letters",
            settings,
            ingress=[come_from([pods["sensor"]], LETTERS_PORT)],
            egress=[DNS, *google(settings)],
        ),
    ]


def through_the_api_server(settings: Settings) -> list[dict[str, Any]]:
    """Where a call comes from that a manager outside the cluster makes by pods/proxy: from the API server, or from the agents
    through which GKE's reaches into a cluster (GKE, "Konnectivity proxy")."""
    agents = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "konnectivity-agent"}},
    }
    return [agents, *({"ipBlock": {"cidr": block}} for block in settings.api_servers)]


def to(peers: Sequence[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"to": list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def come_from(peers: Sequence[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"from": list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def policy(name: str, settings: Settings, *, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": settings.namespace},
        "spec": closed_but_for(labels(name), ingress=ingress, egress=egress),
    }
