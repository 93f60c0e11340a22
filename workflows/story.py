"""The story as a WorkflowTemplate: a document goes in by its address, a video comes out under an address.

What travels between steps as parameters are addresses, numbers and the node's name alone; a story's text lies in files.
"""

from dataclasses import replace

from hera.workflows import DAG, Artifact, Container, NoneArchiveStrategy, Parameter, Task, TaskResult, WorkflowTemplate
from hera.workflows.models import ValueFrom

from newsreel.config.settings import Settings
from newsreel.step import Step
from steps.anchor import STEP as ANCHOR
from steps.check import STEP as CHECK
from steps.init_story import STEP as INIT_STORY
from steps.publish import STEP as PUBLISH
from steps.report import STEP as REPORT
from workflows.container import Containers
from workflows.failure import REFUSAL, REFUSED, failed, refusal_output, refuse, triage
from workflows.placement import ATTEMPT_SECONDS, STEP_SECONDS, STORY_MOUNT, WORKSPACE, on_system_pool, pinned
from workflows.profiles import Profile, story_weights
from workflows.template import (
    PLACE,
    PRIORITY,
    attempt,
    chain,
    connect,
    output,
    parameters,
    pass_arguments,
    task,
    workflow_template,
)

ARGUMENTS = ("story", "finals", "shards")
"""What a story is submitted with."""
SECONDS = (STEP_SECONDS, ATTEMPT_SECONDS)
"""How long a step and an attempt may take: outputs of `check`."""
DIGEST = "digest"
"""Of the story and its pictures as `check` validated them: an output of `check`, without which `init-story` takes in nothing."""

PREVIEWS = {"report": "report.html", "sheet": "sheet.jpg", "poster": "poster.jpg", "captions": "captions.vtt"}
"""What Argo keeps of a video: its name, and its file below `final` in the story's directory."""

# With `=`, since what somebody submits may begin with dashes.
STORY = ["--story={{inputs.parameters.story}}"]
FINALS = ["--finals={{inputs.parameters.finals}}"]
SHARDS = ["--shards={{inputs.parameters.shards}}"]


def story_template(profile: Profile, settings: Settings) -> WorkflowTemplate:
    """The WorkflowTemplate `story` of a profile."""
    arguments = [
        Parameter(name="story", description="Address of the story's document"),
        Parameter(name="finals", value=settings.finals, description="Address prefix the video is published under"),
        Parameter(name="shards", value="1", description="Into how many parts the generator's work is spread"),
    ]
    with (
        workflow_template("story", profile, settings, arguments, hours=settings.deadline_hours, on_exit="report") as template,
        Task.set_next_defaults(on=TaskResult.succeeded),
    ):
        containers = Containers(settings, story_weights(profile))
        story(profile, containers)
        attempt(ANCHOR, [*ARGUMENTS, DIGEST, STEP_SECONDS], containers)
        work(profile, containers)
        report(containers)
    return template


def story(profile: Profile, containers: Containers) -> None:
    """Check the story, attempt it, and refuse it if no node can make it; a faulty or finished story takes no node.

    Both last tasks are targets since `argo retry` resumes there: `refuse` is omitted once an attempt has failed, and counts as
    finished
    ever after (4.0.5), so a story that waited for it alone would hang.
    """
    with DAG(name="story", inputs=parameters(ARGUMENTS), target="attempt refuse"):
        checked = task(check(profile, containers))
        todo = f"{output(checked, 'state')} == todo"
        outputs = {name: output(checked, name) for name in ("story", DIGEST, *SECONDS)}
        arguments = pass_arguments([*ARGUMENTS, DIGEST, *SECONDS], **outputs)
        attempted = Task(name="attempt", template="attempt", arguments=arguments, when=todo)
        chain(checked, attempted, task(refuse(containers), when=REFUSED, refusal=REFUSAL))


