"""HTTP services that steps call: name, URL, image, and who may call them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from newsreel.config.names import STEP_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.runtime.log import LOG_FORMAT_VARIABLE
from newsreel.step import Step
from steps import declared_steps
from steps.gentle_server import STEP as GENTLE_SERVER
from workflows.deployment import Deployed


@dataclass(frozen=True, kw_only=True)
class Service:
    """An HTTP server that steps reach by its name."""

    name: str
    step: Step
    """The program behind it."""
    arguments: tuple[str, ...]
    """After `python -m steps NAME`."""
    port: int
    ready_path: str
    """Answers 200 when the server takes requests."""

    @property
    def callers(self) -> list[str]:
        """The steps that call it. Other ingress and all egress are denied."""
        return [step.name for step in declared_steps().values() if step.service == self.name]

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
            image=self.step.image,
            command=("python", "-m", "steps"),
            arguments=(self.step.name, *self.arguments),
            port=self.port,
            alive=self.ready_path,
            ready=self.ready_path,
            replicas=settings.service_replicas,
            cpu=self.step.resources.cpu,
            memory=self.step.resources.memory,
            account=STEP_ACCOUNT,
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
    step=GENTLE_SERVER,
    arguments=("--host", "0.0.0.0", "--port", "8765"),  # noqa: S104  # the NetworkPolicy restricts callers
    port=8765,
    ready_path="/",
)
SERVICES = (GENTLE,)


def services_of(steps: Iterable[Step]) -> list[Service]:
    """The services that these steps call, each once."""
    called = {step.service for step in steps}
    return [service for service in SERVICES if service.name in called]
