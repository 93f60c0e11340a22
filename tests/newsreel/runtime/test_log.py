"""NEWSREEL_LOG=json: one object a line, which names the step, the workflow and, once it is known, the story."""

import gc
import importlib
import json
import logging
import warnings
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.runs import readable_lines
from newsreel.runtime.failure import Failure
from newsreel.runtime.log import LOG_FORMAT_VARIABLE, WORKFLOW_VARIABLE, JsonFormatter, configure_logging
from newsreel.workspace import Workspace
from steps.__main__ import main

ABOUT = {"workflow": "budget-r1", "story": "budget", "revision": 1}


@pytest.fixture
def said(monkeypatch, capsys):
    """Every line that the step has written since, each as the JSON it must be."""
    gc.collect()  # what the tests before have left open is complained of now, and not in between
    monkeypatch.setenv(LOG_FORMAT_VARIABLE, "json")
    monkeypatch.setenv(WORKFLOW_VARIABLE, "budget-r1")
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.WARNING)  # as it is in a process of its own

    def lines():
        written = capsys.readouterr()
        return [json.loads(line) for line in (written.out + written.err).splitlines()]

    yield lines
    root.setLevel(level)
    monkeypatch.delenv(LOG_FORMAT_VARIABLE)
    configure_logging("none")


def test_an_entry_has_time_severity_step_and_story(newsroom, said):
    assert newsroom.check(finals="file:/elsewhere") == 2
    (entry,) = said()
    assert datetime.fromisoformat(entry.pop("time")).tzinfo
    assert entry.pop("message").endswith(" (exit 2)")
    assert entry == {"severity": "ERROR", "step": "check", "workflow": "budget-r1"}


def test_check_names_the_story_once_it_has_read_it(newsroom, said):
    newsroom.picture("0.png").write_bytes(b"no picture")
    assert newsroom.check() == 2
    (entry,) = said()
    assert entry.items() >= ABOUT.items()
    assert "pictures/0.png" in entry["message"]


def test_steps_find_the_story_in_its_directory(newsroom, said):
    root = newsroom.finished_workspace()
    assert [entry["message"].partition(" in ")[0] for entry in said()] == ["scene 00: 1 scenes", "scene 01: 1 scenes"]
    assert newsroom.publish(root, finals="ftp://x") == 2
    (entry,) = said()
    assert entry.items() >= (ABOUT | {"step": "publish"}).items()


def test_the_report_is_an_entry_with_fields_to_search_by(newsroom, said):
    newsroom.publish(newsroom.finished_workspace())
    said()
    assert main(["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Succeeded"]) == 0
    (entry,) = said()
    assert entry.items() >= (ABOUT | {"step": "report", "severity": "INFO"}).items()
    assert entry["report"] == json.loads(entry["message"])
    assert entry["report"]["usage"]["bytes"] > 0


def test_a_refusal_names_the_failed_step(said):
    with pytest.raises(SystemExit):
        main(["refuse", "--refusal", Failure(step="pix2pixhd", exit_status=6, message="damaged").encode()])
    (entry,) = said()
    assert (entry["step"], entry["message"], entry["severity"]) == ("pix2pixhd", "damaged (exit 6)", "ERROR")


def test_a_defect_is_one_entry_with_its_traceback(monkeypatch, said):
    def run(_):
        raise KeyError("x")

    monkeypatch.setattr(importlib.import_module("steps.check.program"), "run", run)
    assert main(["check"]) == 70
    (entry,) = said()
    assert entry["severity"] == "ERROR"
    assert entry["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert entry["stack_trace"].endswith("KeyError: 'x'")


def test_log_lines_of_libraries_are_entries(said):
    configure_logging("gentle")
    logging.getLogger("waitress.queue").warning("Task queue depth is %d", 3)
    logging.getLogger("urllib3").info("of no interest")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("the API goes away", FutureWarning, stacklevel=1)
    queue, warning = said()
    assert (queue["severity"], queue["message"], queue["step"]) == ("WARNING", "Task queue depth is 3", "gentle")
    assert "the API goes away" in warning["message"]


@given(
    st.text(st.characters(), min_size=1)
    | st.sampled_from(["\n{}", "a\u2028b", "\ud800", '"}\n{"severity": "DEBUG"', "\x1b[2J\r"])
)
def test_an_entry_is_one_line_of_ascii_for_any_text(text):
    written = JsonFormatter({"step": "check"}).format(logging.LogRecord("newsreel", logging.INFO, __file__, 1, text, None, None))
    assert written.isascii() and "\n" not in written
    assert json.loads(written)["message"] == text
    assert [*readable_lines([written])] == f"check: {text}".splitlines()


def test_an_unknown_log_format_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(LOG_FORMAT_VARIABLE, "x\ny")
    assert main(["gentle", "--workspace", str(Workspace.lease(tmp_path, "test").root)]) == 2
    assert capsys.readouterr().err == "gentle: NEWSREEL_LOG: 'x\\ny' is neither json nor text (exit 2)\n"
