"""What runs in one container of a story, and which of them serve its stages.

Who is told how a story has ended, as a pod's environment has it (`newsreel.notifications.notifier`,
`newsreel.notifications.webhook_target`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from hera.workflows import Artifact, Container, Env, Parameter, Resources, SecretEnv
from hera.workflows.models import ExecAction, ImagePullPolicy, Probe

from newsreel.config.settings import Settings
from newsreel.runtime.log import LOG_FORMAT_VARIABLE, WORKFLOW_VARIABLE
from newsreel.storage.unit_cache import UNITS_VARIABLE as UNITS
from workflows.metrics import of_a_step
from workflows.placement import ROLE, STORY_MOUNT, Placement, scratch
from workflows.services import Service

WEBHOOK_SECRET_VARIABLE = "NEWSREEL_WEBHOOK_SECRET"  # noqa: S105


def notification_variables(settings: Settings) -> dict[str, str]:
    """Empty where nobody is to be told."""
    told = {"NEWSREEL_DONE_TOPIC": settings.done_topic, "NEWSREEL_WEBHOOK": settings.webhook}
    told["NEWSREEL_RECEIVERS"] = ",".join(settings.webhook_receivers)
    return {name: value for name, value in told.items() if value}


def webhook_secret_key(settings: Settings) -> tuple[str, str] | None:
    """Name and key of the Secret that webhooks are signed with; None where there are none."""
    return (settings.webhook_secret, "secret") if settings.webhook or settings.webhook_receivers else None


PROGRESS = "workflows.argoproj.io/progress"
"""Annotation: what Argo takes for a pod's progress until it tells of its own (argo-workflows, docs/progress.md)."""


