"""A step's declaration as an Argo container template: placed, limited and confined."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from hera.workflows import Artifact, Container, Env, Parameter, Resources, SecretEnv
from hera.workflows.models import ExecAction, ImagePullPolicy, Probe

from newsreel.config.names import STORAGE_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.runtime.log import LOG_FORMAT_VARIABLE, WORKFLOW_VARIABLE
from newsreel.step import Step
from newsreel.storage.unit_cache import UNITS_VARIABLE
from workflows.metrics import step_histogram
from workflows.placement import ROLE, STORY_MOUNT, Placement, image, scratch
from workflows.services import SERVICES

WEBHOOK_SECRET_VARIABLE = "NEWSREEL_WEBHOOK_SECRET"  # noqa: S105
PROGRESS = "workflows.argoproj.io/progress"
"""Annotation: a pod's progress until it reports its own (argo-workflows, docs/progress.md)."""


@dataclass(frozen=True)
class Containers:
    """Builds the container templates of one WorkflowTemplate."""

    settings: Settings
    weights: Mapping[str, int]
    """Hundredths of the whole by step (`workflows.profiles.progress_weights`)."""

    def build(
        self,
        step: Step,
        placement: Placement,
        arguments: Sequence[str],
        *,
        inputs: Sequence[str] = (),
        outputs: Sequence[Parameter | Artifact] = (),
    ) -> Container:
        """`python -m steps NAME ARGUMENTS`; `inputs` names the parameters that `arguments` refer to."""
        timed = (placement.deadline,) if placement.deadline and not step.deadline_seconds else ()
        return Container(
            name=step.name,
            annotations=self.annotations(step),
            labels={ROLE: placement.role, "newsreel/system": step.name},
            inputs=[Parameter(name=name) for name in (*placement.inputs, *timed, *inputs)] or None,
            outputs=list(outputs) or None,
            node_selector=placement.node_selector,
            tolerations=list(placement.tolerations) or None,
            affinity=placement.affinity,
            volumes=[*placement.volumes, scratch()],
            daemon=placement.daemon or None,
            metrics=None if placement.daemon else [step_histogram(step.name)],
            readiness_probe=ready_when(placement.ready_when),
            active_deadline_seconds=step.deadline_seconds or cast(int, f"{{{{inputs.parameters.{placement.deadline}}}}}"),
            priority_class_name=placement.priority,
            retry_strategy=placement.retry,
            service_account_name=STORAGE_ACCOUNT if step.uses_storage else None,
            image=image(step.image, self.settings),
            image_pull_policy=ImagePullPolicy.if_not_present,
            command=["python", "-m", "steps"],
            args=[step.name, *arguments],
            env=list(self.environment(step, placement)),
            resources=Resources(
                cpu_request=step.resources.cpu,
                memory_request=step.resources.memory,
                memory_limit=step.resources.memory,
                ephemeral_request=placement.disk,
                gpus=step.resources.gpus or None,
            ),
            security_context=placement.security,
        )

    def annotations(self, step: Step) -> dict[str, str]:
        weight = self.weights.get(step.name)
        annotations = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "newsreel/stage": step.stage}
        annotations |= {"newsreel/shown": "when-run"} if step.after_failure else {}
        annotations |= {PROGRESS: f"0/{weight}"} if weight else {}
        return annotations | ({"newsreel/counts": step.progress_unit} if step.progress_unit else {})

    def environment(self, step: Step, placement: Placement) -> Iterator[Env | SecretEnv]:
        settings = self.settings
        # The root file system is read-only: what libraries keep in a home directory goes to /tmp.
        yield Env(name="HOME", value="/tmp")  # noqa: S108
        yield Env(name=LOG_FORMAT_VARIABLE, value="json")
        yield Env(name=WORKFLOW_VARIABLE, value="{{workflow.name}}")
        if weight := self.weights.get(step.name):
            yield Env(name="NEWSREEL_SHARE", value=str(weight))
        if step.resources.gpus:
            yield Env(name="NEWSREEL_GPUS", value=str(step.resources.gpus))
        if step.reports_cost and settings.prices:
            yield Env(name="NEWSREEL_PRICES", value=settings.prices)
        if step.uses_storage:
            yield Env(name="NEWSREEL_ADDRESSES", value=",".join(settings.addresses))
        if step.uses_unit_cache and settings.units:
            yield Env(name=UNITS_VARIABLE, value=settings.units)
        if step.uses_weights:
            yield Env(name="NEWSREEL_WEIGHTS", value=settings.weights)
        if step.uses_weights and placement.volumes:
            # On the story's SSD: from there the files are linked into the story's directory, and are deleted with it.
            yield Env(name="NEWSREEL_CACHE", value=str(STORY_MOUNT / ".cache"))
        if step.sends_notifications:
            for name, value in notification_variables(settings).items():
                yield Env(name=name, value=value)
            if secret := webhook_secret_key(settings):
                yield SecretEnv(name=WEBHOOK_SECRET_VARIABLE, secret_name=secret[0], secret_key=secret[1])
        if step.service:
            called = next(service for service in SERVICES if service.name == step.service)
            yield Env(name=f"{called.name.upper()}_URL", value=called.url)


def ready_when(command: Sequence[str]) -> Probe | None:
    return Probe(exec=ExecAction(command=list(command)), period_seconds=1) if command else None


def notification_variables(settings: Settings) -> dict[str, str]:
    """Environment variables of who is notified; empty where nobody is."""
    variables = {"NEWSREEL_DONE_TOPIC": settings.done_topic, "NEWSREEL_WEBHOOK": settings.webhook}
    variables["NEWSREEL_RECEIVERS"] = ",".join(settings.webhook_receivers)
    return {name: value for name, value in variables.items() if value}


def webhook_secret_key(settings: Settings) -> tuple[str, str] | None:
    """Name and key of the Secret that webhooks are signed with; None where there are none."""
    return (settings.webhook_secret, "secret") if settings.webhook or settings.webhook_receivers else None
