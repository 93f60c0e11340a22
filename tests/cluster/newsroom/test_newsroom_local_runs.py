"""Runs on this machine: in line, told as they go, ended when asked, and taken up again after whatever befell the newsroom."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from cluster.newsroom.local_run import BoardFile, steps_on
from cluster.newsroom.local_runs import LocalRuns, read_run, write_run
from cluster.newsroom.runs import Run, StepState, progress_of
from newsreel.errors import Conflict
from tests.https_receiver import receiving
from workflows.local import Phase, RunStatus

RENDERS = "import time, sys; time.sleep(float(sys.argv[1])); sys.exit(int(sys.argv[2]))"


@pytest.fixture
def begun():
    """Newsrooms whose runs are a process that sleeps and ends; all are ended with the test."""
    rooms = []

    def begin(folder, seconds=0.0, status=0, says=None):
        room = LocalRuns(folder)

        def launch(run):
            if says:
                write_run(room.file((run.id, run.revision)), run.model_copy(update={"state": says}))
            return subprocess.Popen([sys.executable, "-c", RENDERS, str(seconds), str(status)], start_new_session=True)

        room.launch = launch
        rooms.append(room)
        room.start()
        return room

    yield begin
    for room in rooms:
        room.stop()


def wait_for(room, state, story="budget"):
    for _ in range(400):
        run = room.status(story, 1)
        if run and run.state == state:
            return run
        time.sleep(0.025)
    raise AssertionError(f"is {run.state if run else None}, not {state}")


def test_a_run_that_ends_well_has_succeeded_and_is_not_run_again(tmp_path, begun):
    room = begun(tmp_path, says="succeeded")
    room.submit("budget", 1, "normal")
    submitted = wait_for(room, "succeeded").submitted
    room.submit("budget", 1, "normal")
    assert room.status("budget", 1).submitted == submitted


def test_a_run_that_dies_without_a_word_is_a_visible_failure(tmp_path, begun):
    room = begun(tmp_path, status=70)
    room.submit("budget", 1, "normal")
    run = wait_for(room, "failed")
    assert "unexpectedly (70)" in run.message and run.ended


def test_a_failed_run_can_be_tried_again(tmp_path, begun):
    room = begun(tmp_path, status=70)
    room.submit("budget", 1, "normal")
    before = wait_for(room, "failed")
    room.submit("budget", 1, "normal")
    assert wait_for(room, "failed").submitted >= before.submitted


def test_a_cancelled_run_is_ended_at_once_and_stays_cancelled(tmp_path, begun):
    room = begun(tmp_path, seconds=60, says="running")
    room.submit("budget", 1, "normal")
    wait_for(room, "running")
    began = time.monotonic()
    room.cancel("budget", 1)
    assert time.monotonic() - began < 5
    assert wait_for(room, "cancelled").ended


def test_queued_run_can_be_cancelled(tmp_path, begun):
    room = begun(tmp_path, seconds=60, says="running")
    room.submit("first", 1, "normal")
    wait_for(room, "running", "first")
    room.submit("second", 1, "normal")
    room.cancel("second", 1)
    room.cancel("first", 1)
    assert wait_for(room, "cancelled", "second")


@pytest.fixture
def cms(tmp_path, monkeypatch):
    with receiving(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        monkeypatch.setenv("NEWSREEL_WEBHOOK", f"https://{server.host}/ends")
        monkeypatch.setenv("NEWSREEL_WEBHOOK_SECRET", "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=")
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("end", ["cancelled under way", "cancelled in line", "died"])
def test_end_of_a_killed_run_is_notified(tmp_path, begun, cms, end):
    room = begun(tmp_path / "room", seconds=0 if end == "died" else 60, status=70, says="running")
    room.submit("budget", 1, "normal")
    story = "council" if end == "cancelled in line" else "budget"
    if end != "died":
        wait_for(room, "running")
        room.submit("council", 1, "normal")
        room.cancel(story, 1)
    for _ in range(600):
        if cms.heard:
            break
        time.sleep(0.025)
    [(path, _, body)] = cms.heard
    told = json.loads(body)
    address = f"file:{(tmp_path / 'room').resolve()}/stories/{story}/r1.json"
    assert (path, told["type"], told["data"]["story"]) == ("/ends", "story.failed", address)


def test_killed_newsroom_resumes_its_runs(tmp_path, begun):
    lost = LocalRuns(tmp_path)
    lost.submit("queued", 1, "normal")
    now = datetime(2026, 5, 1, tzinfo=UTC)
    write_run(lost.file(("running", 1)), Run(id="running", revision=1, state="running", submitted=now))
    write_run(lost.file(("over", 1)), Run(id="over", revision=1, state="cancelled", submitted=now))
    (tmp_path / "runs" / "broken-r1.json").write_text("{")
    room = begun(tmp_path, says="succeeded")
    wait_for(room, "succeeded", "running")
    wait_for(room, "succeeded", "queued")
    assert room.status("over", 1).state == "cancelled"


def test_unsubmitted_revision_runs_after_restart(tmp_path, begun):
    for name in ("budget/r1.json", "budget/r2.json", "tram/r1.json", "tram/draft.json", "draft-only/draft.json"):
        (tmp_path / "stories" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "stories" / name).write_text("{}")
    lost = LocalRuns(tmp_path)
    write_run(lost.file(("tram", 1)), Run(id="tram", revision=1, state="failed", submitted=datetime.now(UTC)))
    room = begun(tmp_path, says="succeeded")
    for _ in range(400):
        if (run := room.status("budget", 2)) and run.over:
            break
        time.sleep(0.025)
    assert [file.name for file in sorted(room.runs.glob("*.json"))] == ["budget-r2.json", "tram-r1.json"]
    assert (room.status("budget", 2).state, room.status("tram", 1).state) == ("succeeded", "failed")


def test_breaking_news_goes_before_what_waits_in_line(tmp_path):
    room = LocalRuns(tmp_path)
    for name, priority in (("first", "normal"), ("second", "normal"), ("news", "breaking"), ("more-news", "breaking")):
        room.submit(name, 1, priority)
    assert [room.waiting.get().key[0] for _ in range(4)] == ["news", "more-news", "first", "second"]
    assert room.status("news", 1).priority == "breaking"
    room.reserve("news", 1, "breaking")
    with pytest.raises(Conflict, match="submitted as breaking before"):
        room.reserve("news", 1, "normal")


def test_run_resumes_when_the_newsroom_restarts(tmp_path, begun):
    room = begun(tmp_path, seconds=60, says="running")
    room.submit("budget", 1, "normal")
    wait_for(room, "running")
    room.stop()
    assert room.status("budget", 1).state == "running"
    assert wait_for(begun(tmp_path, says="succeeded"), "succeeded")


def test_page_shows_steps_without_auxiliary_ones(tmp_path):
    status = RunStatus([("attempt/anchor", ""), ("work/dlib", "frames"), ("work/compose", "frames")])
    step = status.steps["work/dlib"]
    step.phase, step.done, step.total, step.started = Phase.RUNNING, 90, 360, time.monotonic()
    steps = steps_on(status)
    assert [(step.name, step.state, step.done, step.total) for step in steps] == [
        ("dlib", "running", 90, 360),
        ("compose", "waiting", 0, 0),
    ]
    file = tmp_path / "budget-r1.json"
    write_run(file, Run(id="budget", revision=1, state="queued", submitted=datetime.now(UTC)))
    BoardFile(file).update(status)
    run = read_run(file)
    assert (run.state, run.steps, run.progress) == ("running", steps, progress_of(steps))


def test_a_cancelled_run_is_not_called_running_by_its_last_look(tmp_path):
    file = tmp_path / "budget-r1.json"
    write_run(file, Run(id="budget", revision=1, state="cancelled", submitted=datetime.now(UTC)))
    BoardFile(file).conclude("succeeded", "")
    assert read_run(file).state == "cancelled"


def test_progress_goes_from_nothing_to_all():
    def at(state, done=0):
        return progress_of((StepState(name="dlib", state=state, done=done, total=100), StepState(name="compose", state=state)))

    assert at("waiting") == 0
    assert 0 < at("running", 50) < 0.5
    assert at("succeeded") == 1
