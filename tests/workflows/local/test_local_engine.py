"""Workflows are executed as by Argo."""

import pytest
from local_harness import ECHO, MOUNT, TMP, Harness, dag, echo, script

pytestmark = pytest.mark.slow


def test_values_travel_from_task_to_task(harness: Harness) -> None:
    finished = harness.run(
        dag(
            echo("a", "{{workflow.parameters.story}} {{workflow.uid}}"),
            echo("b", "<{{tasks.a.outputs.parameters.text}}>", ", depends: a"),
        )
        + ECHO,
        "arguments: {parameters: [{name: story, value: the budget}]}",
    )
    assert finished.result.exit_status == 0
    assert finished.log("b") == "<the budget budget-r1>"


def test_a_value_is_not_expanded_again(harness: Harness) -> None:
    odd = harness.home / "odd"
    odd.write_text('{{workflow.name}} /tmp/x "; exit 3 #')
    finished = harness.run(
        dag(
            "name: a, template: odd",
            echo("b", "{{tasks.a.outputs.parameters.odd}}", ", depends: a"),
        )
        + ECHO
        + f"- {{name: odd, outputs: {{parameters: [{{name: odd, valueFrom: {{path: /tmp/odd}}}}]}}, {TMP}, "
        f"container: {{image: i, command: [cp, '{{{{workflow.parameters.odd}}}}', /tmp/odd], {MOUNT}}}}}\n",
        "arguments: {parameters: [{name: odd}]}",
        {"odd": str(odd)},
    )
    assert finished.log("b") == odd.read_text()


def test_with_param_runs_a_step_per_item(harness: Harness) -> None:
    finished = harness.run(
        dag(
            'name: a, template: echo, arguments: {parameters: [{name: text, value: \'[1, "two", {"k": 3}]\'}]}',
            echo("each", "item {{item}}", ', depends: a, withParam: "{{tasks.a.outputs.parameters.text}}"'),
        )
        + ECHO
    )
    assert [finished.log(f"each-{n}-of-3") for n in (1, 2, 3)] == ["item 1", "item two", 'item {"k": 3}']
    assert finished.phases["each 2/3"] == "Succeeded"


@pytest.mark.parametrize(("items", "status"), [("no list", "Error"), ("[]", "Succeeded"), ('{"a": 1}', "Error")])
def test_with_param_that_is_empty_or_not_a_list(harness: Harness, items: str, status: str) -> None:
    finished = harness.run(
        dag(
            echo("a", items),
            echo("each", "{{item}}", ', depends: a, withParam: "{{tasks.a.outputs.parameters.text}}"'),
        )
        + ECHO
    )
    assert finished.result.status == status


@pytest.mark.parametrize(("state", "work"), [("todo", "Succeeded"), ("done", "Skipped")])
def test_when_skips_a_step(harness: Harness, state: str, work: str) -> None:
    finished = harness.run(
        dag(
            echo("check", state),
            'name: work, template: work, depends: check.Succeeded, when: "{{tasks.check.outputs.parameters.text}} == todo"',
            "name: after, template: work, depends: work",
        )
        + ECHO
        + script("work", "true")
    )
    assert finished.result.exit_status == 0
    assert finished.phases == {"check": "Succeeded", "work": work, "after": "Succeeded"}


def test_a_failure_omits_only_what_depends_on_it(harness: Harness) -> None:
    finished = harness.run(
        dag(
            "name: bad, template: bad",
            "name: after-bad, template: good, depends: bad",
            "name: slow, template: slow",
            "name: after-slow, template: good, depends: slow.Succeeded",
            "name: after-failure, template: good, depends: bad.Failed && after-bad.Omitted",
        )
        + script("bad", "echo 'bad: the picture is wrong (exit 2)' >&2; exit 2")
        + script("slow", "sleep 0.2")
        + script("good", "true")
    )
    assert finished.phases == {
        "bad": "Failed",
        "after-bad": "Omitted",
        "slow": "Succeeded",
        "after-slow": "Succeeded",
        "after-failure": "Succeeded",
    }
    assert (finished.result.status, finished.result.exit_status) == ("Succeeded", 0)