@dataclass(frozen=True, kw_only=True)
class System:
    """What runs in one container of a story: an AI system, or a program of our own."""

    name: str
    """Of the task, and of the step: `python -m steps NAME`."""
    stage: str
    """What it does for a story, as people call it."""
    image: str
    """`name:version`, below the settings' prefix."""
    counts: str | None
    """The unit of its progress; None where there is nothing to count."""
    share: int = 0
    """Hundredths of the whole's time that it takes, about: Argo adds up what the steps tell of their progress, so all must be
    told in one unit. 0 for what runs only after a failure."""
    cpu: str
    """Cores asked for; more may be used while the node has them free. What a node offers is less than what it has, the anchor
    is on it, and the two lanes of a story run side by side: the steps of both, together, must fit."""
    memory: str
    """Memory, asked for and at most."""
    gpus: int = 0
    """How many `nvidia.com/gpu` of the node: whole GPUs, or shares where the node's device plugin shares them in time."""
    deadline: int | None = None
    """Seconds after which the container is stopped as hung; None where that depends on the story's length, see `Placement`."""
    service: Service | None = None
    """The service it calls, told by the variable NAME_URL."""
    after_failure: bool = False
    """Whether it runs only when something went wrong: then nobody needs to see that it did not."""
    weights: bool = False
    """Whether it looks at the installation's catalogue of weights."""
    buckets: bool = False
    """Whether it reads or writes addresses, and so runs under the account that may."""
    carries: bool = False
    """Whether finished work passes through it from one revision of a story to the next."""
    priced: bool = False
    """Whether it tells what a video has cost."""
    notices: bool = False
    """Whether it tells others how a story has ended."""

    def build(
        self,
        settings: Settings,
        placement: Placement,
        arguments: Sequence[str],
        *,
        inputs: Sequence[str] = (),
        outputs: Sequence[Parameter | Artifact] = (),
    ) -> Container:
        """The container's template: `python -m steps NAME ARGUMENTS`, placed, limited and confined.

        `inputs` names the parameters that `arguments` refer to.
        """
        timed = (placement.deadline,) if placement.deadline and not self.deadline else ()
        return Container(
            name=self.name,
            annotations=self.annotations(),
            labels={ROLE: placement.role, "newsreel/system": self.name},
            inputs=[Parameter(name=name) for name in (*placement.inputs, *timed, *inputs)] or None,
            outputs=list(outputs) or None,
            node_selector=placement.node_selector,
            tolerations=list(placement.tolerations) or None,
            affinity=placement.affinity,
            volumes=[*placement.volumes, scratch()],
            daemon=placement.daemon or None,
            metrics=None if placement.daemon else [of_a_step(self.name)],
            readiness_probe=ready_when(placement.ready_when),
            active_deadline_seconds=self.deadline or cast(int, f"{{{{inputs.parameters.{placement.deadline}}}}}"),
            priority_class_name=placement.priority,
            retry_strategy=placement.retry,
            service_account_name=settings.storage_account if self.buckets else None,
            image=f"{settings.image_prefix}/{self.image}",
            image_pull_policy=ImagePullPolicy.if_not_present,
            command=["python", "-m", "steps"],
            args=[self.name, *arguments],
            env=list(self.environment(settings, placement)),
            resources=Resources(
                cpu_request=self.cpu,
                memory_request=self.memory,
                memory_limit=self.memory,
                ephemeral_request=placement.disk,
                gpus=self.gpus or None,
            ),
            security_context=placement.security,
        )

    def annotations(self) -> dict[str, str]:
        told = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "newsreel/stage": self.stage}
        told |= {"newsreel/shown": "when-run"} if self.after_failure else {}
        told |= {PROGRESS: f"0/{self.share}"} if self.share else {}
        return told | ({"newsreel/counts": self.counts} if self.counts else {})

    def environment(self, settings: Settings, placement: Placement) -> Iterator[Env | SecretEnv]:
        # What libraries keep at home has nowhere else to go: the root file system is read-only.
        yield Env(name="HOME", value="/tmp")  # noqa: S108
        yield Env(name=LOG_FORMAT_VARIABLE, value="json")
        yield Env(name=WORKFLOW_VARIABLE, value="{{workflow.name}}")
        if self.share:
            yield Env(name="NEWSREEL_SHARE", value=str(self.share))
        if self.gpus:
            yield Env(name="NEWSREEL_GPUS", value=str(self.gpus))
        if self.priced and settings.prices:
            yield Env(name="NEWSREEL_PRICES", value=settings.prices)
        if self.buckets:
            yield Env(name="NEWSREEL_ADDRESSES", value=",".join(settings.addresses))
        if self.carries and settings.units:
            yield Env(name=UNITS, value=settings.units)
        if self.weights:
            yield Env(name="NEWSREEL_WEIGHTS", value=settings.weights)
        if self.weights and placement.volumes:
            # On the story's SSD: from there the files are linked into the story's directory, and go when it goes.
            yield Env(name="NEWSREEL_CACHE", value=str(STORY_MOUNT / ".cache"))
        if self.notices:
            for name, value in notification_variables(settings).items():
                yield Env(name=name, value=value)
            if secret := webhook_secret_key(settings):
                yield SecretEnv(name=WEBHOOK_SECRET_VARIABLE, secret_name=secret[0], secret_key=secret[1])
        if self.service:
            yield Env(name=f"{self.service.name.upper()}_URL", value=self.service.url)


def ready_when(command: Sequence[str]) -> Probe | None:
    return Probe(exec=ExecAction(command=list(command)), period_seconds=1) if command else None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Which system serves each stage. A stage of several systems is a chain: each reads what the one before wrote."""

    name: str
    voice: tuple[System, ...]
    """Script to sound."""
    alignment: System
    """Sound, script and phonemes to words and phones in time."""
    phonemes: System
    """Script to the phones of its words: the alignment does not know them all."""
    landmarks: System
    """The presenter's footage to 68 points of the face a frame."""
    motion: System
    """Phones and footage landmarks to landmarks that speak."""
    generator: System
    """Landmarks to frames of the presenter."""
    composition: System
    """Presenter, pictures, graphics, captions and music to the video."""

    @property
    def services(self) -> tuple[Service, ...]:
        """What must be up for this profile, each once."""
        systems = (*self.voice, self.alignment, self.phonemes, self.landmarks, self.motion, self.generator, self.composition)
        return tuple(dict.fromkeys(system.service for system in systems if system.service))
