"""Whom a pod may talk to: nobody, but for what is said here. `services.py` says who may call each service."""

from collections.abc import Sequence
from typing import Any

from workflows.settings import Settings
from workflows.systems import STORAGE_SYSTEMS

__all__ = ["network"]


def network(settings: Settings) -> list[dict[str, Any]]:
    everything: dict[str, Any] = {}
    workflow_pods = {"matchExpressions": [{"key": "workflows.argoproj.io/workflow", "operator": "Exists"}]}
    at_storage = {"matchExpressions": [{"key": "newsreel/system", "operator": "In", "values": sorted(STORAGE_SYSTEMS)}]}
    gentle = {"matchExpressions": [{"key": "newsreel/service", "operator": "Exists"}]}
    return [
        policy("deny-all", settings, everything, ["Ingress", "Egress"], []),
        # Argo's containers, which share a pod's network with the step, report to the API server.
        policy("report-results", settings, workflow_pods, ["Egress"], [to_addresses(settings.api_servers, 443, 6443)]),
        policy("read-and-publish", settings, at_storage, ["Egress"], google(settings)),
        policy("find-names", settings, workflow_pods, ["Egress"], [DNS]),
        policy("call-services", settings, workflow_pods, ["Egress"], [{"to": [{"podSelector": gentle}]}]),
    ]


DNS = {
    "to": [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
        {"ipBlock": {"cidr": "169.254.20.10/32"}},  # NodeLocal DNSCache
    ],
    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
}


def google(settings: Settings) -> list[dict[str, Any]]:
    """Cloud Storage by its private addresses, and the metadata server, which is where Workload Identity's tokens come from.

    Source: GKE, "Network policy", "Network policy and Workload Identity Federation for GKE".
    """
    metadata = [to_addresses(("169.254.169.254/32",), 80), to_addresses(("169.254.169.252/32",), 988)]
    return [to_addresses(settings.storage_addresses, settings.storage_port), *metadata]


def to_addresses(blocks: Sequence[str], *ports: int) -> dict[str, Any]:
    return {
        "to": [{"ipBlock": {"cidr": block}} for block in blocks],
        "ports": [{"protocol": "TCP", "port": port} for port in ports],
    }


def policy(
    name: str, settings: Settings, pods: dict[str, Any], kinds: Sequence[str], egress: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": settings.namespace},
        "spec": {"podSelector": pods, "policyTypes": list(kinds)} | ({"egress": egress} if egress else {}),
    }
