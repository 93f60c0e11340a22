"""`newsreel status` and `newsreel logs`: where stories stand and what their steps wrote, harmless to a terminal."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsreel.argo.runs import newest_runs, percentage, printable_text, run_of
from newsreel.argo.table import span, stories_table
from newsreel.runtime.failure_reason import MAX_CHARACTERS

NOW = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)
OURS = {"app.kubernetes.io/part-of": "newsreel"}


def pod(step, phase, began=0, node="gpu-1", **told):
    moment = (NOW - timedelta(seconds=100 - began)).isoformat()
    return {"type": "Pod", "templateName": step, "name": step, "phase": phase, "startedAt": moment, "hostNodeName": node} | told


def workflow(name="budget-r1", phase="Running", pods=(), labels=None, spec=None, **status):
    return {
        "metadata": {
            "name": name,
            "labels": {**OURS, **(labels or {})},
            "creationTimestamp": (NOW - timedelta(minutes=3)).isoformat(),
        },
        "spec": spec or {},
        "status": {"phase": phase, "nodes": {str(number): one for number, one in enumerate(pods)}, **status},
    }


def table(*workflows):
    return stories_table(newest_runs(workflows), NOW)


def test_a_story_under_way_says_where_it_is():
    pods = [
        pod("check", "Succeeded", 0, "system-1"),
        pod("anchor", "Running", 5),
        pod("dlib", "Running", 9),
        pod("hibari", "Running", 8),
    ]
    assert table(workflow(pods=pods, progress="12/40")) == [
        "NAME       STATE    STEP         PROGRESS  NODE   AGE  MESSAGE",
        "budget-r1  Running  hibari,dlib  30%       gpu-1  3m",
    ]


def test_a_story_that_waits_for_a_node_says_so():
    waiting = pod("anchor", "Pending", 5, node="", message="Unschedulable: 0/3 nodes are available")
    assert (
        table(workflow(pods=[waiting]))[1]
        == "budget-r1  Running  anchor                  3m   Unschedulable: 0/3 nodes are available"
    )


def test_a_story_that_waits_for_its_turn_says_so():
    assert table(workflow(phase="", message="Workflow processing has been postponed"))[1].split() == (
        ["budget-r1", "Waiting", "3m", "Workflow", "processing", "has", "been", "postponed"]
    )


def test_a_story_that_failed_says_of_what():
    pods = [pod("compose", "Failed", 9, message="Error (exit code 5)", outputs={"exitCode": "5"}), pod("anchor", "Failed", 1)]
    run = run_of(workflow(phase="Failed", pods=pods))
    assert (run.message, run.exit_status, [step.name for step in run.current_steps]) == (
        "compose: Error (exit code 5)",
        5,
        ["compose"],
    )


def test_a_step_that_failed_and_is_tried_again_is_no_storys_end():
    run = run_of(workflow(pods=[pod("compose", "Failed", 8, message="Error (exit code 75)"), pod("compose", "Running", 9)]))
    assert (run.message, run.exit_status, [step.name for step in run.current_steps]) == ("", 0, ["compose"])


def test_failure_names_the_failed_step_not_triage():
    pods = [pod(name, "Failed", at, message=f"of {name}") for at, name in enumerate(["compose", "triage", "report"])]
    run = run_of(workflow(phase="Failed", pods=pods))
    assert (run.message, [step.name for step in run.current_steps]) == ("compose: of compose", ["compose"])
    assert run_of(workflow(phase="Failed", pods=pods[2:])).message == "report: of report"


def test_a_story_that_is_made_at_the_second_try_is_made_whole():
    pods = [pod("compose", "Failed", 1), pod("triage", "Failed", 2), pod("compose", "Succeeded", 3)]
    run = run_of(workflow(phase="Succeeded", pods=pods, progress="150/200"))
    assert (run.progress, run.current_steps, run.message) == ("100%", (), "")


def test_a_message_without_end_is_cut():
    assert len(run_of(workflow(phase="Failed", message="m" * 10_000)).message) == MAX_CHARACTERS


def test_of_a_story_and_its_successor_the_newest_is_shown():
    second = workflow("budget-r1-t2", labels={"newsreel/run": "2", "newsreel/origin": "budget-r1"})
    assert [run.name for run in newest_runs([workflow(phase="Failed"), second])] == ["budget-r1-t2"]


def test_stories_under_way_come_first_and_then_the_youngest():
    old = workflow("old-r1", phase="Succeeded")
    old["metadata"]["creationTimestamp"] = "2026-05-01T00:00:00Z"
    assert [run.name for run in newest_runs([old, workflow("done-r1", phase="Failed"), workflow("new-r1")])] == [
        "new-r1",
        "done-r1",
        "old-r1",
    ]


def test_narrow_terminal_cuts_only_the_message():
    run = newest_runs([workflow(phase="Failed", message="m" * 100)])
    assert [len(line) for line in stories_table(run, NOW, width=60)] <= [60, 60]
    assert stories_table(run, NOW, width=60)[1].endswith("m…")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=10), below, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_any_text_is_one_printable_line(message, step, node, progress, origin):
    pods = [pod(step, "Running", 1, node, message=message)]
    made = workflow(
        phase="Running", pods=pods, message=message, progress=progress, labels={"newsreel/origin": origin, "newsreel/run": step}
    )
    lines = table(made)
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


def test_progress_and_spans_of_time_are_short():
    assert percentage("12/40") == "30%"
    assert {percentage(text) for text in ("0/0", "x/y", "", "3/0", "\u0661/2", "\u00b2/2")} == {""}
    assert [span(seconds) for seconds in (-5, 0, 99, 100, 7199, 7200, 172800)] == ["0s", "0s", "99s", "1m", "119m", "2h", "2d"]


def test_control_signs_are_taken_out():
    assert printable_text("a\x1b[2Jb\nc\u202ed") == "a [2Jb c d"


def add_pod(server, name, system, log, state="terminated", created="2026-05-03T12:00:00Z"):
    labels = {"workflows.argoproj.io/workflow": "budget-r1", "newsreel/system": system}
    inside = {"terminated": {"exitCode": 0}} if state == "terminated" else {state: {}}
    main = {"name": "main", "image": "", "imageID": "", "ready": True, "restartCount": 0, "state": inside}
    server.put(
        "pods",
        name,
        metadata={"labels": labels, "creationTimestamp": created},
        status={"phase": "Running", "containerStatuses": [main]},
    )
    server.logs[name] = log


def with_story(server, phase="Running"):
    server.put("workflows", "budget-r1", metadata={"labels": OURS}, spec={}, status={"phase": phase})


def test_logs_come_step_by_step_in_the_order_in_which_they_began(desk):
    with_story(desk.server)
    add_pod(desk.server, "z", "check", "sound\n", created="2026-05-03T12:00:00Z")
    add_pod(desk.server, "a", "compose", "scene 00\n\x1b[2Jscene 01", created="2026-05-03T12:02:00Z")
    add_pod(desk.server, "b", "anchor", "holding\n", created="2026-05-03T12:01:00Z")
    add_pod(desk.server, "c", "publish", "", state="waiting", created="2026-05-03T12:03:00Z")
    assert desk.newsreel("logs", "budget-r1") == (0, "check: sound\ncompose: scene 00\ncompose:  [2Jscene 01\n", "")
    assert desk.newsreel("logs", "budget-r1", "compose") == (0, "scene 00\n [2Jscene 01\n", "")
    assert desk.newsreel("logs", "budget-r1", "anchor") == (0, "holding\n", "")


def test_what_argos_executor_writes_into_a_log_is_not_the_steps(desk):
    ended = 'time=2026-11-22T09:54:13.050Z level=INFO msg="sub-process exited" argo=true error=<nil>'
    with_story(desk.server)
    add_pod(desk.server, "a", "check", f"check: argo=true\n{ended}\ntime flies\n")
    assert desk.newsreel("logs", "budget-r1") == (0, "check: argo=true\ncheck: time flies\n", "")


def entry(message, step="compose", **more):
    return json.dumps({"time": "t", "severity": "INFO", "message": message, "step": step, "story": "budget", **more})


def test_log_entries_are_printed_as_terminal_lines(desk):
    with_story(desk.server)
    traced = entry("a defect", stack_trace="Traceback:\n  KeyError: \x1b[2J")
    lines = [entry("scene 00: 30 frames in 0.4 s"), entry("two\nlines"), traced, entry("damaged", step="dlib"), '{"is": "none"}']
    add_pod(desk.server, "a", "compose", "\n".join([*lines, "[", '{"severity": 1}', "{" * 5000, "plain"]))
    expected = ["compose: scene 00: 30 frames in 0.4 s", "compose: two", "lines", "Traceback:", "  KeyError:  [2J"]
    expected += ["compose: a defect", "dlib: damaged", '{"is": "none"}', "[", '{"severity": 1}', "{" * 5000, "plain"]
    assert desk.newsreel("logs", "budget-r1", "compose")[1].splitlines() == expected


def test_logs_that_are_followed_end_with_the_story(desk):
    with_story(desk.server, "Succeeded")
    add_pod(desk.server, "a", "check", "sound\n")
    assert desk.newsreel("logs", "budget-r1", "--follow") == (0, "check: sound\n", "")


def test_a_missing_log_is_reported(desk):
    for command in (["logs", "budget-r1"], ["status", "budget-r1"]):
        assert desk.newsreel(*command)[::2] == (
            2,
            "budget-r1: there is no such story in namespace newsreel; `newsreel status` lists them (exit 2)\n",
        )
    with_story(desk.server)
    assert "step compose has not begun" in desk.newsreel("logs", "budget-r1", "compose")[2]
    with_story(desk.server, "Succeeded")
    assert "the pods of its steps are removed" in desk.newsreel("logs", "budget-r1")[2]


def test_status_lists_stories_and_the_steps_of_one(desk):
    assert desk.newsreel("status") == (0, "no stories in namespace newsreel\n", "")
    with_story(desk.server)
    desk.server.workflow("budget-r1")["status"]["nodes"] = {"a": pod("check", "Succeeded")}
    status, said, _ = desk.newsreel("status", "budget-r1")
    assert status == 0
    assert [line.split()[0] for line in said.splitlines() if line] == ["NAME", "budget-r1", "STEP", "check"]
