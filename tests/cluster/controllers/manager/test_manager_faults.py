"""The whole manager with failing APIs, wrong clocks and stockouts: no harm is done, and a person is alerted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cluster.controllers.loop import RoundResult
from cluster.controllers.manager.act import act
from cluster.controllers.manager.observe import look
from cluster.controllers.manager.types import DeleteCluster, Empty
from tests.cluster.controllers.manager.managed import done, managed, round_of, said, with_nodes
from tests.cluster.controllers.manager.weeks import accounts, campaign, verdict

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("mode", "seed"), [("pool", 3), ("cluster", 4)])
def test_whatever_fails_no_harm_is_done_and_all_ends_at_zero(url, mode, seed):
    with managed(url, mode, seed=seed, state={"pool": "there", "cluster": "absent"}[mode]) as setup:
        setup.world.arrive(4)
        manager = campaign(setup, hours=2, seed=seed, every=240)
        assert verdict(setup.world, mode) + accounts(setup, manager) == []


def test_a_cluster_that_fails_to_start_is_created_again(whole):
    whole.world.arrive(1)
    whole.world.fails_to_come = True
    whole.run(whole.manager(), 20, every=60)
    assert whole.world.deleted >= 1
    whole.world.fails_to_come = False
    whole.run(whole.manager(), 60, every=60)
    assert len(whole.world.over) == 1
    assert whole.world.harm == []


def test_expired_credentials_stop_scale_down(setup):
    with_nodes(setup)
    manager = setup.manager()
    setup.run(manager, 3)
    setup.world.silent = {"credentials"}
    setup.run(manager, 15)
    assert setup.world.nodes == 2
    assert "Unauthenticated" in setup.lines[-1]["unknown"]["undelivered"]
    setup.world.silent = set()
    setup.run(manager, 9)
    assert setup.world.nodes == 0


def test_a_late_metric_keeps_the_nodes_and_alerts(setup):
    with_nodes(setup)
    setup.world.metric_age = 1200
    setup.run(setup.manager(), 15)
    assert setup.world.nodes == 2
    assert "undelivered unknown" in said(setup)[-1]
    assert "the demand has been unknown since" in setup.lines[-1]["alert"]


@pytest.mark.parametrize("source", ["kubernetes", "compute", "gke", "events", "no points"])
def test_a_source_that_does_not_answer_keeps_the_nodes(setup, source):
    with_nodes(setup)
    setup.world.silent = {source}
    setup.run(setup.manager(), 10, every=60)
    assert setup.world.nodes == 2


def test_a_clock_that_jumps_begins_the_idle_time_anew(setup):
    with_nodes(setup)
    manager = setup.manager()
    setup.run(manager, 3)
    setup.world.now += timedelta(days=300)
    setup.run(manager, 2)
    assert setup.world.nodes == 2


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_removes_no_nodes(setup, hours):
    with_nodes(setup)
    wrong = replace(setup.manager(), clock=lambda: setup.world.clock() + timedelta(hours=hours))
    setup.run(wrong, 8, every=60)
    assert setup.world.nodes == 2
    assert "undelivered unknown" in said(setup)[-1]
    setup.run(setup.manager(), 10, every=60)
    assert setup.world.nodes == 0


def test_a_lease_years_ahead_does_not_block(setup):
    ahead = replace(setup.manager("ahead"), clock=lambda: setup.world.clock() + timedelta(days=900))
    assert round_of(ahead) is RoundResult.DONE
    assert round_of(setup.manager("second")) is RoundResult.DONE


def test_a_stockout_uses_the_next_zone_without_a_hot_loop(setup):
    setup.world.pools["l4-spot-a"].in_stock = False
    setup.world.arrive(4)
    setup.run(setup.manager(), 25)
    assert len(setup.world.over) == 4
    asked = [each["action"] for each in done(setup, "Grow")]
    assert any("l4-spot-b" in action for action in asked)
    assert len(asked) < 8


def test_a_quota_error_backs_off_and_all_stories_are_made(setup):
    setup.world.quota = 2
    setup.world.arrive(12)
    setup.run(setup.manager(), 45, every=60)
    assert len(setup.world.over) == 12
    assert any("QUOTA_EXCEEDED, next try" in str(line.get("alert")) for line in setup.lines)
    assert len(done(setup, "Grow")) < 15
    assert verdict(setup.world, "pool") == []


def test_a_global_stockout_alerts_with_the_next_try(setup):
    for pool in setup.world.pools.values():
        pool.in_stock = False
    setup.world.arrive(4)
    setup.run(setup.manager(), 6)
    assert "too few; l4-spot-a: ZONE_RESOURCE_POOL_EXHAUSTED, next try" in str(setup.lines[-1]["alert"])


def test_a_metric_without_points_creates_no_cluster(whole):
    manager = whole.manager()
    whole.run(manager, 5, every=60)
    whole.world.silent = {"no points"}
    whole.run(manager, 120, every=120)
    assert whole.world.created == 0
    whole.world.arrive(1)
    whole.run(manager, 3, every=60)
    assert whole.world.created == 1


def test_what_takes_nodes_away_looks_once_more(setup):
    pool = with_nodes(setup, 1)
    before = look(setup.services, setup.world.clock())
    setup.world.arrive(1)
    setup.world.advance(15)
    pool.draining = set(pool.nodes)
    result = act(setup.services, Empty("l4-spot-a", 0), before, setup.world.clock)
    assert "there is new demand" in result
    assert setup.world.harm == [] and setup.world.nodes == 1


def test_what_deletes_the_cluster_looks_once_more(url):
    with managed(url, "cluster", state="there") as setup:
        before = look(setup.services, setup.world.clock())
        setup.world.arrive(1)
        setup.world.advance(15)
        assert "there is new demand" in act(setup.services, DeleteCluster(), before, setup.world.clock)
        assert setup.world.state == "there"


def test_an_invalid_state_object_stops_the_round(setup):
    manager = setup.manager()
    bucket = manager.store.client.bucket("manager")
    bucket.blob(setup.note).upload_from_string("{}")
    setup.world.arrive(3)
    assert round_of(manager) is RoundResult.FAILED
    assert "is not the manager's state" in said(setup)[-1]
    assert setup.world.nodes == 0


def test_a_bucket_that_does_not_answer_stops_the_round(setup):
    manager = setup.manager()
    manager.store.client = setup.manager().store.client.__class__(
        project="p", credentials=manager.store.client._credentials, client_options={"api_endpoint": "http://127.0.0.1:9"}
    )
    assert round_of(manager) is RoundResult.FAILED
    assert "cannot be read or written" in said(setup)[-1]
