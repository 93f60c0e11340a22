"""What a story took, and a day: sums that hold, and no zero for what nobody knows."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.manager.accounting import Account, account_of, by_day, exposed
from cluster.manager.parameters import read_parameters

PARAMETERS = read_parameters()
POOLS = {"gke-1": "l4-spot-a", "gke-2": "l4-a"}
DAY = date(2026, 5, 3)


def pod(template, node, began="2026-05-03T12:00:00Z", ended="2026-05-03T12:10:00Z", **used):
    times = {"startedAt": began, "finishedAt": ended}
    return {"type": "Pod", "templateName": template, "hostNodeName": node, "resourcesDuration": used, **times}


def story(*pods):
    attempt = {"type": "DAG", "templateName": "anchor"}
    return {"status": {"nodes": {"attempt": attempt} | {str(number): each for number, each in enumerate(pods)}}}


def test_a_story_pays_for_each_node_it_held_by_its_kind_and_for_no_step_twice():
    gpu = {"nvidia.com/gpu": 80, "cpu": 300}
    account = account_of(
        story(pod("anchor", "gke-1"), pod("anchor", "gke-2"), pod("pix2pixhd", "gke-2", **gpu)), POOLS, 9, PARAMETERS
    )
    assert (account.node_seconds, account.gpu_seconds, account.bytes) == (1200, 80, 9)
    assert account.cost == pytest.approx((0.36 + 0.92) / 6)


def test_a_node_whose_kind_nobody_knows_makes_the_cost_unknown_and_not_less():
    account = account_of(story(pod("anchor", "gke-1"), pod("anchor", "gone")), POOLS, None, PARAMETERS)
    assert (account.node_seconds, account.cost, account.bytes) == (1200, None, None)


@pytest.mark.parametrize(
    "workflow", [{}, {"status": {}}, story(pod("anchor", "gke-1", ended=None)), story(pod("check", "system-1"))]
)
def test_a_story_that_held_no_node_to_its_end_has_cost_nothing_yet(workflow):
    account = account_of(workflow, POOLS, None, PARAMETERS)
    assert (account.node_seconds, account.cost) == (0, 0)


amounts = st.builds(
    Account,
    node_seconds=st.integers(0, 9999).map(float),
    gpu_seconds=st.integers(0, 9999).map(float),
    bytes=st.none() | st.integers(0, 10**9),
    cost=st.none() | st.integers(0, 99).map(float),
)


@given(st.lists(st.tuples(st.sampled_from([DAY, date(2026, 5, 4)]), amounts)))
def test_days_hold_what_their_stories_took_whatever_their_order(accounts):
    sums = by_day(accounts)
    assert sums == by_day(reversed(accounts))
    assert sum(each.stories for each in sums.values()) == len(accounts)
    for day, total in sums.items():
        costs = [account.cost for when, account in accounts if when == day]
        assert total.cost == (None if None in costs else sum(costs))


def test_metrics_have_a_line_for_what_is_known_and_none_for_what_is_not():
    told = exposed({DAY: Account(node_seconds=600, gpu_seconds=80, bytes=None, cost=0.5)}, "USD")
    assert 'newsreel_day_cost{day="2026-05-03",currency="USD"} 0.5' in told
    assert "newsreel_day_published_bytes{" not in told
