"""What the policy promises: no running story loses its node, an unknown is never a zero, and what is idle ends at zero."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.manager.policy import decide, nodes_for
from cluster.manager.world import (
    Close,
    Cordon,
    CreateCluster,
    DeleteCluster,
    Empty,
    Grow,
    Lack,
    Memory,
    Open,
    Reading,
    Shortage,
    Uncordon,
)
from tests.cluster.manager.model import MINUTE, RULES, START, Harm, Machines, Model

SOURCES = ("cluster", "undelivered", "pending", "unfinished", "running", "pools", "finals")
WHOLE = replace(RULES, mode="cluster")


def asked(decision):
    return [action for action in decision.actions if isinstance(action, Grow)]


def kinds(decision):
    return {type(action) for action in decision.actions}


def with_nodes(count=2, **known):
    model = Model(**known)
    model.pools["first"] = Machines(size=count, nodes={f"first-{n}": 0 for n in range(count)}, bounds=(0, 4))
    return model


def test_the_first_message_asks_for_a_node_before_any_pod_waits():
    model = Model(messages=1)
    assert asked(model.round()) == [Grow("first", 1)]
    assert "1 undelivered: 1 node wanted, 0 there; first to 1" in model.decisions[-1].why


def test_the_autoscaler_is_let_no_further_than_what_is_wanted():
    model = Model(messages=6)
    model.round()
    assert model.round().actions == (Open("first", 0, 3),)


def test_a_burst_takes_the_second_kind_when_the_first_is_full_and_says_what_is_still_lacking():
    decision = Model(messages=30).round()
    assert asked(decision) == [Grow("first", 4), Grow("second", 3)]
    assert decision.alert.startswith("8 nodes too few")


@pytest.mark.parametrize("source", ["undelivered", "pending", "unfinished", "running"])
def test_an_unknown_is_never_a_zero(source):
    model = with_nodes(silent={source})
    for _ in range(60):
        assert not kinds(model.round()) & {Empty, Cordon}
    assert "nobody can say" in model.decisions[-1].alert


def test_a_metric_that_is_late_or_from_the_future_is_unknown():
    for at in (START - 11 * MINUTE, START + 5 * MINUTE):
        model = with_nodes(memory=Memory(looked=START - MINUTE, idle_since=START - 100 * MINUTE))
        model.now = START
        decision = decide(replace(model.seen(), undelivered=Reading(0, at)), model.memory, RULES)
        assert not kinds(decision) & {Empty, Cordon}
        assert decision.memory.idle_since is None
        assert "undelivered unknown" in decision.why


def test_nodes_are_cordoned_a_round_before_they_go_and_go_after_the_idle_time_alone():
    model = with_nodes()
    did = [(number, kinds(model.round())) for number in range(1, 12)]
    assert [(number, did) for number, did in did if did] == [(6, {Close, Cordon}), (7, {Empty})]
    assert model.nodes == 0


def test_a_story_that_comes_between_the_cordon_and_the_end_has_its_nodes_back():
    model = with_nodes()
    while not model.pools["first"].cordoned:
        model.round()
    model.messages = 1
    assert {Uncordon} <= kinds(model.round())
    assert not model.pools["first"].cordoned


def test_a_story_that_begins_between_the_look_and_the_deed_keeps_its_node():
    model = with_nodes()
    model.pools["first"].bounds = None
    for number in range(12):
        model.slips = int(number == 5)
        model.round()
    assert model.running == 1
    assert not model.pools["first"].cordoned


def test_a_node_that_is_on_its_way_is_waited_for_so_that_no_story_can_slip_onto_it():
    model = Model()
    model.pools["first"] = Machines(size=2, nodes={"first-1": 0}, in_stock=False)
    for _ in range(8):
        assert Empty not in kinds(model.round())
    for _ in range(8):
        model.round()
    assert model.nodes == 0, "one that never comes is not waited for for ever"


def test_a_clock_that_jumps_ahead_does_not_make_an_idle_hour_of_a_minute():
    model = with_nodes()
    model.round()
    assert not model.round(timedelta(days=400)).actions
    assert not model.round().actions


def test_a_clock_that_is_turned_back_neither_drains_nor_waits_for_years():
    model = with_nodes()
    for _ in range(5):
        model.round()
    assert not model.round(timedelta(days=-400)).actions
    for _ in range(7):
        model.round()
    assert model.nodes == 0


def test_a_kind_out_of_stock_is_left_alone_twice_as_long_each_time_and_another_is_taken():
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


def test_what_the_autoscaler_takes_back_is_one_more_try_that_failed():
    model = Model(queue=4, rules=replace(RULES, offers=(("first", 4),)))
    model.pools["first"].in_stock = False
    tries = []
    for number in range(240):
        tries += [number for _ in asked(model.round())]
        model.pools["first"].size = 0
    gaps = [after - before for before, after in pairwise(tries)]
    assert gaps[:4] == [3, 5, 9, 17] and len(tries) < 12, "a hot loop"


def test_what_google_said_before_we_asked_says_nothing_of_what_we_asked_for():
    model = Model(queue=4)
    model.pools["first"].lack = Lack("GCE_STOCKOUT", START - 5 * MINUTE)
    assert asked(model.round()) == [Grow("first", 2)]
    model.round()
    assert model.memory.short == {} and model.memory.asked["first"].to == 2
    model.pools["first"].lack = Lack("GCE_STOCKOUT", model.now)
    model.round()
    assert model.memory.short["first"].why == "GCE_STOCKOUT"


def test_with_nothing_to_be_had_anywhere_a_person_is_told_what_is_lacking_and_when_the_next_try_is():
    model = Model(queue=4)
    for machines in model.pools.values():
        machines.in_stock = False
    alerts = [model.round().alert for _ in range(6)]
    assert "2 nodes too few; first: GCE_STOCKOUT, next try" in alerts[-1]


def test_stock_that_comes_back_is_used_and_the_shortage_forgotten():
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
    memory = Memory(short={"first": Shortage(tries=1, until=START + timedelta(days=999), why="GCE_STOCKOUT")})
    model = Model(messages=9, memory=memory)
    assert [action.pool for action in asked(model.round())] == ["second"]
    for _ in range(4):
        model.round()
    assert model.pools["first"].size > 0


def test_warm_nodes_stay_and_come_unasked():
    model = Model(rules=replace(RULES, warm=1))
    for _ in range(20):
        model.round()
        model.world_goes_on()
    assert (model.nodes, model.pools["first"].bounds) == (1, (1, 1))
    assert not model.pools["first"].cordoned


def test_the_cluster_is_made_for_the_first_message_and_told_what_to_hold():
    model = Model(rules=WHOLE, cluster="absent")
    assert not model.round().actions
    model.messages = 1
    assert kinds(model.round()) == {CreateCluster}
    assert "coming" in model.round().why
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


def test_a_cluster_that_cannot_be_made_is_tried_again_after_longer_and_longer_pauses():
    model, tries = Model(rules=WHOLE, cluster="absent", messages=1), []
    for number in range(300):
        if CreateCluster in kinds(model.round()):
            tries.append(number)
            model.cluster = "absent"
    gaps = [after - before for before, after in pairwise(tries)]
    assert gaps[:4] == [2, 4, 8, 16] and len(tries) < 12


def test_a_cluster_that_broke_while_it_was_made_is_deleted_and_one_with_stories_is_a_persons():
    model = Model(rules=WHOLE, cluster="absent", messages=1)
    model.round()
    model.cluster = "broken"
    assert kinds(model.round()) == {DeleteCluster}
    model = Model(rules=WHOLE, cluster="broken")
    assert not model.round().actions and "person" in model.decisions[-1].alert


def test_a_queue_that_nobody_can_see_for_half_an_hour_is_looked_at_from_within():
    model = Model(rules=WHOLE, cluster="absent", silent={"undelivered"})
    rounds = [kinds(model.round()) for _ in range(40)]
    assert [number for number, did in enumerate(rounds) if did] == [31]


@given(st.integers(0, 300), st.integers(0, 300))
def test_more_stories_never_want_fewer_nodes(stories, more):
    assert nodes_for(stories, RULES) <= nodes_for(stories + more, RULES)


@given(st.data(), st.integers(0, 40), st.integers(0, 40))
def test_more_stories_never_get_fewer_nodes_whatever_the_world_is_like(data, stories, more):
    model = Model()
    for machines in model.pools.values():
        machines.size = data.draw(st.integers(0, 3))
        machines.nodes = {f"n{n}": 0 for n in range(data.draw(st.integers(0, 3)))}
        machines.in_stock = data.draw(st.booleans())
    short = data.draw(st.sampled_from([{}, {"first": Shortage(tries=1, until=START + 2 * MINUTE, why="quota")}]))

    def size_after(count):
        world = replace(model.seen(), undelivered=Reading(count, model.now))
        after = {pool.name: pool.size for pool in world.pools}
        for action in decide(world, Memory(looked=START, short=short), RULES).actions:
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
        self.model.memory = Memory()

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
        model.silent, model.finals, model.slips = set(), True, 0
        for _ in range(250):
            for machines in model.pools.values():
                machines.in_stock = True
            model.round()
            model.world_goes_on(finish=9)
        assert (model.messages, model.queue, model.running) == (0, 0, 0)
        assert model.nodes == model.rules.warm
        assert model.cluster == ("absent" if model.rules.mode == "cluster" else "there")


Clusters.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestClusters = Clusters.TestCase


def test_the_model_itself_tells_harm_when_it_is_done():
    model = with_nodes()
    model.pools["first"].nodes["first-0"] = 1
    with pytest.raises(Harm):
        model.act(Empty("first", 0))
    with pytest.raises(Harm):
        Model(silent={"undelivered"}).act(DeleteCluster())
