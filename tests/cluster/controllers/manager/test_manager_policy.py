"""Policy of the manager: no running story loses its node, unknown is not zero, idle ends at zero."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from cluster.controllers.manager.policy import counted_from, decide
from cluster.controllers.manager.types import (
    Cordon,
    CreateCluster,
    DeleteCluster,
    DisableAutoscaling,
    Empty,
    EnableAutoscaling,
    Grow,
    Reading,
    State,
    Uncordon,
)
from tests.cluster.controllers.manager.model import MINUTE, RULES, START, Machines, Model, asked, kinds, with_nodes

WHOLE = replace(RULES, mode="cluster")


def test_the_first_message_asks_for_a_node_before_any_pod_waits():
    model = Model(messages=1)
    assert asked(model.round()) == [Grow("first", 1)]
    assert "1 undelivered: 1 node wanted, 0 ready; first to 1" in model.decisions[-1].why


@pytest.mark.parametrize(("rules", "state", "done"), [(RULES, "there", Grow("first", 1)), (WHOLE, "absent", CreateCluster())])
def test_an_announced_message_counts_before_other_sources(rules, state, done):
    model = Model(rules=rules, cluster=state, announced=1)
    assert model.round().actions == (done,)
    assert "1 announced" in model.decisions[-1].why


def test_an_announcement_counts_until_another_source_has_it():
    metric = Reading(0, START - 3 * MINUTE)
    assert counted_from("there", metric, START, RULES.late) == START - MINUTE
    assert counted_from("absent", metric, START, RULES.late) == START - 4 * MINUTE
    for unknown in (None, Reading(0, START - 11 * MINUTE), Reading(0, START + 5 * MINUTE)):
        assert counted_from("absent", unknown, START, RULES.late) == START - RULES.late


def test_the_autoscaler_is_let_no_further_than_what_is_wanted():
    model = Model(messages=6)
    model.round()
    assert model.round().actions == (EnableAutoscaling("first", 0, 3),)


def test_a_burst_uses_the_second_pool_and_reports_the_rest():
    decision = Model(messages=30).round()
    assert asked(decision) == [Grow("first", 4), Grow("second", 3)]
    assert decision.alert.startswith("8 nodes too few")


@pytest.mark.parametrize("source", ["undelivered", "pending", "unfinished", "running"])
def test_an_unknown_is_never_a_zero(source):
    model = with_nodes(silent={source})
    for _ in range(60):
        assert not kinds(model.round()) & {Empty, Cordon}
    assert "the demand has been unknown since" in model.decisions[-1].alert


def test_a_metric_that_is_late_or_from_the_future_is_unknown():
    for at in (START - 11 * MINUTE, START + 5 * MINUTE):
        model = with_nodes(memory=State(looked=START - MINUTE, idle_since=START - 100 * MINUTE))
        model.now = START
        decision = decide(replace(model.seen(), undelivered=Reading(0, at)), model.memory, RULES)
        assert not kinds(decision) & {Empty, Cordon}
        assert decision.state.idle_since is None
        assert "undelivered unknown" in decision.why


def test_nodes_are_cordoned_a_round_before_removal():
    model = with_nodes()
    did = [(number, kinds(model.round())) for number in range(1, 12)]
    assert [(number, did) for number, did in did if did] == [(6, {DisableAutoscaling, Cordon}), (7, {Empty})]
    assert model.nodes == 0


def test_a_story_after_the_cordon_gets_its_nodes_back():
    model = with_nodes()
    while not model.pools["first"].cordoned:
        model.round()
    model.messages = 1
    assert {Uncordon} <= kinds(model.round())
    assert not model.pools["first"].cordoned


def test_a_story_that_begins_during_the_round_keeps_its_node():
    model = with_nodes()
    model.pools["first"].bounds = None
    for number in range(12):
        model.slips = int(number == 5)
        model.round()
    assert model.running == 1
    assert not model.pools["first"].cordoned


def test_scale_down_waits_for_starting_nodes():
    model = Model()
    model.pools["first"] = Machines(size=2, nodes={"first-1": 0}, in_stock=False)
    for _ in range(8):
        assert Empty not in kinds(model.round())
    for _ in range(8):
        model.round()
    assert model.nodes == 0, "one that never comes is not waited for for ever"


def test_a_clock_jump_ahead_restarts_the_idle_time():
    model = with_nodes()
    model.round()
    assert not model.round(timedelta(days=400)).actions
    assert not model.round().actions


def test_a_clock_turned_back_neither_drains_nor_blocks():
    model = with_nodes()
    for _ in range(5):
        model.round()
    assert not model.round(timedelta(days=-400)).actions
    for _ in range(7):
        model.round()
    assert model.nodes == 0


def test_warm_nodes_stay_and_come_unasked():
    model = Model(rules=replace(RULES, warm=1))
    for _ in range(20):
        model.round()
        model.world_goes_on()
    assert (model.nodes, model.pools["first"].bounds) == (1, (1, 1))
    assert not model.pools["first"].cordoned


def test_the_first_message_creates_and_installs_the_cluster():
    model = Model(rules=WHOLE, cluster="absent")
    assert not model.round().actions
    model.messages = 1
    assert kinds(model.round()) == {CreateCluster}
    assert "being created" in model.round().why
    model.world_goes_on()
    model.round()
    assert model.installed
    assert asked(model.round()) == [Grow("first", 1)]


def test_the_cluster_goes_when_all_is_zero_twice_some_time_apart():
    model = with_nodes(rules=WHOLE)
    rounds = [kinds(model.round()) for _ in range(30)]
    assert [number for number, did in enumerate(rounds, 1) if DeleteCluster in did] == [26]


@pytest.mark.parametrize("finals", [False, None])
def test_the_cluster_stays_while_a_video_is_not_in_the_bucket(finals):
    model = with_nodes(rules=WHOLE, finals=finals)
    for _ in range(60):
        assert DeleteCluster not in kinds(model.round())
    assert "bucket" in model.decisions[-1].alert


def test_cluster_creation_is_retried_with_backoff():
    model, tries = Model(rules=WHOLE, cluster="absent", messages=1), []
    for number in range(300):
        if CreateCluster in kinds(model.round()):
            tries.append(number)
            model.cluster = "absent"
    gaps = [after - before for before, after in pairwise(tries)]
    assert gaps[:4] == [2, 4, 8, 16] and len(tries) < 12


def test_only_a_broken_cluster_without_stories_is_deleted():
    model = Model(rules=WHOLE, cluster="absent", messages=1)
    model.round()
    model.cluster = "broken"
    assert kinds(model.round()) == {DeleteCluster}
    model = Model(rules=WHOLE, cluster="broken")
    assert not model.round().actions and "person" in model.decisions[-1].alert


@pytest.mark.parametrize(("heard", "made"), [(-30 * MINUTE, 0), (MINUTE, 1), (None, 1)])
def test_a_metric_without_points_of_a_quiet_queue_is_no_alert(heard, made):
    model = Model(rules=WHOLE, cluster="absent")
    model.round()
    model.quiet_since = None if heard is None else START + heard
    model.silent = {"undelivered"}
    for _ in range(60):
        model.round()
    created = [decision for decision in model.decisions if CreateCluster() in decision.actions]
    assert len(created) == made
    if not made:
        assert "no message has arrived since the queue was last empty: none is created" in model.decisions[-1].why


def test_nodes_that_stay_for_an_unknown_demand_alert():
    model = with_nodes()
    model.round()
    model.quiet_since, model.silent = START - 30 * MINUTE, {"undelivered"}
    for _ in range(20):
        model.round()
    assert model.nodes == 2 and "the demand has been unknown since" in model.decisions[-1].alert
    nothing = Model(quiet_since=START - 30 * MINUTE)
    nothing.round()
    nothing.silent = {"undelivered"}
    for _ in range(20):
        nothing.round()
    assert nothing.decisions[-1].alert is None


def test_a_long_unknown_queue_creates_a_cluster():
    model = Model(rules=WHOLE, cluster="absent", silent={"undelivered"})
    rounds = [kinds(model.round()) for _ in range(40)]
    assert [number for number, did in enumerate(rounds) if did] == [31]
