"""Whom the pods of the message trigger may talk to, and who to them."""

from collections.abc import Sequence
from typing import Any

from workflows.events.pods import labels
from workflows.events.programs import LETTERS_PORT, METRICS_PORT
from workflows.installation.network import DNS, google, to_addresses
from workflows.settings import Events, Settings

__all__ = ["network"]

CLIENTS, CLUSTER, MONITOR, METRICS = 4222, 6222, 8222, 7777
"""Ports of the EventBus: for clients, for its own, for the controller's look, for Prometheus."""
ARGO_SERVER = 2746


def network(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    pods = {name: {"podSelector": {"matchLabels": labels(name)}} for name in ("eventbus", "eventsource", "sensor", "letters")}
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "argo-events"}}}
    argo_server = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": settings.argo_namespace}}}
    prometheus = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chosen.monitoring_namespace}}}
    asked = [come_from([prometheus], METRICS)] if chosen.monitoring_namespace else []
    asked_of_us = [come_from([prometheus], METRICS_PORT)] if chosen.monitoring_namespace else []
    to_bus = to([pods["eventbus"]], CLIENTS)
    return [
        policy(
            "eventbus",
            settings,
            ingress=[
                come_from([pods["eventsource"], pods["sensor"], controller], CLIENTS),
                come_from([pods["eventbus"]], CLIENTS, CLUSTER),
                come_from([controller], MONITOR),
                *asked,
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
            ingress=asked_of_us,
            egress=[DNS, to_addresses(settings.api_servers, 443, 6443), *google(settings)],
        ),
        policy(
            "letters",
            settings,
            ingress=[come_from([pods["sensor"]], LETTERS_PORT), *asked_of_us],
            egress=[DNS, *google(settings)],
        ),
    ]


def to(peers: Sequence[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"to": list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def come_from(peers: Sequence[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"from": list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def policy(name: str, settings: Settings, *, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": settings.namespace},
        "spec": {
            "podSelector": {"matchLabels": labels(name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }
