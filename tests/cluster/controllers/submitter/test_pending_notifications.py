"""Ends that their runs could not tell are told by the watch: each once, by one id, and while it is news."""

from datetime import datetime, timedelta

import pytest

from cluster.controllers.submitter.notifier import MAX_AGE
from cluster.controllers.submitter.policy import PATIENCE, pending_notifications
from newsreel.notifications.delivery_log import DeliveryLog
from newsreel.notifications.notifier import Notification, Notifier
from newsreel.submission.revision_store import Failure, Revision
from tests.cluster.controllers.rounds import run_round
from tests.cluster.controllers.submitter.scenes import MANIFEST, ONE, ended, heard, publish, rounds_of, save


def test_a_run_that_a_person_cancelled_is_told_once_however_many_look(argo, begin, desk, cms):
    story = save(desk)
    ended(argo, **{"newsreel/cancelled": "true"})
    for watch in (begin(), begin(), begin()):
        rounds_of(watch, argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed" and told["type"] == "story.failed"
    why = "workflow budget-r1 was cancelled"
    assert told["data"] == {"run": "uid-1", "story": story, "status": "Failed", "video": None, "why": why}


def test_a_failure_has_argos_reason(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    watch = begin()
    rounds_of(watch, argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed"
    assert told["data"]["why"] == "workflow budget-r1 ended as Failed: Error (exit code 5)"
    assert watch.metrics.registry.get_sample_value("newsreel_missed_notices_told_total") == 1


def test_a_video_whose_report_was_lost_is_told_though_its_workflow_is_called_a_failure(argo, begin, desk, cms):
    save(desk)
    video = publish(desk)
    ended(argo, "Error")
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert (told["type"], told["id"], told["data"]["video"]) == ("story.done", "budget-r1-Succeeded", video)


@pytest.mark.parametrize(("phase", "status"), [("Succeeded", "Succeeded"), ("Failed", "Failed")])
def test_what_a_run_has_told_itself_is_not_told_again(argo, begin, desk, cms, phase, status):
    story = save(desk)
    if phase == "Succeeded":
        publish(desk)
    ended(argo, phase)
    DeliveryLog(desk.storage, desk.finals).note(Notification(run="uid-1", story=story, status=status, video=None))
    rounds_of(begin(), argo)
    assert cms.heard == []


def test_nothing_is_told_before_the_last_run_is_over(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    ended(argo)
    ended(argo, "Running", name="budget-r1-t2", uid="uid-2")
    watch = begin()
    rounds_of(watch, argo)
    assert cms.heard == []
    argo.workflows["budget-r1-t2"].phase = "Succeeded"
    rounds_of(watch, argo)
    assert [told["id"] for told in heard(cms)] == ["budget-r1-Succeeded"]


def test_a_second_runs_failure_is_told_with_its_own_reason(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    watch = begin()
    rounds_of(watch, argo)
    ended(argo, "Error", name="budget-r1-t2", uid="uid-2")
    rounds_of(watch, argo)
    first, second = heard(cms)
    assert (first["id"], second["id"]) == ("uid-1-Failed", "uid-2-Error")
    assert second["data"]["why"] == "workflow budget-r1-t2 ended as Error"


def test_a_run_that_ended_well_without_a_video_is_told_as_a_failure(argo, begin, desk, cms):
    story = save(desk)
    ended(argo, "Succeeded")
    DeliveryLog(desk.storage, desk.finals).note(Notification(run="uid-1", story=story, status="Succeeded", video=None))
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed" and "succeeded, but there is no video" in told["data"]["why"]


def test_a_story_that_never_became_a_workflow_is_told_by_the_name_it_would_have_had(argo, begin, desk, cms):
    save(desk)
    second = Notification(run="uid-2", story=save(desk, Revision("budget", 2)), status="Succeeded", video=None)
    publish(desk, Revision("budget", 2))
    DeliveryLog(desk.storage, desk.finals).note(second)
    watch = begin()
    rounds_of(watch, argo)
    assert heard(cms) == [], "its message may be on its way"
    argo.clock.now += PATIENCE
    rounds_of(watch, argo)
    [told] = heard(cms)
    assert (told["id"], told["data"]["run"]) == ("budget-r1-Failed", "budget-r1")
    assert told["data"]["why"] == "revision 2 is published already"


def test_two_watches_that_tell_at_once_tell_it_by_the_same_id(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    both = begin(), begin()
    run_round(both[0], argo.clock.now)
    looks = [(watch, watch.observe(argo.clock.now)) for watch in both]
    for watch, seen in looks:
        [(end, notice, _)] = watch.notifier.due(pending_notifications(seen.saved, {}), seen.addresses, argo.clock.now)
        assert watch.notifier.deliver(end, notice, argo.clock.now)
    first, second = heard(cms)
    assert first["id"] == second["id"] and [line for watch in both for line in watch.said if line[0] == "not-notified"] == []


def told_by_its_run(argo, desk, phase, cms):
    """The run tells its end as `report` does, and is killed before it has noted that."""
    notice = Notification(run="uid-1", story=str(desk.address(ONE)), status=phase, video=None)
    assert list(Notifier.from_environment().send(notice)) == []
    ended(argo, phase)


def test_a_video_that_its_run_has_told_is_told_by_the_same_id_once_the_run_is_collected(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    told_by_its_run(argo, desk, "Succeeded", cms)
    argo.workflows.clear()
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"])
    rounds_of(begin(), argo)
    assert [told["id"] for told in heard(cms)] == ["budget-r1-Succeeded"] * 2


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_a_failure_that_its_run_has_told_is_told_by_the_same_id_once_the_run_is_collected(argo, begin, desk, cms, phase):
    save(desk)
    told_by_its_run(argo, desk, phase, cms)
    dies = begin()
    dies.notifier = None
    rounds_of(dies, argo)
    argo.workflows.clear()
    rounds_of(begin(), argo)
    told = heard(cms)
    assert [one["id"] for one in told] == [f"uid-1-{phase}"] * 2
    assert [one["data"]["run"] for one in told] == ["uid-1"] * 2


def test_a_video_that_a_second_run_has_found_is_no_news(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    told_by_its_run(argo, desk, "Succeeded", cms)
    ended(argo, "Succeeded", name="budget-r1-again", uid="uid-2")
    rounds_of(begin(), argo)
    assert {told["id"] for told in heard(cms)} == {"budget-r1-Succeeded"}


def test_a_failure_of_a_time_when_nobody_was_told_is_no_news(argo, begin, desk, cms):
    save(desk)
    desk.fail(ONE, Failure(why="somebody tripped over a cable", time=argo.clock.now - MAX_AGE - timedelta(minutes=1)))
    rounds_of(begin(), argo)
    assert cms.heard == []
    assert DeliveryLog(desk.storage, desk.finals).ids() == {"budget/r1": {"budget-r1-Failed"}}


def test_a_video_whose_run_nobody_knows_any_more_is_told_while_it_is_news(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"])
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert (told["type"], told["id"]) == ("story.done", "budget-r1-Succeeded")


def test_a_video_of_a_time_when_nobody_was_told_is_no_news(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"]) + MAX_AGE + timedelta(minutes=1)
    rounds_of(begin(), argo)
    assert cms.heard == []
    assert DeliveryLog(desk.storage, desk.finals).ids() == {"budget/r1": {"budget-r1-Succeeded"}}
