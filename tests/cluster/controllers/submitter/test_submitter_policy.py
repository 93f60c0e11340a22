"""Policy of the submitter: no story is lost or made twice, every failure is recorded once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.controllers.submitter.policy import MAX_SUBMISSIONS, PATIENCE, Attempt, Report, Saved, Submit, decide, state_of
from newsreel.submission.revision_store import Revision

NOW = datetime(2026, 5, 3, 12, 0, 0, tzinfo=UTC)
ONE = Revision("budget", 1)
LONG_AGO = NOW - PATIENCE


def seen(**known):
    return Saved(**{"revisions": frozenset({ONE})} | known)


def attempts(*phases):
    return {ONE: tuple(Attempt(name=f"budget-r1-{number}", number=number, phase=phase) for number, phase in enumerate(phases, 1))}


def test_a_story_without_a_workflow_is_submitted_after_a_while():
    assert decide(seen(waiting_since={ONE: LONG_AGO + timedelta(seconds=1)}), NOW) == []
    [submitted] = decide(seen(waiting_since={ONE: LONG_AGO}), NOW)
    assert (type(submitted), submitted.revision) == (Submit, ONE)


@pytest.mark.parametrize("phase", ["", "Pending", "Running"])
def test_a_story_under_way_is_left_alone(phase):
    assert decide(seen(attempts=attempts(phase), waiting_since={ONE: LONG_AGO}), NOW) == []


@pytest.mark.parametrize("outcome", ["published", "failed"])
def test_a_story_with_an_outcome_needs_no_workflow(outcome):
    assert decide(seen(outcomes={ONE: outcome}, waiting_since={ONE: LONG_AGO}), NOW) == []


@pytest.mark.parametrize("phase", ["Failed", "Error", "Succeeded"])
def test_an_end_without_a_video_is_recorded_and_not_retried(phase):
    [told] = decide(seen(attempts=attempts(phase), waiting_since={ONE: LONG_AGO}), NOW)
    assert (type(told), told.last.name) == (Report, "budget-r1-1")


def test_a_story_whose_successor_is_under_way_has_not_failed():
    assert state_of(ONE, seen(attempts=attempts("Failed", "Running"))) == "under way"


def test_the_newest_workflow_decides_the_reason():
    [told] = decide(seen(attempts=attempts("Error", "Failed")), NOW)
    assert "budget-r1-2 ended as Failed" in told.why


def test_a_story_retried_by_a_person_is_under_way():
    assert state_of(ONE, seen(attempts=attempts("Failed", "Running"), outcomes={ONE: "failed"})) == "under way"


def test_a_superseded_revision_is_recorded_as_failed_later():
    later = {Revision("budget", 2): "published"}
    for waiting_since in ({}, {ONE: LONG_AGO + timedelta(seconds=1)}):
        assert decide(seen(outcomes=later, waiting_since=waiting_since), NOW) == [], "its message may be on its way"
    [told] = decide(seen(outcomes=later, waiting_since={ONE: LONG_AGO}), NOW)
    assert isinstance(told, Report) and "revision 2 is published already" in told.why


def test_after_an_outage_the_api_server_is_not_run_over():
    many = frozenset(Revision("budget", number) for number in range(1, 200))
    actions = decide(Saved(revisions=many, waiting_since=dict.fromkeys(many, LONG_AGO)), NOW)
    assert len(actions) == MAX_SUBMISSIONS


revisions = st.builds(Revision, st.sampled_from(["a", "b"]), st.integers(1, 3))
tries = st.lists(st.sampled_from(["", "Pending", "Running", "Succeeded", "Failed", "Error"]), min_size=1, max_size=3).map(
    lambda phases: tuple(Attempt(name=f"x-{number}", number=number, phase=phase) for number, phase in enumerate(phases, 1))
)
worlds = st.builds(
    Saved,
    revisions=st.frozensets(revisions),
    attempts=st.dictionaries(revisions, tries),
    outcomes=st.dictionaries(revisions, st.sampled_from(["published", "failed"])),
    waiting_since=st.dictionaries(revisions, st.integers(0, 300).map(lambda seconds: NOW - timedelta(seconds=seconds))),
)


@given(worlds)
def test_only_stories_without_any_trace_are_submitted(world):
    for action in decide(world, NOW):
        assert action.revision in world.revisions
        assert action.revision not in world.outcomes
        if isinstance(action, Submit):
            assert not world.attempts.get(action.revision)
            assert NOW - world.waiting_since[action.revision] >= PATIENCE
        else:
            assert all(attempt.over for attempt in world.attempts.get(action.revision, ()))


@given(worlds)
def test_after_all_actions_nothing_is_left_to_do(world):
    actions = decide(world, NOW)
    done = {action.revision: (Attempt(name="x"),) for action in actions if isinstance(action, Submit)}
    told = {action.revision: "failed" for action in actions if isinstance(action, Report)}
    after = Saved(
        revisions=world.revisions,
        attempts=dict(world.attempts) | done,
        outcomes=dict(world.outcomes) | told,
        waiting_since=world.waiting_since,
    )
    assert decide(after, NOW) == []


@given(worlds)
def test_each_story_has_one_state_and_decisions_are_stable(world):
    assert decide(world, NOW) == decide(world, NOW)
    assert all(state_of(revision, world) for revision in world.revisions)
