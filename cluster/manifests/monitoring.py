"""Objects for Prometheus: scrape configuration, NetworkPolicy, alert rules, and the Grafana dashboard.

Our HTTP servers have /metrics at their port `http`; the pods of Argo Events and the EventBus at their port `metrics`. Argo's
controller has the metrics of workflows (`workflows.metrics`), by TLS with a self-signed certificate.
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
    kinds = {"google": google_objects, "operator": operator_objects, "annotations": rules_config_map}
    return [allow_scraping(settings, chosen), *kinds[chosen.kind](settings), dashboard_config_map(settings)]


def installed_parts(settings: Settings) -> set[Part]:
    there: dict[Part, object] = {"stories": True, "messages": settings.events, "manager": settings.manager}
    return {part for part, chosen in there.items() if chosen}


def allow_scraping(settings: Settings, chosen: Monitoring) -> dict[str, Any]:
    """Only Prometheus may scrape our services."""
    prometheus = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": chosen.namespace}}}
    spec = {
        "podSelector": SERVICES,
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [prometheus], "ports": [{"protocol": "TCP", "port": port} for port in PORTS]}],
    }
    return make_object("networking.k8s.io/v1", "NetworkPolicy", "be-asked", settings.namespace, {"spec": spec})


def google_objects(settings: Settings) -> list[dict[str, Any]]:
    """Managed Service for Prometheus. ClusterRules, since Rules of a namespace do not see the controller's metrics.

    Source: prometheus-engine, doc/api.md.
    """
    ours = {"selector": SERVICES, "endpoints": [{"port": port, "interval": INTERVAL} for port in PORTS]}
    endpoint = {"port": "metrics", "interval": INTERVAL, "scheme": "https", "tls": {"insecureSkipVerify": True}}
    argo = {"selector": CONTROLLER, "endpoints": [endpoint]}
    version = "monitoring.googleapis.com/v1"
    return [
        make_object(version, "PodMonitoring", "newsreel", settings.namespace, {"spec": ours}),
        make_object(version, "PodMonitoring", "newsreel-argo", settings.argo_namespace, {"spec": argo}),
        make_object(
            version,
            "ClusterRules",
            f"newsreel-{settings.namespace}",
            None,
            {"spec": {"groups": groups(installed_parts(settings))}},
        ),
    ]


def operator_objects(settings: Settings) -> list[dict[str, Any]]:
    """prometheus-operator's PodMonitor and PrometheusRule, in our namespace alone (its doc/api.md)."""
    ours = {"selector": SERVICES, "podMetricsEndpoints": [{"port": port, "interval": INTERVAL} for port in PORTS]}
    endpoint = {"port": "metrics", "interval": INTERVAL, "scheme": "https", "tlsConfig": {"insecureSkipVerify": True}}
    there = {"namespaceSelector": {"matchNames": [settings.argo_namespace]}}
    argo = {"selector": CONTROLLER, **there, "podMetricsEndpoints": [endpoint]}
    version = "monitoring.coreos.com/v1"
    return [
        make_object(version, "PodMonitor", "newsreel", settings.namespace, {"spec": ours}),
        make_object(version, "PodMonitor", "newsreel-argo", settings.namespace, {"spec": argo}),
        make_object(
            version, "PrometheusRule", "newsreel", settings.namespace, {"spec": {"groups": groups(installed_parts(settings))}}
        ),
    ]


def rules_config_map(settings: Settings) -> list[dict[str, Any]]:
    """For a Prometheus that discovers pods by annotations: the alerts as a file for its `rule_files`."""
    rules = yaml.safe_dump({"groups": groups(installed_parts(settings))}, sort_keys=False, width=10**9, allow_unicode=True)
    return [make_object("v1", "ConfigMap", "newsreel-rules", settings.namespace, {"data": {"newsreel.yaml": rules}})]


def dashboard_config_map(settings: Settings) -> dict[str, Any]:
    """The sidecar of Grafana's Helm chart finds it by its label."""
    content = {"data": {"newsreel.json": json.dumps(dashboard(), indent=2) + "\n"}}
    made = make_object("v1", "ConfigMap", "newsreel-dashboard", settings.namespace, content)
    made["metadata"]["labels"]["grafana_dashboard"] = "1"
    return made


def make_object(version: str, kind: str, name: str, namespace: str | None, content: dict[str, Any]) -> dict[str, Any]:
    """An object of a namespace, or of the cluster without one."""
    labels: dict[str, str] = {"app.kubernetes.io/part-of": "newsreel"}
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | {"labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}
