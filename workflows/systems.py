"""The catalogue: which AI system serves which stage of a story, and what each needs of a machine.

A system is exchanged by changing one entry of a `Profile`:

    dataclasses.replace(STUDIO, voice=(HIBARI,))
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hera.workflows import Container, Env, Parameter, Resources
from hera.workflows.models import ExecAction, ImagePullPolicy, Probe

from workflows.placement import ROLE, Placement, scratch
from workflows.services import GENTLE, Service
from workflows.settings import Settings

__all__ = ["ANCHOR", "CHECK", "EMBEDDED", "INIT_STORY", "PROFILES", "PUBLISH", "REPORT", "STUDIO", "Profile", "System"]


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
    cpu: str
    """Cores asked for; more may be used while the node has them free. What a node offers is less than what it has, the anchor
    is on it, and the two lanes of a story run side by side: the steps of both, together, must fit."""
    memory: str
    """Memory, asked for and at most."""
    gpus: int = 0
    """How many `nvidia.com/gpu` of the node: whole GPUs, or shares where the node's device plugin shares them in time."""
    deadline: int
    """Seconds after which the container is stopped as hung."""
    service: Service | None = None
    """The service it calls, told by the variable NAME_URL."""
    buckets: bool = False
    """Whether it reads or writes addresses, and so runs under the account that may."""

    def build(
        self,
        settings: Settings,
        placement: Placement,
        arguments: Sequence[str],
        *,
        inputs: Sequence[str] = (),
        outputs: Sequence[Parameter] = (),
    ) -> Container:
        """The container's template: `python -m steps NAME ARGUMENTS`, placed, limited and confined.

        `inputs` names the parameters that `arguments` refer to.
        """
        return Container(
            name=self.name,
            annotations=self.annotations(),
            labels={ROLE: placement.role, "newsreel/system": self.name},
            inputs=[Parameter(name=name) for name in (*placement.inputs, *inputs)] or None,
            outputs=list(outputs) or None,
            node_selector=placement.node_selector,
            tolerations=list(placement.tolerations) or None,
            affinity=placement.affinity,
            volumes=[*placement.volumes, scratch()],
            daemon=placement.daemon or None,
            readiness_probe=ready_when(placement.ready_when),
            active_deadline_seconds=self.deadline,
            retry_strategy=placement.retry,
            service_account_name=settings.storage_account if self.buckets else None,
            image=f"{settings.image_prefix}/{self.image}",
            image_pull_policy=ImagePullPolicy.if_not_present,
            command=["python", "-m", "steps"],
            args=[self.name, *arguments],
            env=list(self.environment(settings)),
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
        return told | ({"newsreel/counts": self.counts} if self.counts else {})

    def environment(self, settings: Settings) -> Iterator[Env]:
        # What libraries keep at home has nowhere else to go: the root file system is read-only.
        yield Env(name="HOME", value="/tmp")  # noqa: S108
        if self.buckets:
            yield Env(name="NEWSREEL_ADDRESSES", value=",".join(settings.addresses))
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
    """Sound and script to words and phones in time."""
    phonemes: System
    """The phones of words the alignment did not know."""
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


CHECK = System(
    name="check", stage="admission", image="core:0.1.0", counts="stories", cpu="100m", memory="512Mi", deadline=300, buckets=True
)
ANCHOR = System(name="anchor", stage="placement", image="core:0.1.0", counts=None, cpu="50m", memory="128Mi", deadline=10800)
INIT_STORY = System(
    name="init-story", stage="script", image="core:0.1.0", counts="scenes", cpu="1", memory="2Gi", deadline=600, buckets=True
)
PUBLISH = System(
    name="publish",
    stage="publication",
    image="core:0.1.0",
    counts="files",
    cpu="500m",
    memory="512Mi",
    deadline=900,
    buckets=True,
)
REPORT = System(
    name="report", stage="notice", image="core:0.1.0", counts="reports", cpu="100m", memory="256Mi", deadline=300, buckets=True
)

HIBARI = System(
    name="hibari", stage="voice", image="hibari:0.1.0", counts="seconds of speech", cpu="1", memory="2Gi", deadline=1800
)
TACOTRON2 = System(
    name="tacotron2", stage="voice", image="tacotron2:0.1.0", counts="sentences", cpu="2", memory="6Gi", gpus=1, deadline=1800
)
WAVEGLOW = System(
    name="waveglow", stage="voice", image="waveglow:0.1.0", counts="mel frames", cpu="2", memory="8Gi", gpus=1, deadline=1800
)
GENTLE_CLIENT = System(
    name="gentle",
    stage="alignment",
    image="gentle:0.1.0",
    counts="words",
    cpu="250m",
    memory="512Mi",
    deadline=1800,
    service=GENTLE,
)
G2P = System(name="g2p", stage="phonemes", image="g2p:0.1.0", counts="words", cpu="500m", memory="512Mi", deadline=600)
DLIB = System(name="dlib", stage="landmarks", image="dlib:0.1.0", counts="frames", cpu="1", memory="2Gi", deadline=1800)
ANIMATE = System(name="animate", stage="motion", image="animate:0.1.0", counts="frames", cpu="1", memory="1Gi", deadline=900)
PIX2PIXHD = System(
    name="pix2pixhd", stage="generator", image="pix2pixhd:0.1.0", counts="frames", cpu="3", memory="12Gi", gpus=1, deadline=7200
)
PIX2PIXHD_ON_CPU = replace(PIX2PIXHD, cpu="1", memory="2Gi", gpus=0)
COMPOSE = System(
    name="compose", stage="composition", image="compose:0.1.0", counts="frames", cpu="3", memory="4Gi", deadline=3600
)

STUDIO = Profile(
    name="studio",
    voice=(TACOTRON2, WAVEGLOW),
    alignment=GENTLE_CLIENT,
    phonemes=G2P,
    landmarks=DLIB,
    motion=ANIMATE,
    generator=PIX2PIXHD,
    composition=COMPOSE,
)
"""The newsroom's own weights, on a GPU."""

EMBEDDED = Profile(
    name="embedded",
    voice=(HIBARI,),
    alignment=GENTLE_CLIENT,
    phonemes=G2P,
    landmarks=replace(DLIB, cpu="500m"),
    motion=ANIMATE,
    generator=PIX2PIXHD_ON_CPU,
    composition=replace(COMPOSE, cpu="1", memory="2Gi"),
)
"""What comes from PyPI and runs on two cores."""

PROFILES = {profile.name: profile for profile in (STUDIO, EMBEDDED)}

CHECK_PRESENTER = System(
    name="check-presenter",
    stage="admission",
    image="presenter:0.1.0",
    counts="presenters",
    cpu="100m",
    memory="512Mi",
    deadline=300,
    buckets=True,
)
ANCHOR_OF_TRAINING = replace(ANCHOR, deadline=86400)
INIT_PRESENTER = System(
    name="init-presenter",
    stage="footage",
    image="presenter:0.1.0",
    counts="frames",
    cpu="1",
    memory="4Gi",
    deadline=3600,
    buckets=True,
)
DLIB_TRACK = System(
    name="dlib-track", stage="landmarks", image=DLIB.image, counts="frames", cpu="500m", memory="2Gi", deadline=7200
)
ANIMATE_VISEMES = System(
    name="animate-visemes", stage="mouth shapes", image=ANIMATE.image, counts="faces", cpu="250m", memory="1Gi", deadline=600
)
PIX2PIXHD_TRAIN = System(
    name="pix2pixhd-train",
    stage="training",
    image=PIX2PIXHD.image,
    counts="steps",
    cpu="3",
    memory="24Gi",
    gpus=1,
    deadline=72000,
)
PIX2PIXHD_TRAIN_ON_CPU = replace(PIX2PIXHD_TRAIN, cpu="1", memory="4Gi", gpus=0)
PUBLISH_PRESENTER = System(
    name="publish-presenter",
    stage="publication",
    image="presenter:0.1.0",
    counts="files",
    cpu="500m",
    memory="512Mi",
    deadline=900,
    buckets=True,
)
TRAINERS = {STUDIO.name: PIX2PIXHD_TRAIN, EMBEDDED.name: PIX2PIXHD_TRAIN_ON_CPU}
"""What trains a presenter's generator, by profile."""
TRAINING = (CHECK_PRESENTER, INIT_PRESENTER, DLIB_TRACK, ANIMATE_VISEMES, *TRAINERS.values(), PUBLISH_PRESENTER)
"""All that serves a training alone."""

__all__ += ["ANCHOR_OF_TRAINING", "ANIMATE_VISEMES", "CHECK_PRESENTER", "DLIB_TRACK", "INIT_PRESENTER"]
__all__ += ["PUBLISH_PRESENTER", "TRAINERS", "TRAINING"]
