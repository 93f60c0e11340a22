"""The simulation agrees with queueing theory where theory has an answer, and with arithmetic where it has none."""

from random import Random

import pytest

from cluster.simulate.arrivals import Arrival
from cluster.simulate.report import erlang_c, least_waits, md_c_wait, mm_c_wait
from cluster.simulate.run import simulate
from newsreel.config.file import changed, read_gke_config

pytestmark = pytest.mark.slow

SERVICE = 100.0
QUIET = {"preemptions_an_hour": 0, "stock_out_hours": 0}


def seeded(seed):
    return Random(seed)  # noqa: S311


def steady(servers):
    """So many nodes that are always there: the policy runs, and has nothing to do."""
    parameters = read_gke_config()
    return changed(
        parameters,
        node_pools=[parameters.node_pools[2].model_dump(mode="json") | {"most": servers}],
        policy={"warm_nodes": servers, "round_seconds": 3600, "away_minutes": 120},
        work={"taken_seconds": 0},
        market=QUIET,
    )


def customers(count, load, exponential, seed):
    random, at = seeded(seed), 0.0
    for _ in range(count):
        at += random.expovariate(load / SERVICE)
        yield Arrival(at, random.expovariate(1 / SERVICE) if exponential else SERVICE)


def mean(values):
    return sum(values) / len(values)


def seconds_of(arrival, _):
    return arrival.video


def test_the_closed_forms_are_those_of_the_books():
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert mm_c_wait(1, 0.5, 1) == pytest.approx(1.0)
    # M/D/1 by Pollaczek and Khinchine: half of M/M/1.
    assert md_c_wait(1, 0.7, 1) == pytest.approx(mm_c_wait(1, 0.7, 1) / 2)
    # M/D/c waits about half of M/M/c.
    assert 0.45 * mm_c_wait(2, 1.6, 1) < md_c_wait(2, 1.6, 1) < 0.52 * mm_c_wait(2, 1.6, 1)


@pytest.mark.parametrize(("servers", "share", "exponential"), [(1, 0.5, True), (4, 0.6, True), (1, 0.6, False), (4, 0.6, False)])
def test_waiting_is_within_3_percent_of_the_closed_form(servers, share, exponential):
    load = servers * share
    arrivals = list(customers(150_000, load, exponential, seed=1))
    waits = simulate(arrivals, steady(servers), seconds_of=seconds_of).waits
    expected = (mm_c_wait if exponential else md_c_wait)(servers, load, SERVICE)
    # The first customers are left out: their nodes had still to start.
    assert mean(waits[6000:]) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("servers", [3, 20])
def test_waits_follow_the_recursion_of_kiefer_and_wolfowitz(servers):
    arrivals = [Arrival(at + 5000, video) for at, video in customers(10_000, 0.9 * servers, True, seed=2)]
    parameters = steady(servers)
    simulated = simulate(arrivals, parameters, seconds_of=seconds_of).waits
    # In the order in which they end, so both are sorted.
    exact = least_waits(arrivals, servers, parameters.node_pools[0], seconds_of)
    assert sorted(simulated) == pytest.approx(sorted(exact), abs=1e-6)


def test_the_recursion_is_within_3_percent_of_erlang():
    exact = least_waits(list(customers(300_000, 15, True, seed=3)), 20, read_gke_config().node_pools[0], seconds_of)
    assert mean(exact) == pytest.approx(mm_c_wait(20, 15, SERVICE), rel=0.03)


def test_one_story_waits_and_pays_for_manager_and_node():
    parameters = changed(read_gke_config(), market=QUIET)
    outcome = simulate([Arrival(1000, 39.9)], parameters)
    [(asked, *phases)] = outcome.first_waits
    assert outcome.waits[0] == pytest.approx(asked + sum(phases))
    idle, gone = 60 * parameters.policy.idle_minutes, parameters.delays.remove_seconds
    assert outcome.paid == pytest.approx(sum(phases) + outcome.worked + idle + gone, abs=5 * parameters.policy.round_seconds)
    assert outcome.nodes_cost == pytest.approx(outcome.paid * parameters.node_pools[0].an_hour / 3600)
