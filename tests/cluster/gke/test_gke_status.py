"""`cluster/status`: each part is told, or told to be unknown; one that cannot be asked hides no other."""

import json
from datetime import UTC, datetime

import pytest

from cluster.gke.programs import Programs
from cluster.gke.status import status
from newsreel.config.file import changed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
METRICS = """\
# HELP newsreel_manager_demand Stories to be made, as each source says
newsreel_manager_demand{source="undelivered"} 3.0
newsreel_manager_demand{source="pending"} 0.0
newsreel_manager_unknown_sources 1.0
newsreel_day_stories{day="2026-11-22"} 12.0
newsreel_day_stories{day="2026-11-21"} 99.0
newsreel_day_cost{currency="USD",day="2026-11-22"} 0.48
"""


def node(pool, ready="True", **spec):
    return {
        "metadata": {"labels": {"cloud.google.com/gke-nodepool": pool}},
        "spec": spec,
        "status": {"conditions": [{"type": "Ready", "status": ready}]},
    }


def workflow(name, phase, at):
    metadata = {"name": name, "labels": {"newsreel/origin": name}, "creationTimestamp": at}
    finished = {} if phase == "Running" else {"finishedAt": at}
    return {"metadata": metadata, "spec": {}, "status": {"phase": phase, "progress": "40/100", **finished}}


@pytest.fixture
def busy(programs):
    nodes = [node("system"), node("system"), node("l4-spot-a"), node("l4-spot-a", unschedulable=True), node("l4-a", "Unknown")]
    programs.answer("get nodes", json.dumps({"items": nodes}))
    ended = [workflow(f"old-{hour}-r1", "Succeeded", f"2026-11-22T0{hour}:00:00Z") for hour in range(8)]
    under_way = [workflow("budget-r1", "Running", "2026-11-22T11:58:00Z")]
    programs.answer("get workflows", json.dumps({"items": [*ended, *under_way]}))
    programs.answer("exec .*deployment/manager", METRICS)
    return programs


def shown(parameters, capsys):
    ended = status(parameters, Programs(), NOW)
    return ended, capsys.readouterr().out


def test_all_that_people_want_to_know_is_there(busy, parameters, capsys):
    ended, said = shown(parameters, capsys)
    assert ended == 0
    assert "newsreel in europe-west4: running, Kubernetes 1.34.4-gke.1" in said
    for line in (
        "system: 2 ready",
        "l4-spot-a: 1 ready",
        "l4-spot-a: 1 ready (drained)",
        "l4-a: 1 not ready",
        "none in l4-spot-b",
    ):
        assert f"  {line}\n" in said
    assert "undelivered: 3" in said and "unknown sources: 1" in said
    assert "budget-r1" in said and "40%" in said
    assert "12 stories; the machines they held: 0.48 USD" in said
    assert f"{12 * (parameters.always_on_an_hour + parameters.prices.lasting_an_hour):.2f} USD" in said


def test_the_last_five_videos_and_running_stories_are_shown(busy, parameters, capsys):
    _, said = shown(parameters, capsys)
    names = [line.split()[0] for line in said.splitlines() if "-r1 " in line]
    assert names == ["budget-r1", *(f"old-{hour}-r1" for hour in (7, 6, 5, 4, 3))]


def test_an_unavailable_source_is_unknown_and_the_rest_shown(busy, parameters, capsys):
    busy.answer("exec .*deployment/manager", errors="error: deployments.apps manager not found\n", status=1)
    ended, said = shown(parameters, capsys)
    assert ended == 75 and "budget-r1" in said and "system: 2 ready" in said
    assert (said.count("unknown: kubectl"), said.count("unknown, as above")) == (1, 1)


def test_a_cost_that_the_manager_does_not_know_is_not_zero(busy, parameters, capsys):
    busy.answer("exec .*deployment/manager", METRICS.replace("newsreel_day_cost", "newsreel_day_cost_of_another"))
    assert "12 stories; the machines they held: unknown" in shown(parameters, capsys)[1]


def test_in_mode_cluster_no_manager_pod_is_queried(busy, parameters, capsys):
    ended, said = shown(changed(parameters, cluster={"mode": "cluster"}), capsys)
    assert ended == 0 and "the manager is outside" in said and not busy.asked("exec")


def test_without_a_cluster_it_says_who_makes_one(busy, parameters, capsys):
    busy.answer("clusters list", "[]")
    assert "there is none; cluster/up makes it" in shown(parameters, capsys)[1]


def test_an_answer_that_makes_no_sense_is_unknown(busy, parameters, capsys):
    busy.answer("get nodes", "<html>busy</html>")
    ended, said = shown(parameters, capsys)
    assert ended == 75 and "Machines\n  unknown: " in said


def test_a_missing_login_is_reported_once(busy, parameters, capsys):
    busy.answer("kubectl", errors="error: You do not currently have an active account selected.\n", status=1)
    busy.answer("gcloud", errors="ERROR: You do not currently have an active account selected.\n", status=1)
    ended, said = shown(parameters, capsys)
    assert (ended, said.count("gcloud auth login"), said.count("unknown, as above")) == (75, 1, 4)
