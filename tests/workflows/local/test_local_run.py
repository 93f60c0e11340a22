"""An emitted document is followed as Argo would follow it."""

import json
import os
from pathlib import Path

import pytest
from local_stage import Stage

from steps.errors import BadInput

TMP = "volumes: [{name: tmp, emptyDir: {}}]"
MOUNT = "volumeMounts: [{name: tmp, mountPath: /tmp}]"
SAY = f"""
- name: say
  inputs: {{parameters: [{{name: text}}]}}
  outputs: {{parameters: [{{name: said, valueFrom: {{path: /tmp/said}}}}]}}
  {TMP}
  container:
    image: i
    command: [sh, -c, 'printf %s "$1" | tee /tmp/said', say]
    args: ["{{{{inputs.parameters.text}}}}"]
    {MOUNT}
"""


def script(name: str, text: str, more: str = "") -> str:
    """A template that runs a shell script."""
    return f"- {{name: {name}, container: {{image: i, command: [sh, -c, {json.dumps(text)}]}}{more}}}\n"


def dag(*tasks: str, more: str = "") -> str:
    return f"- {{name: main, dag: {{tasks: [{', '.join('{' + task + '}' for task in tasks)}]}}{more}}}\n"


def says(name: str, text: str, more: str = "") -> str:
    """A task that says a text, in its log and as its output `said`."""
    return f"name: {name}, template: say, arguments: {{parameters: [{{name: text, value: {json.dumps(text)}}}]}}{more}"


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


RETRY = (
    "retryStrategy: {limit: '2', retryPolicy: Always, expression: asInt(lastRetry.exitCode) == 75, "
    "backoff: {duration: 10ms, factor: 2}}"
)


@pytest.mark.parametrize(("statuses", "tries", "ended"), [("75 0", 2, 0), ("75 75 75 0", 3, 75), ("2 0", 1, 2), ("75 4 0", 2, 4)])
def test_a_step_is_tried_again_only_after_the_statuses_listed(stage: Stage, statuses: str, tries: int, ended: int) -> None:
    book = stage.home / "tries"
    played = stage.play(
        script("main", f"echo x >> {book}; set -- {statuses}; shift $(($(wc -l < {book}) - 1)); echo try; exit $1", f", {RETRY}")
    )
    assert book.read_text().count("x") == tries == played.result.steps[0].tries
    assert played.result.exit_status == ended
    assert played.log("main") == "try\n" * tries
    assert played.said.count("again in") == tries - 1


@pytest.mark.parametrize(
    ("policy", "tries"), [("retryPolicy: OnError", 1), ("retryPolicy: OnFailure", 2), ("retryPolicy: Always", 2), ("", 2)]
)
def test_retry_policies(stage: Stage, policy: str, tries: int) -> None:
    fields = ", ".join(field for field in ("limit: 1", policy) if field)
    played = stage.play(script("main", "exit 1", f", retryStrategy: {{{fields}}}"))
    assert played.result.steps[0].tries == tries


def test_a_missing_output_is_an_error_and_not_a_failure(stage: Stage) -> None:
    played = stage.play(
        dag("name: a, template: none", "name: b, template: good, depends: a.Errored")
        + f"- {{name: none, outputs: {{parameters: [{{name: x, valueFrom: {{path: /tmp/x}}}}]}}, {TMP}, "
        f"container: {{image: i, command: ['true'], {MOUNT}}}}}\n" + script("good", "true")
    )
    assert played.steps == {"a": "Error", "b": "Succeeded"}
    assert "`x` is missing" in played.said


def test_a_whole_dag_is_tried_again_but_not_where_another_node_is_wanted(stage: Stage) -> None:
    for elsewhere, tries in (("", 2), (", affinity: {nodeAntiAffinity: {}}", 1)):
        book = stage.home / f"tries{tries}"
        played = stage.play(
            dag("name: a, template: a", more=f", retryStrategy: {{limit: 3, retryPolicy: Always{elsewhere}}}")
            + script("a", f"echo x >> {book}; test $(wc -l < {book}) = 2")
        )
        assert book.read_text().count("x") == tries
        assert played.result.exit_status == (tries == 1)


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


