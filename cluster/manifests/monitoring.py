"""How Prometheus comes by what is counted, who may ask for it, and what it is to make of it: alerts, and a dashboard.

Who serves HTTP here tells its numbers at /metrics of its port `http`; Argo Events' pods and the EventBus at their port `metrics`.
Argo's controller tells them of all workflows, ours among them (`workflows.metrics`), by TLS with a certificate of its own making.
"""

import json
from typing import Any

import yaml

from cluster.manifests.alerts import Part, groups
from cluster.manifests.dashboard import dashboard
from newsreel.config.model import Monitoring
from newsreel.config.settings import Settings
from workflows.placement import ROLE

INTERVAL = "30s"
PORTS = ("http", "metrics")
SERVICES = {"matchLabels": {ROLE: "service"}}
CONTROLLER = {"matchLabels": {"app": "workflow-controller"}}
"""As Argo's own manifests label it (argo-workflows 4.0, manifests/base/workflow-controller)."""


def monitoring(settings: Settings, chosen: Monitoring) -> list[dict[str, Any]]:
    kinds = {"google": of_google, "operator": of_the_operator, "annotations": plain}
    return [be_asked(settings, chosen), *kinds[chosen.kind](settings), shown(settings)]


def installed(settings: Settings) -> set[Part]:
    there: dict[Part, object] = {"stories": True, "messages": settings.events, "manager": settings.manager}
    return {part for part, chosen in there.items() if chosen}


def be_asked(settings: Settings, chosen: Monitoring) -> dict[str, Any]:
    """Prometheus asks all that stays up, and nobody else does."""
    prometheus = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chosen.namespace}}}
    spec = {
        "podSelector": SERVICES,
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [prometheus], "ports": [{"protocol": "TCP", "port": port} for port in PORTS]}],
    }
    return one("networking.k8s.io/v1", "NetworkPolicy", "be-asked", settings.namespace, {"spec": spec})


def of_google(settings: Settings) -> list[dict[str, Any]]:
    """Managed Service for Prometheus. ClusterRules, since a namespace's own Rules do not see the controller's numbers.

    Source: prometheus-engine, doc/api.md.
    """
    ours = {"selector": SERVICES, "endpoints": [{"port": port, "interval": INTERVAL} for port in PORTS]}
    endpoint = {"port": "metrics", "interval": INTERVAL, "scheme": "https", "tls": {"insecureSkipVerify": True}}
    argo = {"selector": CONTROLLER, "endpoints": [endpoint]}
    version = "monitoring.googleapis.com/v1"
    return [
        one(version, "PodMonitoring", "newsreel", settings.namespace, {"spec": ours}),
        one(version, "PodMonitoring", "newsreel-argo", settings.argo_namespace, {"spec": argo}),
        one(version, "ClusterRules", f"newsreel-{settings.namespace}", None, {"spec": {"groups": groups(installed(settings))}}),
    ]


def of_the_operator(settings: Settings) -> list[dict[str, Any]]:
    """prometheus-operator's PodMonitor and PrometheusRule, in our namespace alone (its doc/api.md)."""
    ours = {"selector": SERVICES, "podMetricsEndpoints": [{"port": port, "interval": INTERVAL} for port in PORTS]}
    endpoint = {"port": "metrics", "interval": INTERVAL, "scheme": "https", "tlsConfig": {"insecureSkipVerify": True}}
    there = {"namespaceSelector": {"matchNames": [settings.argo_namespace]}}
    argo = {"selector": CONTROLLER, **there, "podMetricsEndpoints": [endpoint]}
    version = "monitoring.coreos.com/v1"
    return [
        one(version, "PodMonitor", "newsreel", settings.namespace, {"spec": ours}),
        one(version, "PodMonitor", "newsreel-argo", settings.namespace, {"spec": argo}),
        one(version, "PrometheusRule", "newsreel", settings.namespace, {"spec": {"groups": groups(installed(settings))}}),
    ]


def plain(settings: Settings) -> list[dict[str, Any]]:
    """For a Prometheus that looks at pods' annotations, which our pods then have: the alerts as a file for its `rule_files`."""
    rules = yaml.safe_dump({"groups": groups(installed(settings))}, sort_keys=False, width=10**9, allow_unicode=True)
    return [one("v1", "ConfigMap", "newsreel-rules", settings.namespace, {"data": {"newsreel.yaml": rules}})]


def shown(settings: Settings) -> dict[str, Any]:
    """Found by the sidecar that Grafana's Helm chart has beside it, by this label."""
    content = {"data": {"newsreel.json": json.dumps(dashboard(), indent=2) + "\n"}}
    made = one("v1", "ConfigMap", "newsreel-dashboard", settings.namespace, content)
    made["metadata"]["labels"]["grafana_dashboard"] = "1"
    return made


def one(version: str, kind: str, name: str, namespace: str | None, content: dict[str, Any]) -> dict[str, Any]:
    """An object; without a namespace, of the cluster."""
    labels: dict[str, str] = {"app.kubernetes.io/part-of": "newsreel"}
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | {"labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
