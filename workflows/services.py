"""HTTP services that steps call: name, URL, image, and who may call them."""

from dataclasses import dataclass
from typing import Any

from newsreel.config.settings import Settings
from newsreel.runtime.log import LOG_FORMAT_VARIABLE
from workflows.deployment import Deployed


@dataclass(frozen=True, kw_only=True)
class Service:
    """An HTTP server that steps reach by its name."""

    name: str
    image: str
    """`name:version`, below the settings' prefix."""
    arguments: tuple[str, ...]
    """After `python -m steps`."""
    port: int
    ready_path: str
    """Answers 200 when the server takes requests."""
    callers: tuple[str, ...]
    """Systems that may call it. Other ingress and all egress are denied."""
    cpu: str
    memory: str

    @property
    def url(self) -> str:
        return f"http://{self.name}:{self.port}"

    def build(self, settings: Settings) -> list[dict[str, Any]]:
        """Deployment, PodDisruptionBudget, Service and NetworkPolicy, in this order."""
        deployed = self.deployed(settings)
        return [*deployed.build(settings), self.service(deployed, settings), self.network_policy(deployed, settings)]

    def deployed(self, settings: Settings) -> Deployed:
        return Deployed(
            name=self.name,
            image=self.image,
            command=("python", "-m", "steps"),
            arguments=self.arguments,
            port=self.port,
            alive=self.ready_path,
            ready=self.ready_path,
            replicas=settings.service_replicas,
            cpu=self.cpu,
            memory=self.memory,
            account=settings.step_account,
            environment=((LOG_FORMAT_VARIABLE, "json"),),
        )

    def service(self, deployed: Deployed, settings: Settings) -> dict[str, Any]:
        """With session affinity: only the replica that began a transcription has it."""
        service = deployed.service(settings, self.port)
        affinity = {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 3600}}}
        return service | {"spec": service["spec"] | affinity}

    def network_policy(self, deployed: Deployed, settings: Settings) -> dict[str, Any]:
        callers = {"matchExpressions": [{"key": "newsreel/system", "operator": "In", "values": list(self.callers)}]}
        return deployed.network_policy(settings, callers=[{"podSelector": callers}], egress=[])


GENTLE = Service(
    name="gentle",
    image="gentle:0.1.0",
    arguments=("gentle-server", "--host", "0.0.0.0", "--port", "8765"),  # noqa: S104  # the NetworkPolicy restricts callers
    port=8765,
    ready_path="/",
    callers=("gentle",),
    cpu="1",
    memory="2Gi",
)
SERVICES = (GENTLE,)
