"""`cluster/down`: nothing is taken away while a story runs, has no video, or nobody can say."""

import json
import sys

import pytest

from cluster.gke.__main__ import main
from newsreel.errors import BadInput
from tests.cluster.gke.conftest import POOL

STORIES, FINALS = "gs://my-project-newsreel-stories", "gs://my-project-newsreel-finals"


def down(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["cluster", "down", *words])
    return main()


@pytest.fixture
def idle(programs):
    """A cluster without stories, all videos there."""
    programs.answer("kubectl .*get workflows", json.dumps({"items": []}))
    programs.answer(f"storage ls --recursive {STORIES}", f"{STORIES}/budget/r1.json\n{STORIES}/budget/pictures/a.png\n")
    programs.answer(f"storage ls --recursive {FINALS}", f"{FINALS}/budget/r1/manifest.json\n")
    return programs


def taken(programs):
    return [call for call in programs.calls if " apply " in call or "destroy" in call or "clusters delete" in call]


def test_the_cluster_goes_in_two_steps_and_what_lasts_stays(idle, monkeypatch):
    assert down(monkeypatch, "--yes") == 0
    first, second = taken(idle)
    assert "-var=protected=false" in first and "made=false" not in first
    assert "-var=protected=false" in second and "-var=made=false" in second
    assert not idle.asked("destroy")


def test_everything_is_deleted_on_request_after_the_cluster(idle, monkeypatch):
    assert down(monkeypatch, "--yes", "--everything") == 0
    assert "destroy" in taken(idle)[-1] and len(taken(idle)) == 3


@pytest.mark.parametrize(
    ("pattern", "answer", "told"),
    [
        ("get workflows", (json.dumps({"items": [{"metadata": {"name": "budget-r2"}}]}), "", 0), "1 story runs: budget-r2"),
        ("get workflows", ("", "Unable to connect to the server: i/o timeout\n", 1), "it is unknown whether stories run"),
        ("get-credentials", ("", "ERROR: Reauthentication failed\n", 1), "it is unknown whether stories run"),
        (f"ls --recursive {FINALS}", ("", "ERROR: 403 forbidden\n", 1), "it is unknown whether every story has its video"),
        (
            f"ls --recursive {FINALS}",
            (f"{FINALS}/budget/r1/landscape.mp4\n", "", 0),
            "1 story has no video yet: budget-r1",
        ),
    ],
)
def test_it_refuses_with_the_reason_unless_forced(idle, monkeypatch, capsys, pattern, answer, told):
    idle.answer(pattern, *answer)
    assert down(monkeypatch, "--yes") == BadInput.exit_status
    said = capsys.readouterr()
    assert told in said.out and "--anyway" in said.err and taken(idle) == []
    assert down(monkeypatch, "--yes", "--anyway") == 0
    assert f"WARNING: {told}" in capsys.readouterr().out and len(taken(idle)) == 2


def test_a_story_that_failed_for_good_needs_no_video(idle, monkeypatch):
    idle.answer(f"ls --recursive {FINALS}", f"{FINALS}/budget/r1/failed.json\n")
    assert down(monkeypatch, "--yes") == 0


def test_an_empty_bucket_is_no_fault(idle, monkeypatch):
    for bucket in (STORIES, FINALS):
        idle.answer(
            f"ls --recursive {bucket}", errors="ERROR: (gcloud.storage.ls) One or more URLs matched no objects.\n", status=1
        )
    assert down(monkeypatch, "--yes") == 0


def test_a_person_types_the_clusters_name(idle, monkeypatch, answers, capsys):
    answers("yes")
    assert down(monkeypatch) == BadInput.exit_status
    assert taken(idle) == [] and "nothing was changed" in capsys.readouterr().err
    answers("newsreel")
    assert down(monkeypatch) == 0


def test_a_dry_run_says_each_step_and_does_none(idle, monkeypatch, capsys):
    assert down(monkeypatch, "--dry-run", "--everything") == 0
    said = capsys.readouterr().out
    for step in ("get-credentials newsreel", "terraform -chdir", "-var=made=false", " destroy "):
        assert step in said
    assert taken(idle) == [] and not idle.asked("get-credentials") and not idle.asked("terraform -chdir")


def test_a_dry_run_reports_obstacles_and_continues(idle, monkeypatch, capsys):
    idle.answer("get workflows", errors='error: context "gke_my-project_europe-west4_newsreel" does not exist\n', status=1)
    assert down(monkeypatch, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "it is unknown whether stories run: kubectl" in said and "newsreel stays; wait" in said and "-var=made=false" in said


def test_without_a_cluster_nothing_is_queried(idle, monkeypatch):
    idle.answer("clusters list .*value", "")
    assert down(monkeypatch, "--yes") == 0
    assert not idle.asked("kubectl") and len(taken(idle)) == 1


def test_in_mode_cluster_the_managers_cluster_is_deleted(idle, monkeypatch, tmp_path):
    pool = tmp_path / "newsreel.yaml"
    pool.write_text(POOL.replace("mode: pool ", "mode: cluster "))
    assert down(monkeypatch, "--yes", "--config", str(pool)) == 0
    [call] = taken(idle)
    assert "clusters delete newsreel --location=europe-west4 --project=my-project --quiet" in call


def test_what_stopped_half_way_goes_on(idle, monkeypatch):
    idle.answer("made=false", errors="Error: i/o timeout\n", status=1)
    assert down(monkeypatch, "--yes") == 75
    idle.answer("made=false")
    assert down(monkeypatch, "--yes") == 0