def test_a_step_that_hangs_is_stopped_at_its_deadline(stage: Stage) -> None:
    played = stage.play(script("main", "sleep 1000 & sleep 1000", f", activeDeadlineSeconds: 1, {RETRY}"))
    assert played.result.exit_status == 75
    assert played.result.steps[0].tries == 1, "its exit status is not one that is tried again, in Argo neither"
    assert "activeDeadlineSeconds" in played.result.message


def test_the_deadline_of_the_whole_still_lets_the_hook_report(stage: Stage) -> None:
    played = stage.play(
        dag("name: a, template: a") + script("a", "sleep 1000") + script("bye", "echo {{workflow.status}}"),
        "activeDeadlineSeconds: 1\nonExit: bye",
    )
    assert played.log("bye") == "Failed\n"
    assert (played.result.exit_status, played.steps["a"]) == (75, "Stopped")


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


def test_a_host_path_outside_the_ssd_is_refused(stage: Stage) -> None:
    with pytest.raises(BadInput, match="not under"):
        stage.play(
            "- {name: main, volumes: [{name: v, hostPath: {path: /etc, type: Directory}}], "
            "container: {image: i, command: [ls, /v], volumeMounts: [{name: v, mountPath: /v}]}}"
        )


def test_a_step_has_an_environment_of_its_own(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    leaf = f"""
- name: main
  {TMP}
  container:
    image: i
    command: [env]
    env:
    - {{name: HOME, value: /tmp}}
    - {{name: NEWSREEL_ADDRESSES, value: "gs://a/,gs://b/"}}
    - {{name: NEWSREEL_LOG, value: json}}
    - {{name: URL, value: "http://host/tmp"}}
    {MOUNT}
"""
    played = stage.play(leaf, environment={"NEWSREEL_ADDRESSES": "file:///out/", "NEWSREEL_KEEP_WORKSPACE": "1"})
    variables = dict(line.split("=", 1) for line in played.log("main").splitlines())
    assert variables.keys() <= {
        *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "ARGO_PROGRESS_FILE", "URL", "NEWSREEL_ADDRESSES"),
        *("NEWSREEL_KEEP_WORKSPACE", "NEWSREEL_LOG", "LC_CTYPE", "SSL_CERT_FILE"),
    }
    assert variables["NEWSREEL_ADDRESSES"] == "file:///out/"
    assert variables["NEWSREEL_LOG"] == "text", "whoever reads it is a person"
    assert variables["URL"] == "http://host/tmp"
    assert variables["HOME"] == variables["TMPDIR"] != os.environ["HOME"]
    assert not Path(variables["HOME"]).exists(), "its folders are removed with it"


def test_steps_do_not_share_a_scratch_folder_and_leave_nothing(stage: Stage) -> None:
    leaf = f"- {{name: a, {TMP}, container: {{image: i, command: [sh, -c, 'ls /tmp; touch /tmp/mine'], {MOUNT}}}}}\n"
    played = stage.play(dag("name: one, template: a", "name: two, template: a, depends: one") + leaf)
    assert played.log("one") == played.log("two") == ""
    assert sorted(path.name for path in (stage.home / "ssd").iterdir()) == [".budget-r1.lock"]


def test_the_command_python_is_the_one_asked_for(stage: Stage) -> None:
    played = stage.play("- {name: main, container: {image: i, command: [python, -m, steps]}}", python="/bin/echo")
    assert played.log("main") == "-m steps\n"


def test_a_program_that_is_missing_is_named(stage: Stage) -> None:
    played = stage.play("- {name: main, container: {image: i, command: [no-such-program]}}")
    assert played.result.exit_status == 127
    assert "no-such-program" in played.result.message


def test_no_more_steps_at_once_than_asked_for(stage: Stage) -> None:
    busy = stage.home / "busy"
    step = script("a", f"mkdir {busy} && sleep 0.02 && rmdir {busy}")
    played = stage.play(dag(*(f"name: s{n}, template: a" for n in range(5))) + step, parallelism=1)
    assert played.result.exit_status == 0


def test_a_second_run_starts_afresh(stage: Stage) -> None:
    for _ in range(2):
        assert stage.play(script("main", "echo once")).log("main") == "once\n"
