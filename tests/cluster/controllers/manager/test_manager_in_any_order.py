"""The policy under any order of stories, faults and clocks: no harm, and idle ends at zero."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.controllers.manager.policy import decide, nodes_for
from cluster.controllers.manager.types import DeleteCluster, Empty, Grow, Reading, Shortage, State
from tests.cluster.controllers.manager.model import MINUTE, RULES, START, Harm, Model, with_nodes

SOURCES = ("cluster", "undelivered", "pending", "unfinished", "running", "pools", "finals")
WHOLE = replace(RULES, mode="cluster")


@given(st.integers(0, 300), st.integers(0, 300))
def test_more_stories_never_want_fewer_nodes(stories, more):
    assert nodes_for(stories, RULES) <= nodes_for(stories + more, RULES)


@given(st.data(), st.integers(0, 40), st.integers(0, 40))
def test_more_stories_never_get_fewer_nodes(data, stories, more):
    model = Model()
    for machines in model.pools.values():
        machines.size = data.draw(st.integers(0, 3))
        machines.nodes = {f"n{n}": 0 for n in range(data.draw(st.integers(0, 3)))}
        machines.in_stock = data.draw(st.booleans())
    short = data.draw(st.sampled_from([{}, {"first": Shortage(tries=1, until=START + 2 * MINUTE, why="quota")}]))

    def size_after(count):
        world = replace(model.seen(), undelivered=Reading(count, model.now))
        after = {pool.name: pool.size for pool in world.pools}
        for action in decide(world, State(looked=START, short=short), RULES).actions:
            if isinstance(action, Grow | Empty):
                after[action.pool] = action.to
        return sum(after.values())

    assert size_after(stories) <= size_after(stories + more)


class Clusters(RuleBasedStateMachine):
    """Any order of stories, faults and clocks."""

    @initialize(whole=st.booleans(), warm=st.sampled_from([0, 0, 2]))
    def begin(self, whole, warm):
        self.model = Model(rules=replace(WHOLE, warm=0) if whole else replace(RULES, warm=warm))

    @rule(stories=st.integers(1, 20))
    def stories_come(self, stories):
        self.model.messages += stories

    @rule(count=st.integers(0, 20))
    def so_many_are_announced(self, count):
        self.model.announced, self.model.quiet_since = count, self.model.now

    @rule(stories=st.integers(1, 3))
    def stories_come_while_it_decides(self, stories):
        self.model.slips += stories

    @rule(finish=st.integers(0, 9))
    def the_world_goes_on(self, finish):
        self.model.world_goes_on(finish)

    @rule(seconds=st.integers(5, 400), rounds=st.integers(1, 12), finish=st.integers(0, 9))
    def time_passes(self, seconds, rounds, finish):
        for _ in range(rounds):
            self.model.round(timedelta(seconds=seconds))
            self.model.world_goes_on(finish)

    @rule(days=st.sampled_from([-400, -1, 1, 400]))
    def the_clock_jumps(self, days):
        self.model.round(timedelta(days=days))

    @rule(silent=st.sets(st.sampled_from(SOURCES)))
    def sources_fall_silent(self, silent):
        self.model.silent = silent

    @rule(pool=st.sampled_from(["first", "second"]), in_stock=st.booleans())
    def stock_changes(self, pool, in_stock):
        self.model.pools[pool].in_stock = in_stock

    @rule(pool=st.sampled_from(["first", "second"]))
    def a_spot_node_is_taken(self, pool):
        nodes = self.model.pools[pool].nodes
        if nodes:
            self.model.queue += nodes.pop(next(iter(nodes)))

    @rule()
    def memory_is_lost(self):
        self.model.memory = State()

    @rule(finals=st.booleans())
    def the_bucket_has_all_or_not(self, finals):
        self.model.finals = finals

    @invariant()
    def each_decision_says_why(self):
        for decision in getattr(self, "model", Model()).decisions[-1:]:
            assert decision.why and "\n" not in decision.why

    def teardown(self):
        """All sources speak again and there is stock: every story is made, and what was bought for them goes."""
        model = getattr(self, "model", None)
        if model is None:
            return
        model.silent, model.finals, model.slips, model.announced = set(), True, 0, 0
        for _ in range(250):
            for machines in model.pools.values():
                machines.in_stock = True
            model.round()
            model.world_goes_on(finish=9)
        assert (model.messages, model.queue, model.running) == (0, 0, 0)
        assert model.nodes == model.rules.warm
        assert model.cluster == ("absent" if model.rules.mode == "cluster" else "there")


Clusters.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestClusters = Clusters.TestCase


def test_the_model_detects_harm():
    model = with_nodes()
    model.pools["first"].nodes["first-0"] = 1
    with pytest.raises(Harm):
        model.act(Empty("first", 0))
    with pytest.raises(Harm):
        Model(silent={"undelivered"}).act(DeleteCluster())
