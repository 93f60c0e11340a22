"""The story as a WorkflowTemplate: a document goes in by its address, a video comes out under an address.

What travels between steps as parameters are addresses, numbers and the node's name alone; a story's text lies in files.
"""

from collections.abc import Sequence
from typing import cast

from hera.workflows import DAG, Container, Parameter, Task, TaskResult, WorkflowTemplate
from hera.workflows.models import (
    ExecutorConfig,
    PodGC,
    PodSecurityContext,
    SeccompProfile,
    TTLStrategy,
    ValueFrom,
    WorkflowMetadata,
)

from workflows.placement import SSD_MOUNT, STORY_MOUNT, USER, anchored, on_system_pool, pinned, retry_elsewhere
from workflows.settings import Settings
from workflows.systems import ANCHOR, CHECK, INIT_STORY, PUBLISH, REPORT, Profile, System

__all__ = ["story_template"]

ARGUMENTS = ("story", "finals", "shards")
"""What a story is submitted with."""
PLACE = ("node", "dir")
"""What the anchor adds to it."""

STORY = ["--story", "{{inputs.parameters.story}}"]
FINALS = ["--finals", "{{inputs.parameters.finals}}"]
WORKSPACE = ["--workspace", str(STORY_MOUNT)]

DAY = 86400


def story_template(profile: Profile, settings: Settings) -> WorkflowTemplate:
    """The WorkflowTemplate `story` of a profile."""
    with workflow(profile, settings) as template, Task.set_next_defaults(on=TaskResult.succeeded):
        story(profile, settings)
        attempt(settings)
        work(profile, settings)
        report(settings)
    return template


def story(profile: Profile, settings: Settings) -> None:
    """Neither a bad story nor one whose video is already there wakes a node."""
    with DAG(name="story", inputs=parameters(ARGUMENTS)):
        checked = task(check(profile, settings))
        todo = f"{output(checked, 'state')} == todo"
        attempted = Task(name="attempt", template="attempt", arguments=handed_on(ARGUMENTS), when=todo)
        checked.next(attempted)


def attempt(settings: Settings) -> None:
    """A node for this story alone, and the work on it; what fails there is tried on another.

    The steps lie one DAG deeper, in `work`: directly here they would be told "not this node" by the retry and "this node" by
    their placement, and hang.
    """
    with DAG(name="attempt", inputs=parameters(ARGUMENTS), retry_strategy=retry_elsewhere()):
        held = task(anchor(settings))
        place = {"node": "{{tasks.anchor.hostNodeName}}", "dir": f"{settings.ssd_root}/{{{{workflow.uid}}}}"}
        worked = Task(name="work", template="work", arguments=handed_on([*PLACE, *ARGUMENTS], **place))
        held.next(worked, on=TaskResult.daemoned)


def work(profile: Profile, settings: Settings) -> None:
    """From the story's document to its video: the face moves by the phones of the voice, is drawn, and all is composed."""
    with DAG(name="work", inputs=parameters([*PLACE, *ARGUMENTS])):

        def step(system: System) -> Task:
            return task(on_scenes(system, settings))

        script = task(init_story(settings))
        voice = chain(script, *(step(system) for system in profile.voice))
        phones = chain(voice, step(profile.alignment), step(profile.phonemes))
        face = chain(script, step(profile.landmarks))
        motion = join([phones, face], step(profile.motion))
        presenter = task(in_shards(profile.generator, settings), with_param=output(script, "shards"), shard="{{item}}")
        chain(motion, presenter, step(profile.composition), task(publish(settings)))


def check(profile: Profile, settings: Settings) -> Container:
    """Is the story sound, and is there something to do? Its output `state` is `todo` or `published`."""
    voice = ["--voice-system", profile.voice[0].name]
    state = Parameter(name="state", value_from=ValueFrom(path="/tmp/state"))  # noqa: S108  # its own emptyDir
    arguments = [*STORY, *FINALS, *voice, "--state-file", "/tmp/state"]  # noqa: S108
    return CHECK.build(settings, on_system_pool(settings), arguments, inputs=["story", "finals"], outputs=[state])


def anchor(settings: Settings) -> Container:
    """Holds the node and the story's directory on it for as long as the attempt lasts."""
    workspace = SSD_MOUNT / "{{workflow.uid}}"
    return ANCHOR.build(settings, anchored(settings, workspace), ["--workspace", str(workspace)])


