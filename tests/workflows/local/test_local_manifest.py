"""What the runner does not know is refused by name, before anything runs."""

from pathlib import Path

import pytest
from local_stage import Stage

from newsreel.errors import BadInput
from tests.workflows.golden_manifests import write_manifests
from workflows.local.check import check_program
from workflows.local.manifest import read_program

STEP = "- {name: main, container: {image: i, command: [touch, ran]}}"


@pytest.mark.parametrize("profile", ["embedded", "studio"])
def test_what_we_emit_is_known_in_full(profile: str, tmp_path: Path) -> None:
    program = read_program(write_manifests(profile, tmp_path / profile), "story")
    check_program(program)
    assert {"check", "anchor", "publish"} <= program.templates.keys()
    assert program.backends.keys() == {"gentle"}


@pytest.mark.parametrize(
    ("templates", "spec", "told"),
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
        ("- {name: main, memoize: {}, container: {image: i, command: [x]}}", "", "template `main` uses `memoize`"),
        (STEP, "synchronization: {}", "WorkflowTemplate `story` uses `spec.synchronization`"),
        (STEP, "templateDefaults: {}", "WorkflowTemplate `story` uses `spec.templateDefaults`"),
        ("- {name: main, volumes: [{name: v, secret: {}}], container: {image: i, command: [x]}}", "", "uses `volumes.0.secret`"),
        (
            "- {name: main, retryStrategy: {limit: 1, retryPolicy: OnTransientError}, container: {image: i, command: [x]}}",
            "",
            "`retryStrategy.retryPolicy`: Input should be",
        ),
    ],
)
def test_an_unknown_field_is_refused_by_name(stage: Stage, templates: str, spec: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        stage.play(templates, spec)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (stage.home / "ssd").exists()


@pytest.mark.parametrize(
    ("templates", "told"),
    [
        ("- {name: main, dag: {tasks: [{name: a, template: nowhere}]}}", "there is no template `nowhere`"),
        ("- {name: main, dag: {tasks: [{name: a, template: main}]}}", "leads back to itself"),
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
            "- {name: main, retryStrategy: {limit: 1, expression: now()}, container: {image: i, command: [x]}}",
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
    ],
)
def test_a_name_that_leads_nowhere_is_refused(stage: Stage, templates: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        stage.play(templates)
    assert told in str(refused.value)


def test_a_kind_it_does_not_know_is_refused(stage: Stage) -> None:
    folder = stage.write(STEP)
    (folder / "job.yaml").write_text("apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\n")
    with pytest.raises(BadInput, match="kind Job"):
        read_program(folder, "story")


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: &a [*a]\nkind: *b", "\x00"])
def test_what_is_no_manifest_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "story.yaml").write_text(text)
    with pytest.raises(BadInput) as refused:
        read_program(tmp_path, "story")
    assert "\n" not in str(refused.value)


def test_a_missing_manifest_tells_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="newsreel emit"):
        read_program(tmp_path, "story")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "needs its parameter story"),
        ({"story": "x", "colour": "red"}, "no parameter colour"),
        ({"story": "{{workflow.name}}"}, "Argo would expand"),
    ],
)
def test_wrong_arguments_are_refused(stage: Stage, arguments: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        stage.play(STEP, "arguments: {parameters: [{name: story}]}", arguments)
