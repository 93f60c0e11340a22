"""What the runner does not execute is refused by name before anything runs."""

from pathlib import Path

import pytest
from local_harness import Harness

from tests.workflows.golden_manifests import write_manifests
from workflows.local import InvalidWorkflow
from workflows.local.check import check_program
from workflows.local.manifest import read_program

STEP = "- {name: main, container: {image: i, command: [touch, ran]}}"


@pytest.mark.parametrize("profile", ["embedded", "studio"])
def test_the_emitted_manifests_are_accepted(profile: str, tmp_path: Path) -> None:
    program = read_program(write_manifests(profile, tmp_path / profile), "story")
    check_program(program)
    assert {"check", "anchor", "publish"} <= program.templates.keys()
    assert program.backends.keys() == {"gentle"}


@pytest.mark.parametrize(
    ("templates", "spec", "message"),
    [
        ("- {name: main, suspend: {}}", "", "template `main` uses `suspend`"),
        ("- {name: main, script: {image: i, source: x}}", "", "template `main` uses `script`"),
        ("- {name: main, steps: [[]]}", "", "template `main` uses `steps`"),
        ("- {name: main, container: {image: i, command: [x], envFrom: []}}", "", "template `main` uses `container.envFrom`"),
        (
            "- {name: main, container: {image: i, command: [x], env: [{name: A, valueFrom: {secretKeyRef: {}}}]}}",
            "",
            "template `main` uses `container.env.0.valueFrom`",
        ),
        ("- {name: main, dag: {tasks: [{name: a, template: b, withItems: [1]}]}}", "", "uses `dag.tasks.0.withItems`"),
        ("- {name: main, dag: {tasks: [{name: a, template: b, hooks: {}}]}}", "", "uses `dag.tasks.0.hooks`"),
        ("- {name: main, dag: {tasks: [{name: a, template: b, dependencies: [c]}]}}", "", "uses `dag.tasks.0.dependencies`"),
        (STEP, "volumes: []", "WorkflowTemplate `story` uses `spec.volumes`, which the local runner does not execute"),
        (STEP, "volums: []", "WorkflowTemplate `story` uses `spec.volums`, which is not a field of WorkflowSpec"),
        ("- {name: main, memoize: {}, container: {image: i, command: [x]}}", "", "template `main` uses `memoize`"),
        (STEP, "synchronization: {}", "WorkflowTemplate `story` uses `spec.synchronization`"),
        (STEP, "templateDefaults: {}", "WorkflowTemplate `story` uses `spec.templateDefaults`"),
        ("- {name: main, volumes: [{name: v, secret: {}}], container: {image: i, command: [x]}}", "", "uses `volumes.0.secret`"),
        (
            "- {name: main, retryStrategy: {limit: 1, retryPolicy: OnTransientError}, container: {image: i, command: [x]}}",
            "",
            "`retryStrategy.retryPolicy`: Input should be 'Always'",
        ),
    ],
)
def test_a_field_that_is_not_executed_is_refused_by_name(harness: Harness, templates: str, spec: str, message: str) -> None:
    with pytest.raises(InvalidWorkflow) as refused:
        harness.run(templates, spec)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (harness.home / "ssd").exists()


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        ("- {name: main, dag: {tasks: [{name: a, template: nowhere}]}}", "there is no template `nowhere`"),
        ("- {name: main, dag: {tasks: [{name: a, template: main}]}}", "calls itself"),
        (
            f"- {{name: main, dag: {{tasks: [{{name: a, template: x, depends: b}}]}}}}\n{STEP.replace('main', 'x')}",
            "depends on `b`",
        ),
        (
            f"- {{name: main, dag: {{tasks: [{{name: a, template: x, depends: b}}, {{name: b, template: x, depends: a}}]}}}}\n"
            f"{STEP.replace('main', 'x')}",
            "wait for each other: a, b",
        ),
        ("- {name: main, container: {image: i, command: ['{{inputs.parameters.x}}']}}", "`{{inputs.parameters.x}}`"),
        ("- {name: main, container: {image: i, command: ['{{workflow.status}}']}}", "`{{workflow.status}}`"),
        ("- {name: main, container: {image: i, command: ['{{=1+1}}']}}", "`{{=1+1}}`"),
        ("- {name: main, inputs: {parameters: [{name: x}]}, container: {image: i, command: [x]}}", "without its parameter `x`"),
        ("- {name: main, container: {image: i, command: [x], volumeMounts: [{name: v, mountPath: /v}]}}", "volume `v`"),
        (
            "- {name: main, retryStrategy: {retryPolicy: Always, expression: now()}, container: {image: i, command: [x]}}",
            "template `main`: `now()`",
        ),
        (
            "- {name: main, dag: {tasks: [{name: a, template: x, when: '{{workflow.uid}} < 3'}]}}\n" + STEP.replace("main", "x"),
            "task `a`",
        ),
        (
            "- {name: main, dag: {tasks: [{name: a, template: x}, {name: b, template: x, when: '{{tasks.a.hostNodeName}}'}]}}\n"
            + STEP.replace("main", "x"),
            "`{{tasks.a.hostNodeName}}`",
        ),
        (
            "- {name: main, dag: {tasks: [{name: a, template: x, withParam: '[1]'}]}}\n"
            "- {name: x, dag: {tasks: [{name: b, template: y}]}}\n" + STEP.replace("main", "y"),
            "withParam over a DAG",
        ),
        (
            "- {name: main, dag: {tasks: [{name: a, template: e, withParam: '[1]'}, "
            "{name: b, template: x, depends: a, when: \"{{tasks.a.outputs.parameters.text}} == ''\"}]}}\n"
            "- {name: e, container: {image: i, command: [x]}, outputs: {parameters: [{name: text, valueFrom: {path: /x}}]}}\n"
            + STEP.replace("main", "x"),
            "`{{tasks.a.outputs.parameters.text}}` has no value here",
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(harness: Harness, templates: str, message: str) -> None:
    with pytest.raises(InvalidWorkflow) as refused:
        harness.run(templates)
    assert message in str(refused.value)


def test_an_unknown_kind_is_refused(harness: Harness) -> None:
    folder = harness.write(STEP)
    (folder / "job.yaml").write_text("apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n")
    with pytest.raises(InvalidWorkflow, match="kind Job"):
        read_program(folder, "story")


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: &a [*a]\nkind: *b", "\x00"])
def test_an_invalid_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "story.yaml").write_text(text)
    with pytest.raises(InvalidWorkflow) as refused:
        read_program(tmp_path, "story")
    assert "\n" not in str(refused.value)


def test_a_missing_workflow_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidWorkflow, match="0 WorkflowTemplates are named story"):
        read_program(tmp_path, "story")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs its parameter story"),
        ({"story": "x", "colour": "red"}, "no parameter colour"),
        ({"story": "{{workflow.name}}"}, "Argo would expand"),
    ],
)
def test_wrong_arguments_are_refused(harness: Harness, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidWorkflow, match=message):
        harness.run(STEP, "arguments: {parameters: [{name: story}]}", arguments)
