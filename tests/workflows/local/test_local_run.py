"""An emitted document is followed as Argo would follow it."""

import json

import pytest
from local_stage import MOUNT, SAY, TMP, Stage, dag, says, script


def test_values_travel_from_task_to_task(stage: Stage) -> None:
    played = stage.play(
        dag(
            says("a", "{{workflow.parameters.story}} {{workflow.uid}}"),
            says("b", "<{{tasks.a.outputs.parameters.said}}>", ", depends: a"),
        )
        + SAY,
        "arguments: {parameters: [{name: story, value: the budget}]}",
    )
    assert played.result.exit_status == 0
    assert played.log("b") == "<the budget budget-r1>"


def test_a_value_is_put_in_once_and_never_read_as_a_template_or_a_path(stage: Stage) -> None:
    odd = stage.home / "odd"
    odd.write_text('{{workflow.name}} /tmp/x "; exit 3 #')
    played = stage.play(
        dag(
            "name: a, template: odd",
            says("b", "{{tasks.a.outputs.parameters.odd}}", ", depends: a"),
        )
        + SAY
        + f"- {{name: odd, outputs: {{parameters: [{{name: odd, valueFrom: {{path: /tmp/odd}}}}]}}, {TMP}, "
        f"container: {{image: i, command: [cp, '{{{{workflow.parameters.odd}}}}', /tmp/odd], {MOUNT}}}}}\n",
        "arguments: {parameters: [{name: odd}]}",
        {"odd": str(odd)},
    )
    assert played.log("b") == odd.read_text()


def test_a_list_becomes_one_step_an_item_and_their_outputs_a_list(stage: Stage) -> None:
    played = stage.play(
        dag(
            'name: a, template: say, arguments: {parameters: [{name: text, value: \'[1, "two", {"k": 3}]\'}]}',
            says("each", "item {{item}}", ', depends: a, withParam: "{{tasks.a.outputs.parameters.said}}"'),
            says("all", "{{tasks.each.outputs.parameters.said}}", ", depends: each"),
        )
        + SAY
    )
    assert json.loads(played.log("all")) == ["item 1", "item two", 'item {"k": 3}']
    assert played.steps["each 2/3"] == "Succeeded"


@pytest.mark.parametrize(("said", "status"), [("no list", "Error"), ("[]", "Succeeded"), ('{"a": 1}', "Error")])
def test_a_list_that_is_none_or_empty(stage: Stage, said: str, status: str) -> None:
    played = stage.play(
        dag(
            says("a", said),
            says("each", "{{item}}", ', depends: a, withParam: "{{tasks.a.outputs.parameters.said}}"'),
        )
        + SAY
    )
    assert played.result.status == status


@pytest.mark.parametrize(("state", "work"), [("todo", "Succeeded"), ("done", "Skipped")])
def test_when_decides_whether_there_is_work(stage: Stage, state: str, work: str) -> None:
    played = stage.play(
        dag(
            says("check", state),
            'name: work, template: work, depends: check.Succeeded, when: "{{tasks.check.outputs.parameters.said}} == todo"',
            "name: after, template: work, depends: work",
        )
        + SAY
        + script("work", "true")
    )
    assert played.result.exit_status == 0
    assert played.steps == {"check": "Succeeded", "work": work, "after": "Succeeded"}


def test_a_failure_stops_what_depends_on_it_and_nothing_else(stage: Stage) -> None:
    played = stage.play(
        dag(
            "name: bad, template: bad",
            "name: after-bad, template: good, depends: bad",
            "name: slow, template: slow",
            "name: after-slow, template: good, depends: slow.Succeeded",
            "name: mourner, template: good, depends: bad.Failed && after-bad.Omitted",
        )
        + script("bad", "echo 'bad: the picture is wrong (exit 2)' >&2; exit 2")
        + script("slow", "sleep 0.2")
        + script("good", "true")
    )
    assert played.steps == {
        "bad": "Failed",
        "after-bad": "Omitted",
        "slow": "Succeeded",
        "after-slow": "Succeeded",
        "mourner": "Succeeded",
    }
    assert (played.result.status, played.result.exit_status) == ("Succeeded", 0)


def test_the_exit_status_and_message_are_those_of_the_step_that_failed_first(stage: Stage) -> None:
    inner = "- {name: inner, dag: {tasks: [{name: bad, template: bad}, {name: end, template: good, depends: bad.Succeeded}]}}\n"
    played = stage.play(
        dag("name: work, template: inner", "name: publish, template: good, depends: work.Succeeded")
        + inner
        + script("bad", "echo 'bad: photo.tiff is 50000x50000 (exit 2)' >&2; exit 2")
        + script("good", "true")
    )
    assert (played.result.status, played.result.exit_status) == ("Failed", 2)
    assert played.result.message == "bad: photo.tiff is 50000x50000"
    assert played.steps == {"bad": "Failed", "end": "Omitted", "publish": "Omitted"}


