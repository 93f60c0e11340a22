"""`report`: one JSON line, whatever happened."""

import json

import pytest

from newsreel.errors import Unavailable
from newsreel.notifications.notifier import Notifier
from steps.__main__ import main
from steps.report import program


@pytest.fixture
def report(newsroom, capsys):
    def run(status="Succeeded", story=None, finals=None):
        capsys.readouterr()
        assert (
            main(["report", "--story", story or newsroom.story, "--finals", finals or newsroom.finals, "--status", status]) == 0
        )
        told = capsys.readouterr()
        (line,) = told.out.splitlines()
        return json.loads(line), told.err

    return run


def test_a_success_names_the_video(newsroom, report):
    newsroom.publish(newsroom.finished_workspace())
    line, said = report()
    taken = line.pop("usage")
    assert line == {"story": newsroom.story, "status": "Succeeded", "video": f"{newsroom.finals}/budget/landscape.mp4"}
    assert taken["bytes"] > 0 and taken["node_seconds"] >= 0
    assert said == ""


def test_a_success_in_a_bucket_names_an_object_that_is_there(newsroom, report, bucket):
    newsroom.publish(newsroom.finished_workspace(), bucket)
    line, _ = report(finals=bucket)
    assert line["video"].startswith(f"{bucket}/budget/r1/")
    assert line["video"].endswith("/landscape.mp4")


@pytest.mark.parametrize("status", ["Failed", "Error"])
def test_a_failure_is_said_and_has_no_video(newsroom, report, status):
    newsroom.publish(newsroom.finished_workspace())
    line, said = report(status=status)
    assert (line["status"], line["video"], line["usage"]) == (status, None, None)
    assert f"the workflow ended as '{status}'" in said


def test_a_story_that_cannot_be_read_is_reported_all_the_same(newsroom, report):
    for story in (f"file:{newsroom.folder}/none.yaml", "{{workflow.name}}", "x\ny"):
        line, said = report(story=story)
        assert (line["story"], line["video"]) == (story, None)
        assert said.startswith("report: the video cannot be found: ")


def test_another_revisions_video_is_not_taken_for_this_ones(newsroom, report):
    newsroom.publish(newsroom.finished_workspace())
    newsroom.document["revision"] = 2
    newsroom.save()
    assert report()[0]["video"] is None


def told(newsroom):
    home = newsroom.folder / "out/told"
    return sorted(str(path.relative_to(home)) for path in home.rglob("*.json"))


def test_an_end_that_was_told_is_noted_for_who_would_tell_it_else(newsroom, monkeypatch, capsys):
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Failed"]
    assert main(ended) == 0
    assert told(newsroom) == [], "nobody knows of a run without a name"
    for _ in range(2):
        assert main([*ended, "--run", "uid-1"]) == 0
    assert told(newsroom) == ["desk/budget/uid-1-Failed.json"]
    assert capsys.readouterr().err.count("\n") == 3


def test_an_end_that_could_not_be_told_is_left_to_others(newsroom, monkeypatch, capsys):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    once = Notifier(topic="projects/p/topics/stories-done", retry_pauses=(0.0,))
    monkeypatch.setattr(Notifier, "from_environment", lambda: once)
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Failed", "--run", "uid-1"]
    assert main(ended) == 0
    assert told(newsroom) == []
    assert "report: notification to 127.0.0.1: it does not answer" in capsys.readouterr().err


def test_a_video_that_cannot_be_looked_for_now_is_left_to_others_too(newsroom, monkeypatch, capsys):
    def away(*_):
        raise Unavailable("the bucket does not answer")

    monkeypatch.setattr(program, "video_of", away)
    monkeypatch.setattr(program, "deliver", lambda *_: pytest.fail("told without its video"))
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Succeeded", "--run", "uid-1"]
    assert main(ended) == 0
    assert told(newsroom) == []
    assert json.loads(capsys.readouterr().out)["video"] is None


@pytest.mark.parametrize("run", ["a/../b", "x" * 2000])
def test_a_run_whose_name_is_no_files_name_costs_a_line(newsroom, capsys, run):
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Failed", "--run", run]
    assert main(ended) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1 and len(told.err.splitlines()) == 2