def test_the_run_ends_with_status_and_message_of_the_failure(harness: Harness) -> None:
    inner = "- {name: inner, dag: {tasks: [{name: bad, template: bad}, {name: end, template: good, depends: bad.Succeeded}]}}\n"
    finished = harness.run(
        dag("name: work, template: inner", "name: publish, template: good, depends: work.Succeeded")
        + inner
        + script("bad", "echo 'bad: photo.tiff is 50000x50000 (exit 2)' >&2; exit 2")
        + script("good", "true")
    )
    assert (finished.result.status, finished.result.exit_status) == ("Failed", 2)
    assert finished.result.message == "bad: photo.tiff is 50000x50000"
    assert finished.phases == {"bad": "Failed", "end": "Omitted", "publish": "Omitted"}


def test_a_failed_item_fails_the_fan_out_after_all_items(harness: Harness) -> None:
    finished = harness.run(
        dag(
            "name: each, template: odd, withParam: '[0, 3, 0]', arguments: {parameters: [{name: n, value: '{{item}}'}]}",
            "name: some, template: good, depends: each.Failed",
        )
        + script("odd", "exit {{inputs.parameters.n}}", ", inputs: {parameters: [{name: n}]}")
        + script("good", "true")
    )
    assert finished.phases == {"each 1/3": "Succeeded", "each 2/3": "Failed", "each 3/3": "Succeeded", "some": "Succeeded"}


def test_a_missing_output_is_an_error_not_a_failure(harness: Harness) -> None:
    finished = harness.run(
        dag("name: a, template: none", "name: b, template: good, depends: a.Errored")
        + f"- {{name: none, outputs: {{parameters: [{{name: x, valueFrom: {{path: /tmp/x}}}}]}}, {TMP}, "
        f"container: {{image: i, command: ['true'], {MOUNT}}}}}\n" + script("good", "true")
    )
    assert finished.phases == {"a": "Error", "b": "Succeeded"}
    assert "`x` is missing" in finished.output


def test_a_dag_outputs_values_of_its_tasks(harness: Harness) -> None:
    inner = """
- name: inner
  outputs: {parameters: [{name: up, valueFrom: {parameter: "{{tasks.a.outputs.parameters.text}}"}}]}
  dag: {tasks: [{name: a, template: echo, arguments: {parameters: [{name: text, value: deep}]}}]}
"""
    finished = harness.run(
        dag(
            "name: work, template: inner",
            echo("b", "{{tasks.work.outputs.parameters.up}}", ", depends: work"),
        )
        + inner
        + ECHO
    )
    assert finished.log("b") == "deep"


@pytest.mark.parametrize(("command", "status"), [("true", "Succeeded"), ("exit 6", "Failed")])
def test_the_exit_hook_knows_the_status(harness: Harness, command: str, status: str) -> None:
    finished = harness.run(script("main", command) + script("bye", "echo {{workflow.status}}"), "onExit: bye")
    assert finished.log("bye") == f"{status}\n"
    assert finished.result.status == status


def test_a_failed_exit_hook_fails_the_run(harness: Harness) -> None:
    finished = harness.run(script("main", "true") + script("bye", "exit 75"), "onExit: bye")
    assert finished.result.exit_status == 75