def test_one_bad_item_fails_the_list_after_all_items_have_run(stage: Stage) -> None:
    played = stage.play(
        dag(
            "name: each, template: odd, withParam: '[0, 3, 0]', arguments: {parameters: [{name: n, value: '{{item}}'}]}",
            "name: some, template: good, depends: each.AnySucceeded && !each.AllFailed",
        )
        + script("odd", "exit {{inputs.parameters.n}}", ", inputs: {parameters: [{name: n}]}")
        + script("good", "true")
    )
    assert played.steps == {"each 1/3": "Succeeded", "each 2/3": "Failed", "each 3/3": "Succeeded", "some": "Succeeded"}


def test_a_missing_output_is_an_error_and_not_a_failure(stage: Stage) -> None:
    played = stage.play(
        dag("name: a, template: none", "name: b, template: good, depends: a.Errored")
        + f"- {{name: none, outputs: {{parameters: [{{name: x, valueFrom: {{path: /tmp/x}}}}]}}, {TMP}, "
        f"container: {{image: i, command: ['true'], {MOUNT}}}}}\n" + script("good", "true")
    )
    assert played.steps == {"a": "Error", "b": "Succeeded"}
    assert "`x` is missing" in played.said


def test_a_dag_hands_up_what_its_tasks_put_out(stage: Stage) -> None:
    inner = """
- name: inner
  outputs: {parameters: [{name: up, valueFrom: {parameter: "{{tasks.a.outputs.parameters.said}}"}}]}
  dag: {tasks: [{name: a, template: say, arguments: {parameters: [{name: text, value: deep}]}}]}
"""
    played = stage.play(
        dag(
            "name: work, template: inner",
            says("b", "{{tasks.work.outputs.parameters.up}}", ", depends: work"),
        )
        + inner
        + SAY
    )
    assert played.log("b") == "deep"


@pytest.mark.parametrize(("command", "status"), [("true", "Succeeded"), ("exit 6", "Failed")])
def test_the_exit_hook_is_told_how_it_ended(stage: Stage, command: str, status: str) -> None:
    played = stage.play(script("main", command) + script("bye", "echo {{workflow.status}}"), "onExit: bye")
    assert played.log("bye") == f"{status}\n"
    assert played.result.status == status


def test_a_failing_exit_hook_fails_the_run(stage: Stage) -> None:
    played = stage.play(script("main", "true") + script("bye", "exit 75"), "onExit: bye")
    assert played.result.exit_status == 75


DAEMON = """
- name: anchor
  daemon: true
  volumes: [{name: ssd, hostPath: {path: /var/lib/kubelet/newsreel, type: DirectoryOrCreate}}]
  container:
    image: i
    command: [sh, -c]
    args:
    - |
      cd /stories; sleep 0.1; mkdir -p {{workflow.uid}}
      trap 'echo swept > swept; exit 0' TERM
      echo x > {{workflow.uid}}/lease.json
      while :; do sleep 0.05; done
    readinessProbe: {exec: {command: [test, -f, "/stories/{{workflow.uid}}/lease.json"]}}
    volumeMounts: [{name: ssd, mountPath: /stories}]
- name: step
  inputs: {parameters: [{name: dir}]}
  volumes: [{name: story, hostPath: {path: "{{inputs.parameters.dir}}", type: DirectoryOrCreate}}]
  container:
    image: i
    command: [sh, -c, "cat /story/lease.json; test ! -e /story/../swept"]
    volumeMounts: [{name: story, mountPath: /story}]
"""


def test_a_daemon_is_ready_before_and_alive_until_the_end_of_its_dag(stage: Stage) -> None:
    played = stage.play(
        dag(
            "name: anchor, template: anchor",
            "name: step, template: step, depends: anchor.Daemoned, "
            'arguments: {parameters: [{name: dir, value: "/var/lib/kubelet/newsreel/{{workflow.uid}}"}]}',
            says("node", "{{tasks.anchor.hostNodeName}}", ", depends: anchor"),
        )
        + DAEMON
        + SAY
    )
    assert (played.result.exit_status, played.log("step")) == (0, "x\n")
    assert played.log("node") == "localhost"
    assert (stage.home / "ssd" / "swept").exists()
    assert played.steps["anchor"] == "Ready"


def test_a_daemon_that_ends_before_it_is_ready_fails(stage: Stage) -> None:
    played = stage.play(
        dag("name: d, template: d", "name: a, template: a, depends: d") + "- {name: d, daemon: true, container: "
        "{image: i, command: [sh, -c, exit 5], readinessProbe: {exec: {command: ['false']}}}}\n" + script("a", "true")
    )
    assert played.result.exit_status == 5
    assert played.steps == {"d": "Failed", "a": "Omitted"}


def test_no_more_steps_at_once_than_asked_for(stage: Stage) -> None:
    busy = stage.home / "busy"
    step = script("a", f"mkdir {busy} && sleep 0.02 && rmdir {busy}")
    played = stage.play(dag(*(f"name: s{n}, template: a" for n in range(5))) + step, parallelism=1)
    assert played.result.exit_status == 0


def test_a_second_run_starts_afresh(stage: Stage) -> None:
    for _ in range(2):
        assert stage.play(script("main", "echo once")).log("main") == "once\n"
