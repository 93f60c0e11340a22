"""Where a container runs and what it may touch there.

A story takes one node for itself: its `anchor` is a daemon that repels other anchors, owns the story's directory on that
node's SSD and removes it in the end. All other steps are `pinned`: to the anchor's node and to that directory alone.
Why, and what was seen on a real cluster: docs/adr/0001-one-node-per-story.md.

Whose pods come first where not all have room.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from hera.workflows import EmptyDirVolume, HostPathVolume, RetryPolicy, RetryStrategy
from hera.workflows.models import (
    Affinity,
    Backoff,
    Capabilities,
    IntOrString,
    LabelSelector,
    PodAffinityTerm,
    PodAntiAffinity,
    Quantity,
    RetryAffinity,
    RetryNodeAntiAffinity,
    SeccompProfile,
    SecurityContext,
    Toleration,
)

from newsreel.config.model import NodeSelection
from newsreel.config.settings import Settings
from newsreel.fingerprints import release

STORY_PRIORITY = "newsreel-{{workflow.parameters.priority}}"
"""The class of a story's pods on its node."""
SERVICE_PRIORITY = "newsreel-service"
"""The class of what all stories need: it has its place before any of them."""
ROLE = "newsreel/role"
"""Label of every pod: `anchor`, `step` or `service`."""
STORY_MOUNT = PurePosixPath("/story")
"""Where a step finds its story's directory."""
WORKSPACE = ("--workspace", str(STORY_MOUNT))
"""The arguments that tell a step so."""
SSD_MOUNT = PurePosixPath("/stories")
"""Where the anchor finds the directory that holds every story's."""
STEP_SECONDS, ATTEMPT_SECONDS = "step-seconds", "attempt-seconds"
"""Parameters: how long a step, and all steps on one node together, may take."""
USER = 65532
"""The conventional `nonroot` of distroless images."""
UNAVAILABLE = 75
"""Exit status of `newsreel.errors.Unavailable`; the one fault that may be gone when the same step is tried again."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The part of a container's template that says where it runs. Values may be Argo expressions over `inputs`."""

    role: str
    node_selector: dict[str, str]
    tolerations: tuple[Toleration, ...]
    inputs: tuple[str, ...] = ()
    """Parameters the values refer to."""
    volumes: tuple[HostPathVolume, ...] = ()
    affinity: Affinity | None = None
    daemon: bool = False
    ready_when: tuple[str, ...] = ()
    """A command that succeeds once a daemon is ready."""
    disk: str = "1Gi"
    """Local disk asked for, beside the story's directory."""
    security: SecurityContext
    retry: RetryStrategy | None
    priority: str = STORY_PRIORITY
    """The class that says who comes first where not all have room."""
    deadline: str | None = None
    """The parameter that tells how many seconds what runs here may take; `check` works them out from the story's length."""


def image(name: str, settings: Settings) -> str:
    """The image of this release below the installation's prefix."""
    return f"{settings.image_prefix}/{name}:{release()}"


def on_system_pool(settings: Settings) -> Placement:
    """A node of the system pool, which is always there: no GPU, no local SSD."""
    return Placement(
        role="step",
        node_selector=dict([settings.system_pool.selector]),
        tolerations=tolerations(settings.system_pool),
        security=confined(),
        retry=retry_transient_faults(),
        # Small and soon over whatever the story's is; and `check` must start to say that there is no such priority.
        priority=SERVICE_PRIORITY,
    )


def anchored(settings: Settings, workspace: PurePosixPath) -> Placement:
    """A node of the story pool without another anchor on it; `workspace` is the directory the anchor makes there.

    A hostPath belongs to root, so the anchor is root, with no more of root's rights than it takes to make a directory, give
    it to the steps' user and remove what they left. It has no retry of its own: that of the attempt is for both.
    """
    return Placement(
        role="anchor",
        node_selector=dict([settings.story_pool.selector]),
        tolerations=tolerations(settings.story_pool),
        volumes=(ssd_volume("ssd", settings.ssd_root, SSD_MOUNT),),
        affinity=Affinity(
            pod_anti_affinity=PodAntiAffinity(
                required_during_scheduling_ignored_during_execution=[
                    PodAffinityTerm(
                        topology_key="kubernetes.io/hostname",
                        label_selector=LabelSelector(match_labels={ROLE: "anchor"}),
                    )
                ]
            )
        ),
        daemon=True,
        ready_when=("test", "-f", str(workspace / "lease.json")),
        disk=settings.story_disk,
        security=confined(user=0, capabilities=("CHOWN", "DAC_OVERRIDE", "FOWNER")),
        retry=None,
        deadline=ATTEMPT_SECONDS,
    )


def pinned(settings: Settings) -> Placement:
    """The story's node and the story's directory on it, both outputs of the anchor."""
    return Placement(
        role="step",
        node_selector={"kubernetes.io/hostname": "{{inputs.parameters.node}}"},
        tolerations=tolerations(settings.story_pool),
        inputs=("node", "dir"),
        deadline=STEP_SECONDS,
        volumes=(ssd_volume("story", "{{inputs.parameters.dir}}", STORY_MOUNT),),
        security=confined(),
        retry=retry_transient_faults(),
    )


def tolerations(pool: NodeSelection) -> tuple[Toleration, ...]:
    return tuple(Toleration(key=key, operator="Exists") for key in pool.tolerates)


def ssd_volume(name: str, path: str, mount: PurePosixPath) -> HostPathVolume:
    return HostPathVolume(name=name, path=path, type="DirectoryOrCreate", mount_path=str(mount))


def scratch() -> EmptyDirVolume:
    """An emptyDir at /tmp: the only place outside the story's directory that a container may write to."""
    return EmptyDirVolume(name="tmp", mount_path="/tmp", size_limit=Quantity("1Gi"))  # noqa: S108


def confined(user: int = USER, capabilities: tuple[str, ...] = ()) -> SecurityContext:
    """A security context that allows writing to volumes alone, and no privilege."""
    return SecurityContext(
        run_as_user=user,
        run_as_group=user,
        run_as_non_root=user != 0,
        read_only_root_filesystem=True,
        allow_privilege_escalation=False,
        capabilities=Capabilities(drop=["ALL"], add=list(capabilities) or None),
        seccomp_profile=SeccompProfile(type="RuntimeDefault"),
    )


def retry_transient_faults() -> RetryStrategy:
    """Once more on the same node where that can help: a service or bucket did not answer, or the pod itself vanished.

    Everything else (bad input, a broken GPU, a full disk) fails here at once; what another node may heal is the attempt's.
    """
    return RetryStrategy(
        limit="3",
        retry_policy=RetryPolicy.always,
        expression=f"lastRetry.status == 'Error' || asInt(lastRetry.exitCode) == {UNAVAILABLE}",
        backoff=Backoff(duration="5s", factor=IntOrString("3")),
    )


def retry_elsewhere() -> RetryStrategy:
    """The whole attempt once more, on another node. What fails on two is the story's or ours: it ends with its reason, and does
    not wait for a third node that a small pool may never have. A lost node does not count, see `cluster.controllers.reconciler`.

    Argo gives the anti-affinity to each pod directly below the attempt; that must be the anchor alone.
    """
    return RetryStrategy(
        limit="1",
        retry_policy=RetryPolicy.always,
        affinity=RetryAffinity(node_anti_affinity=RetryNodeAntiAffinity()),
    )
