"""One failure has one sentence and one exit status, whoever shows it: command line, page, submitter, webhook and Pub/Sub."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.newsroom.kubernetes_runs import run_from
from newsreel.argo.runs import failure_of, run_of
from newsreel.argo.table import stories_table
from newsreel.notifications.notifier import Notifier
from newsreel.runtime.failure_reason import failure_reason, parse_failures
from steps.__main__ import main
from tests.newsreel.argo.failed_workflows import CASES

each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@each
def test_the_reader_gives_sentence_and_exit_status(case):
    failure = failure_of(case.workflow)
    assert (failure.sentence, failure.exit_status) == (case.sentence, case.exit_status)


@each
def test_the_command_line_shows_the_sentence(case):
    run = run_of(case.workflow)
    assert (run.message, run.exit_status) == (case.sentence, case.exit_status)
    assert stories_table([run], run.began)[1].endswith(case.sentence)


@each
def test_the_newsroom_shows_the_sentence(case):
    shown = run_from(case.workflow, "budget", 1)
    assert (shown.state, shown.message) == ("failed", case.sentence)


@each
def test_the_exit_handler_notifies_with_the_sentence(case, newsroom, monkeypatch, capsys):
    sent = []
    monkeypatch.setattr(Notifier, "send", lambda _, notice: sent.append(notice) or iter(()))
    options = ["--story", newsroom.story, "--finals", newsroom.finals, "--status", case.phase, "--run", "uid-1"]
    assert main(["report", *options, f"--failures={case.failures}"]) == 0
    assert [notice.why for notice in sent] == [case.sentence]
    assert case.sentence in capsys.readouterr().err
    assert json.loads(sent[0].content(sent_at()))["data"]["why"] == case.sentence


def sent_at():
    return run_of(CASES["terminated"].workflow).began


def test_a_run_that_an_editor_cancelled_says_so():
    case = CASES["terminated"]
    workflow = case.workflow
    workflow["metadata"]["labels"]["newsreel/cancelled"] = "true"
    assert failure_of(workflow).sentence == "the run was cancelled"


def test_the_refusal_counts_where_the_steps_left_no_message():
    workflow = CASES["refusal by triage"].workflow
    for node in workflow["status"]["nodes"].values():
        node["message"] = "Error (exit code 2)" if node["type"] == "Pod" else ""
    assert failure_of(workflow).sentence == CASES["refusal by triage"].sentence


def test_a_run_that_has_not_failed_has_no_reason():
    workflow = CASES["out of memory"].workflow
    for phase in ("", "Pending", "Running", "Succeeded"):
        workflow["status"]["phase"] = phase
        assert failure_of(workflow) is None


@given(st.text() | st.text().map(lambda text: json.dumps(text)) | st.text().map(lambda text: f'"{text}"'))
def test_any_list_of_failures_is_one_printable_sentence(text):
    assert failure_reason(parse_failures(text)).sentence.isprintable()
