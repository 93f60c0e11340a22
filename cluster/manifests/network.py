"""Whom a pod may talk to: nobody, but for what is said here. `services.py` says who may call each service.

What was found to be needed, and by whom:

- Argo's containers (`init`, `wait`) of every pod of a workflow report to the API server, by its address: no name is looked up.
- A system with buckets looks up names, asks the metadata server for its token, and calls Cloud Storage.
- A system with a service looks up the service's name and calls it.
- The reconciler calls the API server. Kubelets' probes come from the pod's own node, which no policy keeps out.

A rule's addresses are compared with the packet's as the network plugin sees them: for the API server that may be the address of
the Service `kubernetes` or the one behind it, so `Settings.api_servers` names both where they differ.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from newsreel.config.settings import Settings
from steps import declared_steps
from workflows.services import SERVICES, Service


def network(settings: Settings) -> list[dict[str, Any]]:
    everything: dict[str, Any] = {}
    workflow_pods = {"matchExpressions": [{"key": "workflows.argoproj.io/workflow", "operator": "Exists"}]}
    storage = {step.name for step in declared_steps().values() if step.uses_storage}
    callers = {caller for service in SERVICES for caller in service.callers}
    to_api_server = to_addresses(settings.api_servers, 443, 6443)
    webhook = settings.webhook_addresses
    return [
        policy("deny-all", settings, everything, ["Ingress", "Egress"], []),
        policy("report-results", settings, workflow_pods, ["Egress"], [to_api_server]),
        *([policy("tell", settings, running(["report"]), ["Egress"], [to_addresses(webhook, 443)])] if webhook else []),
        policy("read-and-publish", settings, running(storage), ["Egress"], google(settings)),
        policy("find-names", settings, running(storage | callers), ["Egress"], [DNS]),
        *(policy(f"call-{called.name}", settings, running(called.callers), ["Egress"], [to(called)]) for called in SERVICES),
        policy("reconcile", settings, {"matchLabels": {"newsreel/service": "reconciler"}}, ["Egress"], [to_api_server]),
    ]


def running(systems: Iterable[str]) -> dict[str, Any]:
    """The pods of these systems."""
    return {"matchExpressions": [{"key": "newsreel/system", "operator": "In", "values": sorted(systems)}]}


def to(service: Service) -> dict[str, Any]:
    pods = {"matchLabels": {"newsreel/service": service.name}}
    return {"to": [{"podSelector": pods}], "ports": [{"protocol": "TCP", "port": service.port}]}


DNS = {
    "to": [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
        {"ipBlock": {"cidr": "169.254.20.10/32"}},  # NodeLocal DNSCache
    ],
    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
}


def google(settings: Settings) -> list[dict[str, Any]]:
    """Cloud Storage by its private addresses, and the metadata server, which is where Workload Identity's tokens come from.

    Source: GKE, "Network policy", "Network policy and Workload Identity Federation for GKE": 169.254.169.252:988 is where the
    node's own metadata server answers, 169.254.169.254:80 where Dataplane V2 sees the call.
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
