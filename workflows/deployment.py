"""What stays up: a Deployment on the machines that are always there, and a budget that lets those be drained one by one.

Plain documents of the core kinds, since Hera models Argo's alone; the tests hold them against Kubernetes' own schemas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from newsreel.config.settings import Settings
from workflows.placement import ROLE, SERVICE_PRIORITY, USER, image

__all__ = ["Deployed", "closed_but_for", "scraped"]

GRACE = 25
"""Seconds that a program which is told to end has for what it is at."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One program of ours that is to run all the time."""

    name: str
    image: str
    """Its name below the installation's prefix."""
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    port: int
    alive: str
    """Path that answers 200 for as long as the program is not stuck. Whoever does not answer for two minutes is started anew."""
    ready: str
    """Path that answers 200 while the program can do its work."""
    replicas: int
    cpu: str
    memory: str
    """Asked for and at most."""
    account: str
    token: bool = False
    """Whether it talks to the API server."""
    environment: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str, str], ...] = ()
    """Further variables, each with the Secret and the key that hold its value."""
    scratch: int = 1
    """GiB that /tmp may hold; a pod that has more on its disk is put away."""
    farewell: int = 5
    """Seconds between a pod's end being told to its callers and to itself: until then calls still arrive."""

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
                # The new one is ready before the old one goes.
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "selector": {"matchLabels": self.labels()},
                "template": {"metadata": self.of_a_pod(settings), "spec": self.pod(settings)},
            },
        }

    def of_a_pod(self, settings: Settings) -> dict[str, Any]:
        asked = scraped(settings, self.port)
        return {"labels": self.labels()} | ({"annotations": asked} if asked else {})

    def pod(self, settings: Settings) -> dict[str, Any]:
        key, value = settings.system_pool.selector
        volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {"sizeLimit": f"{self.scratch}Gi"}}]
        return {
            "automountServiceAccountToken": False,
            "serviceAccountName": self.account,
            "enableServiceLinks": False,
            "priorityClassName": SERVICE_PRIORITY,
            "terminationGracePeriodSeconds": self.farewell + GRACE,
            "nodeSelector": {key: value},
            "tolerations": [{"key": key, "operator": "Exists"} for key in settings.system_pool.tolerates],
            "topologySpreadConstraints": [
                self.spread(zone) for zone in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            "containers": [self.container(settings)],
            "volumes": volumes + ([TOKEN] if self.token else []),
        }

    def spread(self, over: str) -> dict[str, Any]:
        """Not two on one machine, nor in one zone, where there is another: a system pool of one machine is no fault."""
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
            # Slow to kill: one that is busy is not stuck, and being started anew costs all that it was at.
            "livenessProbe": probe(self.alive, every=20, fails=6),
            "lifecycle": {"preStop": {"sleep": {"seconds": self.farewell}}},
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
        said = {"HOME": "/tmp"} | dict(self.environment)  # noqa: S108
        kept = [{"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}} for name, secret, key in self.secrets]
        return [*({"name": name, "value": value} for name, value in said.items()), *kept]

    def disruption_budget(self, settings: Settings) -> dict[str, Any]:
        """`maxUnavailable`, since a `minAvailable` of all there is would keep a machine from ever being drained."""
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
        """These callers reach its port and no other does; it reaches what is named and nothing else."""
        come_in = {"from": list(callers), "ports": [{"protocol": "TCP", "port": self.port}]}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": self.metadata(settings),
            "spec": closed_but_for(self.labels(), ingress=[come_in] if callers else [], egress=egress),
        }

    def metadata(self, settings: Settings) -> dict[str, Any]:
        labels = {"app.kubernetes.io/part-of": "newsreel", "app.kubernetes.io/name": self.name}
        return {"name": self.name, "namespace": settings.namespace, "labels": labels}

    def labels(self) -> dict[str, str]:
        return {ROLE: "service", "newsreel/service": self.name}


def closed_but_for(
    pods: dict[str, str], *, ingress: Sequence[dict[str, Any]], egress: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What a NetworkPolicy says of pods with these labels. A direction without a rule is closed, and has no list: an empty one
    Kubernetes forgets, and would take for a change each time it is applied (1.34)."""
    rules = {"ingress": list(ingress), "egress": list(egress)}
    spec = {"podSelector": {"matchLabels": pods}, "policyTypes": ["Ingress", "Egress"]}
    return spec | {direction: found for direction, found in rules.items() if found}


def scraped(settings: Settings, port: int) -> dict[str, str]:
    """Annotations by which a Prometheus finds a pod that no object of its own tells it of."""
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
"""What is mounted unasked elsewhere, and here only where it is needed: a token of an hour, renewed by the kubelet."""
TOKEN_MOUNT = {"name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True}
