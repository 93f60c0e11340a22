"""NetworkPolicies: default deny; exceptions below. `workflows.services` names the callers of each service.

- Argo's containers (`init`, `wait`) of every workflow pod report to the API server, by its address: without DNS.
- A system with buckets uses DNS, gets its token from the metadata server, and calls Cloud Storage.
- A system with a service uses DNS and calls the service.
- The reconciler calls the API server. Probes come from the pod's own node, which no policy can deny.

Addresses are compared as the network plugin sees them: for the API server that may be the address of the Service `kubernetes` or
the one behind it, so `Settings.api_servers` has both where they differ.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from newsreel.config.model import Events
from newsreel.config.settings import Settings
from steps import declared_steps
from workflows.deployment import policy_spec, service_labels
from workflows.services import SERVICES, Service

BUS_CLIENT_PORT, BUS_CLUSTER_PORT, BUS_MONITOR_PORT = 4222, 6222, 8222
"""Of the EventBus (NATS)."""
ARGO_SERVER_PORT = 2746
DEAD_LETTER_PORT = 8080


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
        *([policy("tell", settings, pods_of_systems(["report"]), ["Egress"], [to_addresses(webhook, 443)])] if webhook else []),
        policy("read-and-publish", settings, pods_of_systems(storage), ["Egress"], to_google(settings)),
        policy("find-names", settings, pods_of_systems(storage | callers), ["Egress"], [DNS]),
        *(
            policy(f"call-{called.name}", settings, pods_of_systems(called.callers), ["Egress"], [to_service(called)])
            for called in SERVICES
        ),
        policy("reconcile", settings, {"matchLabels": {"newsreel/service": "reconciler"}}, ["Egress"], [to_api_server]),
    ]


def pods_of_systems(systems: Iterable[str]) -> dict[str, Any]:
    """Selector of the pods of these systems."""
    return {"matchExpressions": [{"key": "newsreel/system", "operator": "In", "values": sorted(systems)}]}


def to_service(service: Service) -> dict[str, Any]:
    pods = {"matchLabels": {"newsreel/service": service.name}}
    return {"to": [{"podSelector": pods}], "ports": [{"protocol": "TCP", "port": service.port}]}


DNS = {
    "to": [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
        {"ipBlock": {"cidr": "169.254.20.10/32"}},  # NodeLocal DNSCache
    ],
    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
}


def to_google(settings: Settings) -> list[dict[str, Any]]:
    """Google APIs by their private addresses, and the metadata server, which issues the tokens of Workload Identity.

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


def trigger_policies(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """Policies of the message trigger and of the submitter."""
    pods = {
        name: {"podSelector": {"matchLabels": service_labels(name)}} for name in ("eventbus", "eventsource", "sensor", "letters")
    }
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "argo-events"}}}
    manager = {"podSelector": {"matchLabels": service_labels("manager")}}
    argo_server = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": settings.argo_namespace}}}
    receivers = [to_addresses(settings.webhook_addresses, 443)] if settings.webhook_addresses else []
    to_bus = to_pods([pods["eventbus"]], BUS_CLIENT_PORT)
    return [
        service_policy(
            "eventbus",
            settings,
            ingress=[
                from_pods([pods["eventsource"], pods["sensor"], controller], BUS_CLIENT_PORT),
                from_pods([pods["eventbus"]], BUS_CLIENT_PORT, BUS_CLUSTER_PORT),
                from_pods([controller, manager, *api_server_proxies(settings)], BUS_MONITOR_PORT),
            ],
            egress=[DNS, to_pods([pods["eventbus"]], BUS_CLIENT_PORT, BUS_CLUSTER_PORT)],
        ),
        service_policy("eventsource", settings, ingress=[], egress=[DNS, to_bus, *to_google(settings)]),
        service_policy(
            "sensor",
            settings,
            ingress=[],
            egress=[DNS, to_bus, to_pods([argo_server], ARGO_SERVER_PORT), to_pods([pods["letters"]], DEAD_LETTER_PORT)],
        ),
        service_policy(
            "watch",
            settings,
            ingress=[],
            egress=[DNS, to_addresses(settings.api_servers, 443, 6443), *to_google(settings), *receivers],
        ),
        service_policy(
            "letters",
            settings,
            ingress=[from_pods([pods["sensor"]], DEAD_LETTER_PORT)],
            egress=[DNS, *to_google(settings)],
        ),
    ]


def api_server_proxies(settings: Settings) -> list[dict[str, Any]]:
    """Sources of pods/proxy calls, which a manager outside the cluster makes: the API server, or the agents through which GKE's
    API server reaches pods (GKE, "Konnectivity proxy")."""
    agents = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "konnectivity-agent"}},
    }
    return [agents, *({"ipBlock": {"cidr": block}} for block in settings.api_servers)]


def to_pods(peers: Sequence[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"to": list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def from_pods(peers: Sequence[dict[str, Any]], *ports: int) -> dict[str, Any]:
    return {"from": list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def service_policy(
    name: str, settings: Settings, *, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": settings.namespace},
        "spec": policy_spec(service_labels(name), ingress=ingress, egress=egress),
    }