def init_story(settings: Settings) -> Container:
    """Brings the story and its pictures in; its output `shards` is the list `["0/N", ...]` the generator is spread over."""
    shards = Parameter(name="shards", value_from=ValueFrom(path="/tmp/shards.json"))  # noqa: S108
    spread = ["--shards", "{{inputs.parameters.shards}}", "--shards-file", "/tmp/shards.json"]  # noqa: S108
    return INIT_STORY.build(
        settings, pinned(settings), [*STORY, *WORKSPACE, *spread], inputs=["story", "shards"], outputs=[shards]
    )


def on_scenes(system: System, settings: Settings) -> Container:
    """A step that finds all it needs in the story's directory."""
    return system.build(settings, pinned(settings), WORKSPACE)


def in_shards(system: System, settings: Settings) -> Container:
    """A step that does the K-th of N parts, told as `K/N`."""
    return system.build(settings, pinned(settings), [*WORKSPACE, "--shard", "{{inputs.parameters.shard}}"], inputs=["shard"])


def publish(settings: Settings) -> Container:
    return PUBLISH.build(settings, pinned(settings), [*WORKSPACE, *FINALS], inputs=["finals"])


def report(settings: Settings) -> Container:
    """Says how the story ended, whatever its end. An exit handler is nobody's task: it has the workflow's own arguments."""
    story, finals = (f"{{{{workflow.parameters.{name}}}}}" for name in ("story", "finals"))
    arguments = ["--story", story, "--finals", finals, "--status", "{{workflow.status}}"]
    return REPORT.build(settings, on_system_pool(settings), arguments)


def workflow(profile: Profile, settings: Settings) -> WorkflowTemplate:
    """Everything about the workflow that is not a template of it."""
    labels = {"app.kubernetes.io/part-of": "newsreel", "newsreel/profile": profile.name}
    return WorkflowTemplate(
        name="story",
        labels=labels,
        workflow_metadata=WorkflowMetadata(labels=labels),
        entrypoint="story",
        on_exit="report",
        arguments=[
            Parameter(name="story", description="Address of the story's document"),
            Parameter(name="finals", description="Address prefix the video is published under"),
            Parameter(name="shards", value="1", description="Into how many parts the generator's work is spread"),
        ],
        active_deadline_seconds=settings.deadline_hours * 3600,
        ttl_strategy=TTLStrategy(seconds_after_success=3 * DAY, seconds_after_failure=14 * DAY),
        pod_gc=PodGC(strategy="OnWorkflowSuccess", delete_delay_duration="10m"),
        security_context=PodSecurityContext(
            run_as_user=USER, run_as_group=USER, run_as_non_root=True, seccomp_profile=SeccompProfile(type="RuntimeDefault")
        ),
        service_account_name=settings.step_account,
        automount_service_account_token=False,
        executor=ExecutorConfig(service_account_name=settings.executor_account),
    )


def parameters(names: Sequence[str]) -> list[Parameter]:
    return [Parameter(name=name) for name in names]


def handed_on(names: Sequence[str], **given: str) -> list[Parameter]:
    """Arguments of these names: what is `given`, else the calling DAG's own input of the same name."""
    return [Parameter(name=name, value=given.get(name, f"{{{{inputs.parameters.{name}}}}}")) for name in names]


def task(template: Container, *, with_param: str | None = None, **given: str) -> Task:
    """A task named after its template; each input that is not `given` is the DAG's own of the same name."""
    inputs = cast(list[Parameter], template.inputs or [])
    arguments = handed_on([str(parameter.name) for parameter in inputs], **given)
    return Task(name=str(template.name), template=template, arguments=arguments or None, with_param=with_param)


def output(task: Task, name: str) -> str:
    """The expression for an output parameter of a task; KeyError where its template has none of that name."""
    return str(task.get_parameter(name).value)


def chain(first: Task, *rest: Task) -> Task:
    """Each task once the one before it has succeeded; the last of them."""
    for task in rest:
        first = first.next(task)
    return first


def join(first: Sequence[Task], last: Task) -> Task:
    """A task once all of several have succeeded."""
    for task in first:
        task.next(last)
    return last
