"""Rounds of the submitter against an API server of workflows and a Cloud Storage API in memory."""

import json
from datetime import timedelta
from functools import partial

import pytest
from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.controllers.submitter.controller import Metrics, SubmitterController
from cluster.controllers.submitter.policy import PATIENCE
from newsreel.argo.client import PAGE_SIZE, list_workflows, waiting_anchors
from newsreel.submission.revision_store import Revision
from tests.chaos.argo import Argo, Workflow
from tests.chaos.faults import Clock, Faults
from tests.cluster.controllers.rounds import run_round
from tests.cluster.controllers.submitter.scenes import logging_to

ONE = Revision("budget", 1)
OURS = {"app.kubernetes.io/part-of": "newsreel"}


@pytest.fixture
def argo():
    return Argo(Clock(), Faults(0, often=0), lambda workflow: "Succeeded")


@pytest.fixture
def begin(argo, desk):
    """Another submitter with the same cluster and storage; its log is `said`."""
    server = argo.serve()
    host = f"http://127.0.0.1:{server.server_address[1]}"

    def new():
        said = []
        api = client.ApiClient(client.Configuration(host=host))
        rounds = SubmitterController(
            api=api, namespace="newsreel", store=desk, log=logging_to(said), metrics=Metrics(CollectorRegistry())
        )
        rounds.said = said
        return rounds

    yield new
    server.shutdown()
    server.server_close()


def save(desk, revision=ONE):
    address = desk.stories.child(f"{revision.id}/r{revision.number}.json")
    desk.storage.create(address, b"{}", "application/json")


def later(argo, by=PATIENCE):
    argo.clock.now += by
    return argo.clock.now


def test_a_lost_message_is_replaced_by_one_of_two_submitters(argo, begin, desk):
    save(desk)
    first, second = begin(), begin()
    for rounds in (first, second):
        assert run_round(rounds, argo.clock.now)
    assert argo.workflows == {}
    now = later(argo)
    assert run_round(first, now) and run_round(second, now)
    assert list(argo.workflows) == ["budget-r1"]
    assert argo.workflows["budget-r1"].parameters["story"] == str(desk.stories.child("budget/r1.json"))
    assert [what for what, *_ in first.said + second.said] == ["submit"]


def test_two_submitters_at_once_submit_a_story_once(argo, begin, desk):
    save(desk)
    both = begin(), begin()
    for rounds in both:
        run_round(rounds, argo.clock.now)
    now = later(argo)
    looks = [(rounds, rounds.observe(now)) for rounds in both]

    for rounds, seen in looks:
        assert rounds.act(rounds.decide(seen, now), seen, now)
    assert (argo.submitted, argo.conflicts) == (1, 1)
    assert sum(len(rounds.said) for rounds in both) == 1


def test_a_failure_is_recorded_once_and_not_retried(argo, begin, desk):
    save(desk)
    argo.create(Workflow("budget-r1", OURS, {}, 0, phase="Failed"))
    for rounds in (begin(), begin()):
        assert run_round(rounds, argo.clock.now)
    told = json.loads(desk.storage.read(desk.finals.child("budget/r1/failed.json"), at_most=2000))
    assert "ended as Failed: Error (exit code 5)" in told["why"]
    argo.workflows.clear()
    rounds = begin()
    assert run_round(rounds, later(argo)) and run_round(rounds, later(argo))
    assert argo.workflows == {} and rounds.said == []


def test_a_dry_run_logs_and_does_nothing(argo, begin, desk):
    save(desk)
    rounds = begin()
    run_round(rounds, argo.clock.now)
    rounds.dry_run = True
    assert run_round(rounds, later(argo))
    assert [what for what, *_ in rounds.said] == ["submit"]
    assert argo.workflows == {}


def test_an_unavailable_api_server_costs_a_round(argo, begin, desk):
    save(desk)
    rounds = begin()
    assert run_round(rounds, argo.clock.now)
    argo.down_until = later(argo) + timedelta(seconds=60)
    assert not run_round(rounds, argo.clock.now)
    assert rounds.said[-1][0] == "wait"
    assert run_round(rounds, later(argo))
    assert list(argo.workflows) == ["budget-r1"]


@pytest.mark.parametrize("name", ["budget-r1-t2", "budget-r1-x7k2p", "again-r9"])
def test_successors_and_resubmissions_count_as_runs(argo, begin, desk, name):
    save(desk)
    labels = OURS | {"newsreel/story": "budget", "newsreel/revision": "1"}
    argo.create(Workflow("budget-r1", labels, {}, 0, phase="Failed"))
    later(argo)
    argo.create(Workflow(name, labels, {}, 0, phase="Running"))
    assert run_round(begin(), later(argo))
    assert desk.outcomes() == {}
    argo.workflows[name].phase = "Error"
    assert run_round(begin(), later(argo))
    told = json.loads(desk.storage.read(desk.finals.child("budget/r1/failed.json"), at_most=2000))
    assert f"workflow {name} ended as Error" in told["why"]


def test_an_empty_cluster_has_no_workflows(begin):
    assert list_workflows(begin().api, "newsreel") == []
    assert waiting_anchors(begin().api, "newsreel") == []


def test_workflows_are_seen_beyond_the_first_page(argo, begin):
    for number in range(PAGE_SIZE + 3):
        argo.create(Workflow(f"story-{number}-r1", OURS, {}, 0))
    assert len(list_workflows(begin().api, "newsreel")) == PAGE_SIZE + 3


def test_metrics_count_stories_by_state(argo, begin, desk):
    save(desk)
    rounds = begin()
    run_round(rounds, argo.clock.now)
    read = rounds.metrics.registry.get_sample_value
    assert read("newsreel_saved_stories", {"state": "waiting"}) == 1
    run_round(rounds, later(argo))
    assert read("newsreel_lost_stories_submitted_total") == 1
    run_round(rounds, later(argo, timedelta(minutes=20)))
    assert read("newsreel_longest_queued_seconds") == read("newsreel_longest_under_way_seconds") == 1200
    argo.workflows["budget-r1"].phase = "Running"
    run_round(rounds, argo.clock.now)
    assert (read("newsreel_longest_queued_seconds"), read("newsreel_longest_under_way_seconds")) == (0, 1200)
    assert read("newsreel_watch_last_look_timestamp_seconds") == argo.clock.now.timestamp()


def test_a_story_that_has_its_turn_and_no_machine_yet_is_queued(argo, begin, desk):
    save(desk)
    for name, phase in (("budget-r1", "Pending"), ("council-r1", "Running")):
        argo.create(Workflow(name, OURS, {}, 0, phase="Running", anchored=argo.clock.now, anchor=phase))
    rounds = begin()
    queued = partial(rounds.metrics.registry.get_sample_value, "newsreel_longest_queued_seconds")
    assert run_round(rounds, later(argo, timedelta(minutes=20)))
    assert queued() == 1200
    argo.workflows["budget-r1"].anchor = "Running"
    assert run_round(rounds, argo.clock.now)
    assert queued() == 0


def test_anchors_are_seen_beyond_the_first_page(argo, begin):
    for number in range(PAGE_SIZE + 3):
        argo.create(Workflow(f"story-{number}-r1", OURS, {}, 0, phase="Running", anchored=argo.clock.now, anchor="Pending"))
    assert len(waiting_anchors(begin().api, "newsreel")) == PAGE_SIZE + 3