def work(profile: Profile, containers: Containers) -> None:
    """From the story's document to its video; a step begins once those have succeeded that write what it reads."""
    with DAG(name="work", inputs=parameters([*PLACE, *ARGUMENTS, DIGEST, STEP_SECONDS]), outputs=refusal_output("triage")):
        script = task(init_story(containers))
        tasks = {INIT_STORY.name: script} | {step.name: step_task(step, script, containers) for step in profile.steps}
        tasks[PUBLISH.name] = task(publish(containers))
        connect(tasks, profile.work)
        task(triage(containers)).depends = failed(PUBLISH.name)


def step_task(step: Step, script: Task, containers: Containers) -> Task:
    """A step that finds its inputs in the story's directory. A `sharded` step does the K-th of N parts, given as `K/N`."""
    placement = pinned(containers.settings)
    if not step.sharded:
        return task(containers.build(step, placement, WORKSPACE))
    arguments = [*WORKSPACE, "--shard", "{{inputs.parameters.shard}}"]
    return task(
        containers.build(step, placement, arguments, inputs=["shard"]), with_param=output(script, "shards"), shard="{{item}}"
    )


def check(profile: Profile, containers: Containers) -> Container:
    """Validates the story. Its output `state` is `todo` or `published`; `story` is the address, with its generation, and `digest`
    the digest of what was validated; the others say how long a step and an attempt of this story may take."""
    arguments = [*STORY, *FINALS, *SHARDS, *PRIORITY, "--voice-system", profile.voice.name, "--outputs", "/tmp"]  # noqa: S108
    names = ("state", "story", DIGEST, *SECONDS)
    values = [Parameter(name=name, value_from=ValueFrom(path=f"/tmp/{name}")) for name in names]  # noqa: S108
    return containers.build(CHECK, on_system_pool(containers.settings), arguments, inputs=ARGUMENTS, outputs=values)


def init_story(containers: Containers) -> Container:
    """Import the story and its pictures; the output `shards` is the list `["0/N", ...]` over which the generator is spread."""
    shards = Parameter(name="shards", value_from=ValueFrom(path="/tmp/shards.json"))  # noqa: S108
    spread = [*SHARDS, "--shards-file", "/tmp/shards.json"]  # noqa: S108
    arguments = [*STORY, "--digest={{inputs.parameters.digest}}", *WORKSPACE, *spread]
    inputs = ["story", DIGEST, "shards"]
    return containers.build(INIT_STORY, pinned(containers.settings), arguments, inputs=inputs, outputs=[shards])


def publish(containers: Containers) -> Container:
    """Publish the video. Its artifacts are the previews on Argo's page: small files, stored as they are.

    Without a bucket for them there are none: an artifact that cannot be saved would fail the story after its video is published.
    """
    settings = containers.settings
    shown = [
        Artifact(name=name, path=str(STORY_MOUNT / "final" / file), archive=NoneArchiveStrategy(), optional=True)
        for name, file in (PREVIEWS if settings.previews_bucket else {}).items()
    ]
    node = ["--node={{inputs.parameters.node}}"] if settings.prices else []
    return containers.build(PUBLISH, pinned(settings), [*WORKSPACE, *FINALS, *node], inputs=["finals"], outputs=shown)


def report(containers: Containers) -> Container:
    """Report how the story ended. The exit handler belongs to no task: it gets the workflow's own arguments.

    It tries again itself. At the story's deadline Argo ends an exit handler with a retry, and after `argo stop` calls one that
    is a DAG failed before it has begun (4.0.5, `IsPartOfExitHandler`, `assessDAGPhase`): nobody would be values.
    """
    settings = containers.settings
    story, finals = (f"{{{{workflow.parameters.{name}}}}}" for name in ("story", "finals"))
    arguments = [f"--story={story}", f"--finals={finals}", "--status", "{{workflow.status}}", "--failures={{workflow.failures}}"]
    if settings.done_topic or settings.webhook or settings.webhook_receivers:
        arguments += ["--run", "{{workflow.uid}}"]
    return containers.build(REPORT, replace(on_system_pool(settings), retry=None), arguments)
