"""What stays up for the steps to call: a Deployment, its Service, and who may reach it.

Plain documents of the core kinds, since Hera models Argo's alone; the tests hold them against Kubernetes' own schemas.
"""

from dataclasses import dataclass
from typing import Any

from workflows.placement import ROLE, USER
from workflows.settings import Settings

__all__ = ["GENTLE", "Service"]


@dataclass(frozen=True, kw_only=True)
class Service:
    """An HTTP server that steps call by its name."""

    name: str
    image: str
    """`name:version`, below the settings' prefix."""
    arguments: tuple[str, ...]
    """After `python -m steps`."""
    port: int
    ready_path: str
    """Answers 200 once requests are welcome."""
    callers: tuple[str, ...]
    """The systems that may call it; nobody else reaches it, and it reaches nobody."""
    cpu: str
    memory: str

    @property
    def url(self) -> str:
        return f"http://{self.name}:{self.port}"

    def build(self, settings: Settings) -> list[dict[str, Any]]:
        """Deployment, Service and NetworkPolicy, in this order."""
        return [self.deployment(settings), self.service(), self.network_policy()]

    def deployment(self, settings: Settings) -> dict[str, Any]:
        key, value = settings.system_pool.selector
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": self.labels()},
                "template": {
                    "metadata": {"labels": self.labels()},
                    "spec": {
                        "automountServiceAccountToken": False,
                        "serviceAccountName": settings.step_account,
                        "nodeSelector": {key: value},
                        "tolerations": [{"key": key, "operator": "Exists"} for key in settings.system_pool.tolerates],
                        "containers": [self.container(settings)],
                        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
                    },
                },
            },
        }

    def container(self, settings: Settings) -> dict[str, Any]:
        return {
            "name": self.name,
            "image": f"{settings.image_prefix}/{self.image}",
            "imagePullPolicy": "IfNotPresent",
            "command": ["python", "-m", "steps"],
            "args": list(self.arguments),
            "env": [{"name": "HOME", "value": "/tmp"}],  # noqa: S108
            "ports": [{"name": "http", "containerPort": self.port}],
            "readinessProbe": {"httpGet": {"path": self.ready_path, "port": "http"}, "periodSeconds": 5},
            "resources": {"requests": {"cpu": self.cpu, "memory": self.memory}, "limits": {"memory": self.memory}},
            "securityContext": {
                "runAsUser": USER,
                "runAsGroup": USER,
                "runAsNonRoot": True,
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
        }

    def service(self) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.metadata(),
            "spec": {"selector": self.labels(), "ports": [{"name": "http", "port": self.port, "targetPort": "http"}]},
        }

    def network_policy(self) -> dict[str, Any]:
        callers = {"matchExpressions": [{"key": "newsreel/system", "operator": "In", "values": list(self.callers)}]}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": self.metadata(),
            "spec": {
                "podSelector": {"matchLabels": self.labels()},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [{"podSelector": callers}], "ports": [{"protocol": "TCP", "port": self.port}]}],
                "egress": [],
            },
        }

    def metadata(self) -> dict[str, Any]:
        return {"name": self.name, "labels": {"app.kubernetes.io/part-of": "newsreel"}}

    def labels(self) -> dict[str, str]:
        return {ROLE: "service", "newsreel/service": self.name}


GENTLE = Service(
    name="gentle",
    image="gentle:0.1.0",
    arguments=("gentle-server", "--host", "0.0.0.0", "--port", "8765"),  # noqa: S104  # the NetworkPolicy says who may call
    port=8765,
    ready_path="/",
    callers=("gentle",),
    cpu="1",
    memory="2Gi",
)
