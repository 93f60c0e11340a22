"""The DAG follows from what steps read and write; shares of progress and the simulator's durations from what they declare."""

import pytest

from newsreel.step import HARDWARE_MEASURED, Duration, Resources, Step
from steps import declared_steps
from workflows.profiles import PROFILES, critical_path, predecessors, progress_weights, story_weights, training_weights


def step(name, reads=(), writes=(), seconds=1.0):
    return Step(
        name=name,
        stage="test",
        purpose="",
        reads=reads,
        writes=writes,
        image="test",
        resources=Resources(cpu="1", memory="1Gi"),
        progress_unit=None,
        durations={"cpu": Duration(scaled=seconds)},
    )


def names(before):
    return {name: [step.name for step in steps] for name, steps in before.items()}


def test_a_step_follows_whoever_writes_what_it_reads():
    steps = [step("a", writes=("x",)), step("b", ("x",), ("y/one",)), step("c", ("x",), ("y/two",)), step("d", ("y", "x"))]
    assert names(predecessors(steps)) == {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


def test_a_name_is_no_prefix_of_another_word():
    steps = [step("a", writes=("voice",)), step("b", ("voices",)), step("c", writes=("voices",))]
    assert names(predecessors(steps))["b"] == ["c"]


def test_reading_what_no_step_writes_is_refused():
    with pytest.raises(ValueError, match="b reads y, which no step writes"):
        predecessors([step("a", writes=("x",)), step("b", ("y",))])


def test_two_writers_of_one_file_are_refused():
    with pytest.raises(ValueError, match="a and b both write x"):
        predecessors([step("a", writes=("x",)), step("b", writes=("x",))])


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_shares_of_progress_make_a_hundred(profile):
    for weights in (story_weights(profile), training_weights(profile)):
        assert sum(weights.values()) == 100
        assert min(weights.values()) >= 1


def test_shares_follow_durations():
    weights = progress_weights([step("a", seconds=1), step("b", seconds=97)], "cpu")
    assert weights == {"a": 2, "b": 98}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_profile_knows_how_long_each_of_its_steps_takes(profile):
    assert profile.hardware in HARDWARE_MEASURED
    assert all(profile.hardware in step.durations for step in (*profile.work, *profile.training))


def test_the_critical_path_leaves_out_what_runs_beside_it():
    path = [step.name for step in critical_path(PROFILES["embedded"])]
    assert path == ["anchor", "init-story", "hibari", "gentle", "animate", "pix2pixhd", "compose", "publish"]


def test_every_step_of_a_profile_is_declared_by_its_package():
    declared = declared_steps()
    for profile in PROFILES.values():
        assert {step.name for step in (*profile.work, *profile.training)} <= declared.keys()
