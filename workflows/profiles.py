"""Profiles: which steps make a story, and the DAG that follows from what they read and write.

A system is exchanged by changing one entry of a profile:

    STUDIO.exchanged("voice", HIBARI)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from newsreel.step import Resources, Step
from steps import animate, compose, dlib, pix2pixhd
from steps.anchor import STEP as ANCHOR
from steps.check import STEP as CHECK
from steps.check_presenter import STEP as CHECK_PRESENTER
from steps.g2p import STEP as G2P
from steps.gentle import STEP as GENTLE
from steps.hibari import STEP as HIBARI
from steps.init_presenter import STEP as INIT_PRESENTER
from steps.init_story import STEP as INIT_STORY
from steps.publish import STEP as PUBLISH
from steps.publish_presenter import STEP as PUBLISH_PRESENTER
from steps.report import STEP as REPORT
from steps.tacotron2 import STEP as TACOTRON2
from steps.waveglow import STEP as WAVEGLOW


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The steps between `init-story` and `publish`, and how a presenter's generator is trained."""

    name: str
    hardware: str
    """The kind of node whose durations the shares of progress come from (`newsreel.step.HARDWARE_MEASURED`)."""
    steps: tuple[Step, ...]
    train: Step

    @property
    def voice(self) -> Step:
        """The step that speaks; a story's voice names the same system."""
        return next(step for step in self.steps if step.stage == "voice")

    @property
    def work(self) -> tuple[Step, ...]:
        """All that runs on the story's node while the anchor holds it."""
        return (INIT_STORY, *self.steps, PUBLISH)

    @property
    def training(self) -> tuple[Step, ...]:
        return (INIT_PRESENTER, dlib.TRACK, animate.VISEMES, self.train, PUBLISH_PRESENTER)

    def exchanged(self, stage: str, *steps: Step) -> "Profile":
        """The same profile with other steps for a stage."""
        first = next(index for index, step in enumerate(self.steps) if step.stage == stage)
        others = [step for step in self.steps if step.stage != stage]
        return replace(self, steps=(*others[:first], *steps, *others[first:]))


def on_cpu(step: Step, cpu: str, memory: str) -> Step:
    return replace(step, resources=Resources(cpu=cpu, memory=memory))


STUDIO = Profile(
    name="studio",
    hardware="gpu",
    steps=(TACOTRON2, WAVEGLOW, G2P, GENTLE, dlib.STEP, animate.STEP, pix2pixhd.STEP, compose.STEP),
    train=pix2pixhd.TRAIN,
)
"""The newsroom's own weights, on a GPU."""
EMBEDDED = Profile(
    name="embedded",
    hardware="cpu",
    steps=(
        HIBARI,
        G2P,
        GENTLE,
        on_cpu(dlib.STEP, "500m", "2Gi"),
        animate.STEP,
        on_cpu(pix2pixhd.STEP, "1", "2Gi"),
        on_cpu(compose.STEP, "1", "2Gi"),
    ),
    train=on_cpu(pix2pixhd.TRAIN, "1", "4Gi"),
)
"""What comes from PyPI and runs on two cores."""
PROFILES = {profile.name: profile for profile in (STUDIO, EMBEDDED)}


def predecessors(steps: Sequence[Step]) -> dict[str, list[Step]]:
    """The direct predecessors of each step: whoever writes what it reads, without those that another one implies.

    Raises ValueError where nobody writes what a step reads, or two steps write the same.
    """
    for index, step in enumerate(steps):
        for other in steps[:index]:
            if shared := [name for name in step.writes if any(overlap(name, written) for written in other.writes)]:
                raise ValueError(f"{other.name} and {step.name} both write {', '.join(shared)}")
    direct: dict[str, list[Step]] = {}
    for step in steps:
        for name in step.reads:
            if not any(overlap(name, written) for other in steps for written in other.writes):
                raise ValueError(f"{step.name} reads {name}, which no step writes")
        direct[step.name] = [other for other in steps if other is not step and feeds(other, step)]
    before = {step.name: ancestors(step, direct) for step in steps}
    return {
        step.name: [one for one in direct[step.name] if not any(one.name in before[other.name] for other in direct[step.name])]
        for step in steps
    }


def feeds(first: Step, second: Step) -> bool:
    return any(overlap(name, written) for name in second.reads for written in first.writes)


def overlap(one: str, other: str) -> bool:
    """Whether two names of the workspace are the same file or folder, or one lies in the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def ancestors(step: Step, direct: dict[str, list[Step]]) -> set[str]:
    found: set[str] = set()
    left = [*direct[step.name]]
    while left:
        one = left.pop()
        if one.name not in found:
            found.add(one.name)
            left += direct[one.name]
    return found


def progress_weights(steps: Iterable[Step], hardware: str) -> dict[str, int]:
    """Each step's share of the whole in hundredths, at least one: Argo adds up what steps report, so all report in one unit.

    Steps without a duration (they run after a failure alone) have no share.
    """
    seconds = {step.name: duration.seconds for step in steps if (duration := step.durations.get(hardware))}
    spare, whole = 100 - len(seconds), sum(seconds.values())
    exact = {name: spare * value / whole for name, value in seconds.items()}
    weights = {name: 1 + int(value) for name, value in exact.items()}
    for name in sorted(exact, key=lambda name: int(exact[name]) - exact[name])[: 100 - sum(weights.values())]:
        weights[name] += 1
    return weights


def story_weights(profile: Profile) -> dict[str, int]:
    return progress_weights((CHECK, ANCHOR, *profile.work, REPORT), profile.hardware)


def training_weights(profile: Profile) -> dict[str, int]:
    return progress_weights((CHECK_PRESENTER, ANCHOR, *profile.training), profile.hardware)


def critical_path(profile: Profile) -> list[Step]:
    """The steps that a video waits for on its node, in order: the longest way through the DAG by duration."""
    steps = profile.work
    before = predecessors(steps)
    ways: dict[str, list[Step]] = {}

    def way_to(step: Step) -> list[Step]:
        if step.name not in ways:
            ways[step.name] = [*max((way_to(one) for one in before[step.name]), key=seconds_of, default=[]), step]
        return ways[step.name]

    def seconds_of(way: list[Step]) -> float:
        return sum(step.durations[profile.hardware].seconds for step in way)

    return [ANCHOR, *way_to(steps[-1])]