DAEMON = """
- name: anchor
  daemon: true
  volumes: [{name: ssd, hostPath: {path: /var/lib/kubelet/ssd, type: DirectoryOrCreate}}]
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


def test_a_daemon_runs_from_its_readiness_to_the_end_of_its_dag(harness: Harness) -> None:
    finished = harness.run(
        dag(
            "name: anchor, template: anchor",
            "name: step, template: step, depends: anchor.Daemoned, "
            'arguments: {parameters: [{name: dir, value: "/var/lib/kubelet/ssd/{{workflow.uid}}"}]}',
            echo("node", "{{tasks.anchor.hostNodeName}}", ", depends: anchor"),
        )
        + DAEMON
        + ECHO
    )
    assert (finished.result.exit_status, finished.log("step")) == (0, "x\n")
    assert finished.log("node") == "localhost"
    assert (harness.home / "ssd" / "swept").exists()
    assert finished.phases["anchor"] == "Ready"


def test_a_daemon_that_exits_before_it_is_ready_fails(harness: Harness) -> None:
    finished = harness.run(
        dag("name: d, template: d", "name: a, template: a, depends: d") + "- {name: d, daemon: true, container: "
        "{image: i, command: [sh, -c, exit 5], readinessProbe: {exec: {command: ['false']}}}}\n" + script("a", "true")
    )
    assert finished.result.exit_status == 5
    assert finished.phases == {"d": "Failed", "a": "Omitted"}


def test_parallelism_limits_steps_at_the_same_time(harness: Harness) -> None:
    busy = harness.home / "busy"
    step = script("a", f"mkdir {busy} && sleep 0.02 && rmdir {busy}")
    finished = harness.run(dag(*(f"name: s{n}, template: a" for n in range(5))) + step, parallelism=1)
    assert finished.result.exit_status == 0


def test_a_second_run_overwrites_the_logs(harness: Harness) -> None:
    for _ in range(2):
        assert harness.run(script("main", "echo once")).log("main") == "once\n"


RETRY = (
    "retryStrategy: {limit: '2', retryPolicy: Always, expression: asInt(lastRetry.exitCode) == 75, "
    "backoff: {duration: 10ms, factor: 2}}"
)


@pytest.mark.parametrize(("statuses", "tries", "ended"), [("75 0", 2, 0), ("75 75 75 0", 3, 75), ("2 0", 1, 2), ("75 4 0", 2, 4)])
def test_a_step_is_retried_only_if_the_expression_holds(harness: Harness, statuses: str, tries: int, ended: int) -> None:
    count_file = harness.home / "tries"
    finished = harness.run(
        script(
            "main",
            f"echo x >> {count_file}; set -- {statuses}; shift $(($(wc -l < {count_file}) - 1)); echo try; exit $1",
            f", {RETRY}",
        )
    )
    assert count_file.read_text().count("x") == tries == finished.result.steps[0].tries
    assert finished.result.exit_status == ended
    assert finished.log("main") == "try\n" * tries
    assert finished.output.count("retry in") == tries - 1


def test_a_dag_is_retried_unless_it_needs_another_node(harness: Harness) -> None:
    for affinity, tries in (("", 2), (", affinity: {nodeAntiAffinity: {}}", 1)):
        count_file = harness.home / f"tries{tries}"
        finished = harness.run(
            dag("name: a, template: a", more=f", retryStrategy: {{limit: 3, retryPolicy: Always{affinity}}}")
            + script("a", f"echo x >> {count_file}; test $(wc -l < {count_file}) = 2")
        )
        assert count_file.read_text().count("x") == tries
        assert finished.result.exit_status == (tries == 1)


def test_a_step_is_stopped_at_its_deadline(harness: Harness) -> None:
    finished = harness.run(script("main", "sleep 1000 & sleep 1000", f", activeDeadlineSeconds: 1, {RETRY}"))
    assert finished.result.exit_status == 75
    assert finished.result.steps[0].tries == 1, "it has no exit status, so the expression is false, as in Argo"
    assert "activeDeadlineSeconds" in finished.result.message


def test_the_exit_hook_runs_after_the_workflows_deadline(harness: Harness) -> None:
    finished = harness.run(
        dag("name: a, template: a") + script("a", "sleep 1000") + script("bye", "echo {{workflow.status}}"),
        "activeDeadlineSeconds: 1\nonExit: bye",
    )
    assert finished.log("bye") == "Failed\n"
    assert (finished.result.exit_status, finished.phases["a"]) == (75, "Stopped")
