"""Stockouts: other pools are used, the backoff grows, a person is alerted."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from cluster.controllers.manager.types import Grow, Shortage, State, Stockout
from tests.cluster.controllers.manager.model import MINUTE, RULES, START, Model, asked


def test_a_stockout_backs_off_and_another_pool_is_used():
    model = Model(queue=30)
    model.pools["first"].in_stock = False
    grown = []
    for number in range(240):
        grown += [(number, action.pool) for action in asked(model.round())]
        model.world_goes_on()
    assert (0, "first") in grown
    assert [pool for _, pool in grown].count("second") >= 1
    assert [pool for _, pool in grown].count("first") < 9 and model.memory.short["first"].tries >= 4
    assert sum(len(decision.actions) for decision in model.decisions) < 30, "a hot loop"
    assert len(model.pools["second"].nodes) == 3


def test_a_resize_undone_by_the_autoscaler_is_a_failed_try():
    model = Model(queue=4, rules=replace(RULES, offers=(("first", 4),)))
    model.pools["first"].in_stock = False
    tries = []
    for number in range(240):
        tries += [number for _ in asked(model.round())]
        model.pools["first"].size = 0
    gaps = [after - before for before, after in pairwise(tries)]
    assert gaps[:4] == [3, 5, 9, 17] and len(tries) < 12, "a hot loop"


def test_errors_older_than_the_request_are_ignored():
    model = Model(queue=4)
    model.pools["first"].lack = Stockout("GCE_STOCKOUT", START - 5 * MINUTE)
    assert asked(model.round()) == [Grow("first", 2)]
    model.round()
    assert model.memory.short == {} and model.memory.asked["first"].to == 2
    model.pools["first"].lack = Stockout("GCE_STOCKOUT", model.now)
    model.round()
    assert model.memory.short["first"].why == "GCE_STOCKOUT"


def test_a_global_shortage_alerts_with_the_next_try():
    model = Model(queue=4)
    for machines in model.pools.values():
        machines.in_stock = False
    alerts = [model.round().alert for _ in range(6)]
    assert "2 nodes too few; first: GCE_STOCKOUT, next try" in alerts[-1]


def test_returning_stock_ends_the_shortage():
    model = Model(queue=4)
    model.pools["first"].in_stock = model.pools["second"].in_stock = False
    for _ in range(6):
        model.round()
    model.pools["first"].in_stock = model.pools["second"].in_stock = True
    for _ in range(40):
        model.world_goes_on()
        model.round()
    assert model.queue <= 2 and model.running >= 2
    assert not [name for name, short in model.memory.short.items() if model.now < short.until]


def test_a_pause_written_by_a_clock_years_ahead_ends_in_time():
    memory = State(short={"first": Shortage(tries=1, until=START + timedelta(days=999), why="GCE_STOCKOUT")})
    model = Model(messages=9, memory=memory)
    assert [action.pool for action in asked(model.round())] == ["second"]
    for _ in range(4):
        model.round()
    assert model.pools["first"].size > 0
