"""`python -m steps NAME`: what a container's command line does with names, errors and defects."""

import importlib

import pytest

from newsreel.errors import Unavailable
from steps import declared_steps
from steps.__main__ import main


def run_raising(monkeypatch, fault):
    def run(_):
        raise fault

    monkeypatch.setattr(importlib.import_module("steps.check.program"), "run", run)
    return main(["check"])


def test_an_error_is_one_line_and_its_status(monkeypatch, capsys):
    assert run_raising(monkeypatch, Unavailable("gs://b: does not answer")) == 75
    assert capsys.readouterr().err == "check: gs://b: does not answer (exit 75)\n"


def test_a_defect_shows_where_it_is(monkeypatch, capsys):
    assert run_raising(monkeypatch, KeyError("x")) == 70
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert told.endswith("check: a defect of newsreel; please report its traceback (exit 70)\n")


def test_an_interrupt_is_no_defect(monkeypatch, capsys):
    assert run_raising(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["--check"], ["gentle", "--workspace", "x", "--shard", "2/2"]])
def test_a_wrong_command_line_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ")


PROGRAMS = [step.name for step in declared_steps().values() if step.module == "program" and step.name != "gentle-server"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_explains_itself(program, capsys):
    with pytest.raises(SystemExit) as ended:
        main([program, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m steps {program} ")


def test_a_step_without_an_anchor_asks_to_resubmit(tmp_path, capsys):
    assert main(["gentle", "--workspace", str(tmp_path)]) == 2
    assert "resubmit the story (exit 2)" in capsys.readouterr().err
