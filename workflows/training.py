"""The training of a presenter as a WorkflowTemplate: footage goes in by its address, a bundle comes out under an address."""

from dataclasses import replace

from hera.workflows import DAG, Container, Parameter, Task, TaskResult, WorkflowTemplate

from newsreel.config.settings import Settings
from steps.anchor import STEP as ANCHOR
from steps.check_presenter import STEP as CHECK_PRESENTER
from steps.init_presenter import STEP as INIT_PRESENTER
from steps.publish_presenter import STEP as PUBLISH_PRESENTER
from workflows.container import Containers
from workflows.failure import REFUSAL, REFUSED, failed, refusal_output, refuse, triage
from workflows.placement import WORKSPACE, on_system_pool, pinned
from workflows.profiles import Profile, training_weights
from workflows.template import PLACE, PRIORITY, attempt, chain, connect, parameters, pass_arguments, task, workflow_template

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
        containers = Containers(settings, training_weights(profile))
        training(containers)
        attempt(replace(ANCHOR, deadline_seconds=HOURS * 3600), ARGUMENTS, containers)
        work(profile, containers)
    return template


def training(containers: Containers) -> None:
    """Check the footage, attempt the training, and refuse it if no node can do it; faulty footage takes no node."""
    with DAG(name=TRAIN_PRESENTER, inputs=parameters(ARGUMENTS)):
        attempted = Task(name="attempt", template="attempt", arguments=pass_arguments(ARGUMENTS))
        chain(task(check(containers)), attempted, task(refuse(containers), when=REFUSED, refusal=REFUSAL))


def work(profile: Profile, containers: Containers) -> None:
    """From footage to a bundle: the face is tracked, mouth shapes are fitted to it, and the generator learns to draw it."""
    with DAG(name="work", inputs=parameters([*PLACE, *ARGUMENTS]), outputs=refusal_output("triage")):
        placed = pinned(containers.settings)
        arguments = {INIT_PRESENTER.name: ([*FOOTAGE, *WORKSPACE, *LIMITS], ["footage", "steps", "minutes"])}
        arguments[PUBLISH_PRESENTER.name] = ([*WORKSPACE, *BUNDLES], ["bundles"])
        tasks = {}
        for step in profile.training:
            own, inputs = arguments.get(step.name, (WORKSPACE, ()))
            tasks[step.name] = task(containers.build(step, placed, own, inputs=inputs))
        connect(tasks, profile.training)
        task(triage(containers)).depends = failed(PUBLISH_PRESENTER.name)


def check(containers: Containers) -> Container:
    arguments = [*FOOTAGE, *BUNDLES, *PRIORITY]
    placed = on_system_pool(containers.settings)
    return containers.build(CHECK_PRESENTER, placed, arguments, inputs=["footage", "bundles"])
