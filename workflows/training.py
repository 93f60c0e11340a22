"""The training of a presenter as a WorkflowTemplate: footage goes in by its address, a bundle comes out under an address."""

from hera.workflows import DAG, Container, Parameter, Task, TaskResult, WorkflowTemplate

from newsreel.config.settings import Settings
from workflows.failure import REFUSAL, REFUSED, failed, refuse, told_by, triage
from workflows.placement import WORKSPACE, on_system_pool, pinned
from workflows.systems import (
    ANCHOR_OF_TRAINING,
    ANIMATE_VISEMES,
    CHECK_PRESENTER,
    DLIB_TRACK,
    INIT_PRESENTER,
    PUBLISH_PRESENTER,
    TRAINERS,
    Profile,
    System,
)
from workflows.template import PLACE, PRIORITY, attempt, chain, handed_on, join, parameters, task, workflow_template

__all__ = ["STEPS", "TRAIN_PRESENTER", "training_template"]

TRAIN_PRESENTER = "train-presenter"
ARGUMENTS = ("footage", "bundles", "steps", "minutes")
"""What a training is submitted with."""
STEPS, MINUTES = 4000, 600
HOURS = 24

FOOTAGE = ["--footage", "{{inputs.parameters.footage}}"]
BUNDLES = ["--bundles", "{{inputs.parameters.bundles}}"]
LIMITS = ["--steps", "{{inputs.parameters.steps}}", "--minutes", "{{inputs.parameters.minutes}}"]


def training_template(profile: Profile, settings: Settings) -> WorkflowTemplate:
    """The WorkflowTemplate `train-presenter` of a profile; placed, anchored and retried like a story."""
    arguments = [
        Parameter(
            name="footage", description="Address of the folder with presenter.yaml and footage.mp4; its name is the presenter's"
        ),
        Parameter(name="bundles", description="Address prefix the bundle is published under"),
        Parameter(name="steps", value=str(STEPS), description="Of the generator's training, at most"),
        Parameter(name="minutes", value=str(MINUTES), description="Of the generator's training, at most"),
    ]
    with (
        workflow_template(TRAIN_PRESENTER, profile, settings, arguments, hours=HOURS) as template,
        Task.set_next_defaults(on=TaskResult.succeeded),
    ):
        training(settings)
        attempt(ANCHOR_OF_TRAINING, ARGUMENTS, settings)
        work(profile, settings)
    return template


def training(settings: Settings) -> None:
    """Footage that cannot be used wakes no node."""
    with DAG(name=TRAIN_PRESENTER, inputs=parameters(ARGUMENTS)):
        attempted = Task(name="attempt", template="attempt", arguments=handed_on(ARGUMENTS))
        chain(task(check(settings)), attempted, task(refuse(settings), when=REFUSED, refusal=REFUSAL))


def work(profile: Profile, settings: Settings) -> None:
    """From footage to a bundle: the face is tracked, mouth shapes are fitted to it, and the generator learns to draw it."""
    with DAG(name="work", inputs=parameters([*PLACE, *ARGUMENTS]), outputs=told_by("triage")):

        def step(system: System) -> Task:
            return task(system.build(settings, pinned(settings), WORKSPACE))

        face = chain(task(init_presenter(settings)), step(DLIB_TRACK))
        mouth = chain(face, step(ANIMATE_VISEMES))
        generator = chain(face, step(TRAINERS[profile.name]))
        bundle = join([mouth, generator], task(publish_presenter(settings)))
        task(triage(settings)).depends = failed(str(bundle.name))


def check(settings: Settings) -> Container:
    arguments = [*FOOTAGE, *BUNDLES, *PRIORITY]
    return CHECK_PRESENTER.build(settings, on_system_pool(settings), arguments, inputs=["footage", "bundles"])


def init_presenter(settings: Settings) -> Container:
    """Brings the footage in, at the presenter's size, with how long the generator is to be taught."""
    arguments = [*FOOTAGE, *WORKSPACE, *LIMITS]
    return INIT_PRESENTER.build(settings, pinned(settings), arguments, inputs=["footage", "steps", "minutes"])


def publish_presenter(settings: Settings) -> Container:
    return PUBLISH_PRESENTER.build(settings, pinned(settings), [*WORKSPACE, *BUNDLES], inputs=["bundles"])
