"""Usage of a story and of a day: sums are exact, and unknown is not zero."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.controllers.manager.controller import Metrics
from cluster.controllers.manager.types import Account, Ledger
from cluster.controllers.manager.usage_ledger import account_of, used_a_node
from newsreel.argo.runs import pods_of, step_of
from newsreel.config.file import read_gke_config

pytestmark = pytest.mark.slow

PARAMETERS = read_gke_config()
POOLS = {"gke-1": "l4-spot-a", "gke-2": "l4-a"}
DAY = date(2026, 5, 3)


def pod(template, node, began="2026-05-03T12:00:00Z", ended="2026-05-03T12:10:00Z", **used):
    times = {"startedAt": began, "finishedAt": ended}
    return {"type": "Pod", "templateName": template, "hostNodeName": node, "resourcesDuration": used, **times}


def story(*pods):
    attempt = {"type": "DAG", "templateName": "anchor"}
    return steps_of({"status": {"nodes": {"attempt": attempt} | {str(number): each for number, each in enumerate(pods)}}})


def steps_of(workflow):
    return [step_of(each) for each in pods_of(workflow)]


def test_a_story_pays_for_each_node_once():
    gpu = {"nvidia.com/gpu": 80, "cpu": 300}
    account = account_of(
        story(pod("anchor", "gke-1"), pod("anchor", "gke-2"), pod("pix2pixhd", "gke-2", **gpu)), POOLS, 9, PARAMETERS
    )
    assert (account.node_seconds, account.gpu_seconds, account.bytes) == (1200, 80, 9)
    assert account.cost == pytest.approx((0.36 + 0.92) / 6)


def test_a_node_of_an_unknown_pool_makes_the_cost_unknown():
    account = account_of(story(pod("anchor", "gke-1"), pod("anchor", "gone")), POOLS, None, PARAMETERS)
    assert (account.node_seconds, account.cost, account.bytes) == (1200, None, None)


@pytest.mark.parametrize(
    "steps", [steps_of({}), steps_of({"status": {}}), story(pod("anchor", "gke-1", ended=None)), story(pod("check", "system-1"))]
)
def test_a_story_without_a_completed_anchor_costs_nothing(steps):
    account = account_of(steps, POOLS, None, PARAMETERS)
    assert (account.node_seconds, account.cost) == (0, 0)


amounts = st.builds(
    Account,
    node_seconds=st.integers(0, 9999).map(float),
    gpu_seconds=st.integers(0, 9999).map(float),
    bytes=st.none() | st.integers(0, 10**9),
    cost=st.none() | st.integers(0, 99).map(float),
)


entries = st.dictionaries(st.integers(0, 99).map(str), st.tuples(st.sampled_from([DAY, date(2026, 5, 4)]), amounts))


@given(st.lists(entries, max_size=5))
def test_each_story_is_counted_once(rounds):
    ledger, known = Ledger(), {}
    for told in rounds:
        known = told | known
        ledger = ledger.with_stories({uid: known[uid] for uid in told}, frozenset(known), DAY)
    assert sum(total.stories for total in ledger.days.values()) == len(known)
    for day, total in ledger.days.items():
        costs = [account.cost for when, account in known.values() if when == day]
        assert total.cost == (None if None in costs else sum(costs))


def test_old_days_and_deleted_workflows_are_dropped():
    account = Account(node_seconds=1, gpu_seconds=0, bytes=0, cost=0)
    ledger = Ledger().with_stories({"a": (DAY, account), "b": (DAY, account)}, frozenset("ab"), DAY)
    assert ledger.with_stories({}, frozenset("b"), DAY) == Ledger(days=ledger.days, counted=("b",))
    assert ledger.with_stories({}, frozenset("b"), date(2026, 5, 4)).days == {}


def test_a_ledger_survives_serialization():
    ledger = Ledger(days={DAY: Account(node_seconds=600, gpu_seconds=80, bytes=None, cost=0.5)}, counted=("a",))
    assert Ledger.model_validate_json(ledger.model_dump_json()) == ledger


def test_metrics_have_no_sample_of_unknown_values():
    metrics = Metrics("USD")
    metrics.days.ledger = Ledger(days={DAY: Account(node_seconds=600, gpu_seconds=80, bytes=None, cost=0.5)})
    told = metrics.text().decode()
    assert 'newsreel_day_cost{currency="USD",day="2026-05-03"} 0.5' in told
    assert "newsreel_day_published_bytes{" not in told


def test_a_refused_story_used_no_node():
    assert used_a_node(story(pod("anchor", "gke-1")))
    assert not used_a_node(story(pod("check", "system-1")))
    assert not used_a_node(story(pod("anchor", "", began=None, ended=None)))
