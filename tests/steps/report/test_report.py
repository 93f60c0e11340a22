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
        output = capsys.readouterr()
        (line,) = output.out.splitlines()
        return json.loads(line), output.err

    return run


def test_success_names_the_video(newsroom, report):
    newsroom.publish(newsroom.finished_workspace())
    line, log = report()
    taken = line.pop("usage")
    assert line == {"story": newsroom.story, "status": "Succeeded", "video": f"{newsroom.finals}/budget/landscape.mp4"}
    assert taken["bytes"] > 0 and taken["node_seconds"] >= 0
    assert log == ""


def test_success_in_a_bucket_names_an_existing_object(newsroom, report, bucket):
    newsroom.publish(newsroom.finished_workspace(), bucket)
    line, _ = report(finals=bucket)
    assert line["video"].startswith(f"{bucket}/budget/r1/")
    assert line["video"].endswith("/landscape.mp4")


@pytest.mark.parametrize("status", ["Failed", "Error"])
def test_failure_is_reported_without_a_video(newsroom, report, status):
    newsroom.publish(newsroom.finished_workspace())
    line, log = report(status=status)
    assert (line["status"], line["video"], line["usage"]) == (status, None, None)
    assert f"the workflow ended as '{status}'" in log


def test_unreadable_story_is_reported(newsroom, report):
    for story in (f"file:{newsroom.folder}/none.yaml", "{{workflow.name}}", "x\ny"):
        line, log = report(story=story)
        assert (line["story"], line["video"]) == (story, None)
        assert log.startswith("report: the video cannot be found: ")


def test_video_of_another_revision_is_not_reported(newsroom, report):
    newsroom.publish(newsroom.finished_workspace())
    newsroom.document["revision"] = 2
    newsroom.save()
    assert report()[0]["video"] is None


def delivered(newsroom):
    home = newsroom.folder / "out/told"
    return sorted(str(path.relative_to(home)) for path in home.rglob("*.json"))


def test_delivered_notification_is_in_the_delivery_log(newsroom, monkeypatch, capsys):
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Failed"]
    assert main(ended) == 0
    assert delivered(newsroom) == [], "a run without a name is not recorded"
    for _ in range(2):
        assert main([*ended, "--run", "uid-1"]) == 0
    assert delivered(newsroom) == ["desk/budget/uid-1-Failed.json"]
    assert capsys.readouterr().err.count("\n") == 3


def test_failed_notification_is_not_in_the_delivery_log(newsroom, monkeypatch, capsys):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    once = Notifier(topic="projects/p/topics/stories-done", retry_pauses=(0.0,))
    monkeypatch.setattr(Notifier, "from_environment", lambda: once)
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Failed", "--run", "uid-1"]
    assert main(ended) == 0
    assert delivered(newsroom) == []
    assert "report: notification to 127.0.0.1: it does not answer" in capsys.readouterr().err


def test_no_notification_while_the_video_is_unavailable(newsroom, monkeypatch, capsys):
    def away(*_):
        raise Unavailable("the bucket does not answer")

    monkeypatch.setattr(program, "find_video", away)
    monkeypatch.setattr(program, "deliver", lambda *_: pytest.fail("sent without its video"))
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Succeeded", "--run", "uid-1"]
    assert main(ended) == 0
    assert delivered(newsroom) == []
    assert json.loads(capsys.readouterr().out)["video"] is None


@pytest.mark.parametrize("run", ["a/../b", "x" * 2000])
def test_run_name_that_is_no_file_name_is_logged(newsroom, capsys, run):
    ended = ["report", "--story", newsroom.story, "--finals", newsroom.finals, "--status", "Failed", "--run", run]
    assert main(ended) == 0
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 1 and len(output.err.splitlines()) == 2
