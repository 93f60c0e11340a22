"""The story as a WorkflowTemplate: a document goes in by its address, a video comes out under an address.

What travels between steps as parameters are addresses, numbers and the node's name alone; a story's text lies in files.
"""

from dataclasses import replace

from hera.workflows import DAG, Artifact, Container, NoneArchiveStrategy, Parameter, Task, TaskResult, WorkflowTemplate
from hera.workflows.models import ValueFrom

from newsreel.config.settings import Settings
from workflows.failure import REFUSAL, REFUSED, failed, refuse, told_by, triage
from workflows.placement import ATTEMPT_SECONDS, STEP_SECONDS, STORY_MOUNT, WORKSPACE, on_system_pool, pinned
from workflows.systems import ANCHOR, CHECK, INIT_STORY, PUBLISH, REPORT, Profile, System
from workflows.template import PLACE, PRIORITY, attempt, chain, handed_on, join, output, parameters, task, workflow_template

__all__ = ["story_template"]

ARGUMENTS = ("story", "finals", "shards")
"""What a story is submitted with."""
SECONDS = (STEP_SECONDS, ATTEMPT_SECONDS)
"""How long a step and an attempt may take: what `check` adds to it."""

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
        story(profile, settings)
        attempt(ANCHOR, [*ARGUMENTS, STEP_SECONDS], settings)
        work(profile, settings)
        report(settings)
    return template


def story(profile: Profile, settings: Settings) -> None:
    """Neither a bad story nor one whose video is already there wakes a node.

    Both last tasks are named, since `argo retry` goes on from there: `refuse` is omitted once an attempt has failed, and counts
    as over ever after (4.0.5), so a story that waited for it alone would hang.
    """
    with DAG(name="story", inputs=parameters(ARGUMENTS), target="attempt refuse"):
        checked = task(check(profile, settings))
        todo = f"{output(checked, 'state')} == todo"
        told = {name: output(checked, name) for name in ("story", *SECONDS)}
        attempted = Task(name="attempt", template="attempt", arguments=handed_on([*ARGUMENTS, *SECONDS], **told), when=todo)
        chain(checked, attempted, task(refuse(settings), when=REFUSED, refusal=REFUSAL))


def work(profile: Profile, settings: Settings) -> None:
    """From the story's document to its video: the face moves by the phones of the voice, is drawn, and all is composed."""
    with DAG(name="work", inputs=parameters([*PLACE, *ARGUMENTS, STEP_SECONDS]), outputs=told_by("triage")):

        def step(system: System) -> Task:
            return task(on_scenes(system, settings))

        script = task(init_story(settings))
        voice = chain(script, *(step(system) for system in profile.voice))
        phonemes, face = chain(script, step(profile.phonemes)), chain(script, step(profile.landmarks))
        phones = join([voice, phonemes], step(profile.alignment))
        motion = join([phones, face], step(profile.motion))
        presenter = task(in_shards(profile.generator, settings), with_param=output(script, "shards"), shard="{{item}}")
        video = chain(motion, presenter, step(profile.composition), task(publish(settings)))
        task(triage(settings)).depends = failed(str(video.name))


def check(profile: Profile, settings: Settings) -> Container:
    """Is the story sound, and is there something to do? Its output `state` is `todo` or `published`, `story` the address of
    what was looked at, whatever is put there later; the others say how long a story of this length may take."""
    arguments = [*STORY, *FINALS, *SHARDS, *PRIORITY, "--voice-system", profile.voice[0].name, "--outputs", "/tmp"]  # noqa: S108
    names = ("state", "story", *SECONDS)
    told = [Parameter(name=name, value_from=ValueFrom(path=f"/tmp/{name}")) for name in names]  # noqa: S108
    return CHECK.build(settings, on_system_pool(settings), arguments, inputs=ARGUMENTS, outputs=told)


def init_story(settings: Settings) -> Container:
    """Brings the story and its pictures in; its output `shards` is the list `["0/N", ...]` the generator is spread over."""
    shards = Parameter(name="shards", value_from=ValueFrom(path="/tmp/shards.json"))  # noqa: S108
    spread = [*SHARDS, "--shards-file", "/tmp/shards.json"]  # noqa: S108
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
    """Its artifacts are what Argo's page shows of a story: small files, kept as they are. Where Argo has no bucket for them there
    are none: one it could not keep would fail the story after its video is out."""
    shown = [
        Artifact(name=name, path=str(STORY_MOUNT / "final" / file), archive=NoneArchiveStrategy(), optional=True)
        for name, file in (PREVIEWS if settings.previews_bucket else {}).items()
    ]
    node = ["--node={{inputs.parameters.node}}"] if settings.prices else []
    return PUBLISH.build(settings, pinned(settings), [*WORKSPACE, *FINALS, *node], inputs=["finals"], outputs=shown)


def report(settings: Settings) -> Container:
    """Says how the story ended, whatever its end. An exit handler is nobody's task: it has the workflow's own arguments.

    It tries again itself. At the story's deadline Argo ends an exit handler with a retry, and after `argo stop` calls one that
    is a DAG failed before it has begun (4.0.5, `IsPartOfExitHandler`, `assessDAGPhase`): nobody would be told.
    """
    story, finals = (f"{{{{workflow.parameters.{name}}}}}" for name in ("story", "finals"))
    arguments = [f"--story={story}", f"--finals={finals}", "--status", "{{workflow.status}}", "--failures={{workflow.failures}}"]
    if settings.done_topic or settings.webhook or settings.webhook_receivers:
        arguments += ["--run", "{{workflow.uid}}"]
    return REPORT.build(settings, replace(on_system_pool(settings), retry=None), arguments)
