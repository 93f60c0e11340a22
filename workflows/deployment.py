"""Builds Deployment, PodDisruptionBudget, Service and NetworkPolicy of a program that runs all the time, on the system pool.

Plain documents, since Hera models only Argo's kinds; tests validate them with Kubernetes' own schemas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from newsreel.config.settings import Settings
from workflows.placement import ROLE, SERVICE_PRIORITY, USER, image

GRACE = 25
"""Seconds between SIGTERM and SIGKILL."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A program of ours that runs all the time."""

    name: str
    image: str
    """Its name below the installation's prefix."""
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    port: int
    alive: str
    """Path of the liveness probe. After two minutes without an answer of 200 the program is restarted."""
    ready: str
    """Path of the readiness probe."""
    replicas: int
    cpu: str
    memory: str
    """Request and limit."""
    account: str
    token: bool = False
    """It calls the API server."""
    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str, str], ...] = ()
    """Further variables: name, Secret and key."""
    scratch: int = 1
    """Size of /tmp in GiB; a pod that exceeds it is evicted."""
    drain_seconds: int = 5
    """Seconds before SIGTERM in which calls still arrive, until all callers know that the pod is ending."""

    def build(self, settings: Settings) -> list[dict[str, Any]]:
        """Deployment and PodDisruptionBudget."""
        return [self.deployment(settings), self.disruption_budget(settings)]

    def deployment(self, settings: Settings) -> dict[str, Any]:
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(settings),
            "spec": {
                "replicas": self.replicas,
                "revisionHistoryLimit": 3,
                # Stop the old pod when the new one is ready.
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "selector": {"matchLabels": self.labels()},
                "template": {"metadata": self.pod_metadata(settings), "spec": self.pod(settings)},
            },
        }

    def pod_metadata(self, settings: Settings) -> dict[str, Any]:
        annotations = scrape_annotations(settings, self.port)
        return {"labels": self.labels()} | ({"annotations": annotations} if annotations else {})

    def pod(self, settings: Settings) -> dict[str, Any]:
        key, value = settings.system_pool.selector
        volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {"sizeLimit": f"{self.scratch}Gi"}}]
        return {
            "automountServiceAccountToken": False,
            "serviceAccountName": self.account,
            "enableServiceLinks": False,
            "priorityClassName": SERVICE_PRIORITY,
            "terminationGracePeriodSeconds": self.drain_seconds + GRACE,
            "nodeSelector": {key: value},
            "tolerations": [{"key": key, "operator": "Exists"} for key in settings.system_pool.tolerates],
            "topologySpreadConstraints": [
                self.spread(zone) for zone in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            "containers": [self.container(settings)],
            "volumes": volumes + ([TOKEN] if self.token else []),
        }

    def spread(self, over: str) -> dict[str, Any]:
        """Prefer different nodes and zones; a system pool of one node is allowed."""
        selector = {"labelSelector": {"matchLabels": self.labels()}, "matchLabelKeys": ["pod-template-hash"]}
        return {"maxSkew": 1, "topologyKey": over, "whenUnsatisfiable": "ScheduleAnyway"} | selector

    def container(self, settings: Settings) -> dict[str, Any]:
        mounts: list[dict[str, Any]] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108
        return {
            "name": self.name,
            "image": image(self.image, settings),
            "imagePullPolicy": "IfNotPresent",
            "command": list(self.command),
            "args": list(self.arguments),
            "env": self.variables(),
            "ports": [{"name": "http", "containerPort": self.port}],
            "startupProbe": probe(self.alive, every=2, fails=60),
            "readinessProbe": probe(self.ready, every=5, fails=3),
            # Slow, since a busy program is not stuck and a restart loses its work.
            "livenessProbe": probe(self.alive, every=20, fails=6),
            "lifecycle": {"preStop": {"sleep": {"seconds": self.drain_seconds}}},
            "resources": {
                "requests": {"cpu": self.cpu, "memory": self.memory, "ephemeral-storage": "100Mi"},
                "limits": {"memory": self.memory, "ephemeral-storage": f"{self.scratch + 1}Gi"},
            },
            "securityContext": {
                "runAsUser": USER,
                "runAsGroup": USER,
                "runAsNonRoot": True,
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumeMounts": mounts + ([TOKEN_MOUNT] if self.token else []),
        }

    def variables(self) -> list[dict[str, Any]]:
        plain = {"HOME": "/tmp"} | dict(self.environment)  # noqa: S108
        secret = [{"name": name, "valueFrom": {"secretKeyRef": {"name": of, "key": key}}} for name, of, key in self.secrets]
        return [*({"name": name, "value": value} for name, value in plain.items()), *secret]

    def disruption_budget(self, settings: Settings) -> dict[str, Any]:
        """`maxUnavailable`, since a `minAvailable` of all replicas would block every drain of a node."""
        return {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": self.metadata(settings),
            "spec": {
                "maxUnavailable": 1,
                "unhealthyPodEvictionPolicy": "AlwaysAllow",
                "selector": {"matchLabels": self.labels()},
            },
        }

    def service(self, settings: Settings, port: int) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.metadata(settings),
            "spec": {"selector": self.labels(), "ports": [{"name": "http", "port": port, "targetPort": "http"}]},
        }

    def network_policy(
        self, settings: Settings, *, callers: Sequence[dict[str, Any]], egress: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        """Allow only these callers to its port, and only this egress."""
        ingress = {"from": list(callers), "ports": [{"protocol": "TCP", "port": self.port}]}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": self.metadata(settings),
            "spec": policy_spec(self.labels(), ingress=[ingress] if callers else [], egress=egress),
        }

    def metadata(self, settings: Settings) -> dict[str, Any]:
        labels = {"app.kubernetes.io/part-of": "newsreel", "app.kubernetes.io/name": self.name}
        return {"name": self.name, "namespace": settings.namespace, "labels": labels}

    def labels(self) -> dict[str, str]:
        return service_labels(self.name)


def service_labels(name: str) -> dict[str, str]:
    """Of the pods of a program that runs all the time."""
    return {ROLE: "service", "newsreel/service": name}


def policy_spec(pods: dict[str, str], *, ingress: Sequence[dict[str, Any]], egress: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Spec of a NetworkPolicy for pods with these labels: default deny, with these exceptions.

    A direction without a rule has no list: Kubernetes drops an empty one, and every apply would show a change (1.34).
    """
    rules = {"ingress": list(ingress), "egress": list(egress)}
    spec = {"podSelector": {"matchLabels": pods}, "policyTypes": ["Ingress", "Egress"]}
    return spec | {direction: found for direction, found in rules.items() if found}


def scrape_annotations(settings: Settings, port: int) -> dict[str, str]:
    """Annotations of a pod for a Prometheus that discovers pods by them; empty for other kinds of monitoring."""
    if not settings.monitoring or settings.monitoring.kind != "annotations":
        return {}
    return {"prometheus.io/scrape": "true", "prometheus.io/port": str(port), "prometheus.io/path": "/metrics"}


def probe(path: str, *, every: int, fails: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": every,
        "timeoutSeconds": 5 if every <= 5 else 10,
        "failureThreshold": fails,
    }


TOKEN = {
    "name": "token",
    "projected": {
        "defaultMode": 0o444,
        "sources": [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ],
    },
}
"""Mounted only where it is needed, in place of the default token: valid for an hour, renewed by the kubelet."""
TOKEN_MOUNT = {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}
