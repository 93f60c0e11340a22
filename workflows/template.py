"""What every WorkflowTemplate of ours has in common: how it ends, the node it takes, and how its tasks are joined."""

from collections.abc import Mapping, Sequence
from typing import cast

from hera.workflows import DAG, Container, Parameter, Task, TaskResult, WorkflowTemplate
from hera.workflows.models import (
    ExecutorConfig,
    LabelValueFrom,
    PodGC,
    PodSecurityContext,
    SeccompProfile,
    TTLStrategy,
    WorkflowMetadata,
)

from newsreel.argo.workflow import DESCRIPTION
from newsreel.config.names import EXECUTOR_ACCOUNT, STEP_ACCOUNT
from newsreel.config.settings import Settings
from newsreel.step import Step
from newsreel.story.priority import PRIORITY_VALUE
from workflows.container import Containers
from workflows.failure import refusal_output
from workflows.metrics import workflow_histogram
from workflows.placement import SSD_MOUNT, USER, anchored, retry_elsewhere
from workflows.profiles import Profile, predecessors

PRIORITY = ["--priority={{workflow.parameters.priority}}"]
"""For a first step to refuse: a pod of an unknown class is never made."""
PLACE = ("node", "dir")
"""What the anchor adds to the arguments of an attempt."""

DAY, HOUR = 86400, 3600


def workflow_template(
    name: str, profile: Profile, settings: Settings, arguments: Sequence[Parameter], *, hours: int, on_exit: str | None = None
) -> WorkflowTemplate:
    """The parts that every WorkflowTemplate of ours shares; its entrypoint is the template of its own name.

    `hours` limits the whole workflow, attempts on other nodes included. A workflow that is submitted with arguments alone shows
    these in
    the list of workflows; `newsreel submit` adds a title and a description (`newsreel.argo.workflow.story_annotations`).
    """
    labels = {"app.kubernetes.io/part-of": "newsreel", "newsreel/profile": profile.name}
    advice = "`breaking` takes the next node that is free"
    shown = [str(argument.name) for argument in arguments]
    priority = Parameter(name="priority", value="normal", enum=[*PRIORITY_VALUE], description=advice)
    return WorkflowTemplate(
        name=name,
        labels=labels,
        workflow_metadata=WorkflowMetadata(
            labels=labels,
            labels_from={"newsreel/priority": LabelValueFrom(expression="workflow.parameters.priority")},
            annotations={DESCRIPTION: " \u00b7 ".join(f"{name} {{{{workflow.parameters.{name}}}}}" for name in shown)},
        ),
        entrypoint=name,
        on_exit=on_exit,
        metrics=[workflow_histogram(name, profile.name)],
        arguments=[*arguments, priority],
        active_deadline_seconds=hours * HOUR,
        ttl_strategy=TTLStrategy(seconds_after_success=3 * DAY, seconds_after_failure=14 * DAY),
        pod_gc=PodGC(strategy="OnWorkflowSuccess", delete_delay_duration="10m"),
        security_context=PodSecurityContext(
            run_as_user=USER, run_as_group=USER, run_as_non_root=True, seccomp_profile=SeccompProfile(type="RuntimeDefault")
        ),
        service_account_name=STEP_ACCOUNT,
        automount_service_account_token=False,
        executor=ExecutorConfig(service_account_name=EXECUTOR_ACCOUNT),
    )


def attempt(anchor: Step, arguments: Sequence[str], containers: Containers) -> None:
    """A node of its own, and `work` on it; a failure is retried on another node unless `triage` refuses.

    The steps lie one DAG deeper, in `work`: as direct children they would get "not this node" from the retry and "this node" from
    their placement, and hang.
    """
    settings = containers.settings
    holder = anchor_container(anchor, containers)
    own = [str(parameter.name) for parameter in cast(list[Parameter], holder.inputs or [])]
    given = parameters([*arguments, *own])
    with DAG(name="attempt", inputs=given, outputs=refusal_output("work"), retry_strategy=retry_elsewhere()):
        held = task(holder)
        place = {"node": "{{tasks.anchor.hostNodeName}}", "dir": f"{settings.ssd_root}/{{{{workflow.uid}}}}"}
        worked = Task(name="work", template="work", arguments=pass_arguments([*PLACE, *arguments], **place))
        held.next(worked, on=TaskResult.daemoned)


def anchor_container(anchor: Step, containers: Containers) -> Container:
    """Holds the node and the work's directory on it for as long as the attempt lasts."""
    workspace = SSD_MOUNT / "{{workflow.uid}}"
    return containers.build(anchor, anchored(containers.settings, workspace), ["--workspace", str(workspace)])


def parameters(names: Sequence[str]) -> list[Parameter]:
    return [Parameter(name=name) for name in names]


def pass_arguments(names: Sequence[str], **given: str) -> list[Parameter]:
    """Arguments of these names: the value in `given`, else the calling DAG's own input of the same name."""
    return [Parameter(name=name, value=given.get(name, f"{{{{inputs.parameters.{name}}}}}")) for name in names]


def task(template: Container, *, with_param: str | None = None, when: str | None = None, **given: str) -> Task:
    """A task named after its template; each input that is not in `given` is the DAG's own of the same name."""
    inputs = cast(list[Parameter], template.inputs or [])
    arguments = pass_arguments([str(parameter.name) for parameter in inputs], **given)
    return Task(name=str(template.name), template=template, arguments=arguments or None, with_param=with_param, when=when)


def output(task: Task, name: str) -> str:
    """The expression for an output parameter of a task. Raises KeyError where its template has none of that name."""
    return str(task.get_parameter(name).value)


def chain(first: Task, *rest: Task) -> Task:
    """Run each task after the one before it has succeeded; returns the last."""
    for task in rest:
        first = first.next(task)
    return first


def connect(tasks: Mapping[str, Task], steps: Sequence[Step]) -> None:
    """Run each step's task after all tasks have succeeded that write what it reads."""
    for name, before in predecessors(steps).items():
        for step in before:
            tasks[step.name].next(tasks[name])
