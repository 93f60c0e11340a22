"""Policy of the reconciler: a lost node's story is submitted again, once, and nothing else is changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.controllers.reconciler.policy import MAX_RUNS, NODE_TIMEOUT, decide, successor_name
from cluster.controllers.reconciler.types import Collect, Node, Observation, Run, Succeed, Terminate, Touch

NOW = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def run(**known):
    return Run(**{"name": "budget-r1", "began": NOW - 60 * SECOND, "node": "gpu-1", "deadline_seconds": 3600} | known)


def world(*runs, **heard):
    """`gpu_1=3`: it was heard 3 seconds ago."""
    return Observation(
        runs=runs,
        nodes=tuple(Node(name=name.replace("_", "-"), last_heartbeat=NOW - ago * SECOND) for name, ago in heard.items()),
    )


def kinds(actions):
    return [type(action) for action in actions]


def test_a_story_on_a_living_node_is_left_alone():
    assert decide(world(run(), gpu_1=9), NOW) == []


def test_a_story_that_waits_for_a_node_is_left_alone():
    assert decide(world(run(node=None)), NOW) == []


@pytest.mark.parametrize("heard", [{}, {"gpu_2": 1}, {"gpu_1": 31}])
def test_a_lost_nodes_story_succeeds_before_it_is_terminated(heard):
    succeeded, ended = decide(world(run(), **heard), NOW)
    assert (succeeded.name, kinds([succeeded, ended])) == ("budget-r1-t2", [Succeed, Terminate])
    assert "gpu-1" in succeeded.why


def test_a_node_that_missed_a_heartbeat_keeps_its_story():
    assert decide(world(run(), gpu_1=NODE_TIMEOUT.seconds), NOW) == []


def test_a_terminated_run_on_a_dead_node_is_only_collected():
    assert kinds(decide(world(run(shutting_down=True)), NOW)) == [Collect]


def test_pods_of_completed_stories_on_lost_nodes_are_collected():
    lost = Node(name="gpu-1", last_heartbeat=NOW - 90 * SECOND, tainted=True)
    [action] = decide(Observation(runs=(), nodes=(lost,), stranded=("budget-r1",)), NOW)
    assert (type(action), action.run.name) == (Collect, "budget-r1")


def test_a_dead_anchor_stays_until_its_node_is_tainted():
    silent = Node(name="gpu-1", last_heartbeat=NOW - 31 * SECOND)
    assert decide(Observation(runs=(run(shutting_down=True),), nodes=(silent,)), NOW) == []
    shunned = replace(silent, tainted=True)
    assert kinds(decide(Observation(runs=(run(shutting_down=True),), nodes=(shunned,)), NOW)) == [Collect]


def test_successors_are_numbered_by_the_first_runs_name():
    assert successor_name(run(name="budget-r1-t2", origin="budget-r1", number=2)) == "budget-r1-t3"


def test_a_story_that_loses_too_many_nodes_is_terminated():
    [ended] = decide(world(run(number=MAX_RUNS)), NOW)
    assert isinstance(ended, Terminate)
    assert "person" in ended.why


def test_an_overdue_run_is_touched_then_terminated():
    late = {"began": NOW - 3700 * SECOND}
    assert kinds(decide(world(run(**late), gpu_1=1), NOW)) == [Touch]
    assert decide(world(run(**late, touched=NOW - 10 * SECOND), gpu_1=1), NOW) == []
    assert kinds(decide(world(run(**late, touched=NOW - 70 * SECOND), gpu_1=1), NOW)) == [Touch]
    assert kinds(decide(world(run(began=NOW - 4000 * SECOND, touched=NOW), gpu_1=1), NOW)) == [Terminate]


def test_a_run_without_a_node_is_terminated_after_its_deadline():
    assert kinds(decide(world(run(node=None, began=NOW - 4000 * SECOND)), NOW)) == [Terminate]


runs = st.builds(
    Run,
    name=st.sampled_from(["a-r1", "b-r2", "b-r2-t2"]),
    began=st.integers(0, 9000).map(lambda seconds: NOW - seconds * SECOND),
    node=st.none() | st.sampled_from(["gpu-1", "gpu-2"]),
    number=st.integers(1, 6),
    origin=st.just("origin"),
    deadline_seconds=st.none() | st.integers(1, 9000),
    shutting_down=st.booleans(),
    touched=st.none() | st.integers(0, 500).map(lambda seconds: NOW - seconds * SECOND),
)
worlds = st.builds(
    Observation,
    runs=st.lists(runs, max_size=5).map(tuple),
    nodes=st.lists(
        st.builds(
            Node,
            name=st.sampled_from(["gpu-1", "gpu-2"]),
            last_heartbeat=st.integers(-5, 90).map(lambda seconds: NOW - seconds * SECOND),
        ),
        max_size=2,
        unique_by=lambda node: node.name,
    ).map(tuple),
)


@given(worlds)
def test_no_story_on_a_live_node_is_terminated_early(seen):
    for action in decide(seen, NOW):
        alive = action.run.node and (node := seen.node(action.run.node)) and NOW - node.last_heartbeat <= NODE_TIMEOUT
        late = action.run.deadline_seconds is not None and action.run.began + action.run.deadline_seconds * SECOND < NOW
        if alive or action.run.node is None:
            assert late and isinstance(action, Touch | Terminate)
        if isinstance(action, Succeed):
            assert not alive and not action.run.shutting_down and action.run.number < MAX_RUNS


@given(worlds)
def test_every_termination_for_a_lost_node_follows_a_successor(seen):
    actions = decide(seen, NOW)
    for place, action in enumerate(actions):
        if isinstance(action, Succeed):
            assert actions[place + 1] == Terminate(action.run, action.why)
    assert decide(seen, NOW) == actions
