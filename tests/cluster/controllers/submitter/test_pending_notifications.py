"""Notifications that runs could not send: each is sent once, with one id, while it is recent."""

from datetime import datetime, timedelta

import pytest

from cluster.controllers.submitter.notifier import MAX_AGE
from cluster.controllers.submitter.policy import PATIENCE, pending_notifications
from newsreel.notifications.delivery_log import DeliveryLog
from newsreel.notifications.notifier import Notification, Notifier
from newsreel.submission.revision_store import Failure, Revision
from tests.cluster.controllers.rounds import run_round
from tests.cluster.controllers.submitter.scenes import MANIFEST, ONE, ended, heard, publish, rounds_of, save


def test_a_cancelled_run_is_notified_once(argo, begin, desk, cms):
    story = save(desk)
    ended(argo, **{"newsreel/cancelled": "true"})
    for submitter in (begin(), begin(), begin()):
        rounds_of(submitter, argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed" and told["type"] == "story.failed"
    why = "workflow budget-r1 was cancelled"
    assert told["data"] == {"run": "uid-1", "story": story, "status": "Failed", "video": None, "why": why}


def test_a_failure_has_the_failure_sentence(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    submitter = begin()
    rounds_of(submitter, argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed"
    assert told["data"]["why"] == "workflow budget-r1 ended as Failed: Error (exit code 5)"
    assert submitter.metrics.registry.get_sample_value("newsreel_missed_notices_told_total") == 1


def test_a_video_of_a_failed_workflow_is_notified_as_done(argo, begin, desk, cms):
    save(desk)
    video = publish(desk)
    ended(argo, "Error")
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert (told["type"], told["id"], told["data"]["video"]) == ("story.done", "budget-r1-Succeeded", video)


@pytest.mark.parametrize(("phase", "status"), [("Succeeded", "Succeeded"), ("Failed", "Failed")])
def test_a_sent_notification_is_not_repeated(argo, begin, desk, cms, phase, status):
    story = save(desk)
    if phase == "Succeeded":
        publish(desk)
    ended(argo, phase)
    DeliveryLog(desk.storage, desk.finals).record(Notification(run="uid-1", story=story, status=status, video=None))
    rounds_of(begin(), argo)
    assert cms.heard == []


def test_nothing_is_sent_before_the_last_run_has_completed(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    ended(argo)
    ended(argo, "Running", name="budget-r1-t2", uid="uid-2")
    submitter = begin()
    rounds_of(submitter, argo)
    assert cms.heard == []
    argo.workflows["budget-r1-t2"].phase = "Succeeded"
    rounds_of(submitter, argo)
    assert [told["id"] for told in heard(cms)] == ["budget-r1-Succeeded"]


def test_a_second_failure_has_its_own_reason(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    submitter = begin()
    rounds_of(submitter, argo)
    ended(argo, "Error", name="budget-r1-t2", uid="uid-2")
    rounds_of(submitter, argo)
    first, second = heard(cms)
    assert (first["id"], second["id"]) == ("uid-1-Failed", "uid-2-Error")
    assert second["data"]["why"] == "workflow budget-r1-t2 ended as Error"


def test_a_succeeded_run_without_a_video_is_a_failure(argo, begin, desk, cms):
    story = save(desk)
    ended(argo, "Succeeded")
    DeliveryLog(desk.storage, desk.finals).record(Notification(run="uid-1", story=story, status="Succeeded", video=None))
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed" and "succeeded, but there is no video" in told["data"]["why"]


def test_a_story_without_a_workflow_is_notified_by_its_name(argo, begin, desk, cms):
    save(desk)
    second = Notification(run="uid-2", story=save(desk, Revision("budget", 2)), status="Succeeded", video=None)
    publish(desk, Revision("budget", 2))
    DeliveryLog(desk.storage, desk.finals).record(second)
    submitter = begin()
    rounds_of(submitter, argo)
    assert heard(cms) == [], "its message may be on its way"
    argo.clock.now += PATIENCE
    rounds_of(submitter, argo)
    [told] = heard(cms)
    assert (told["id"], told["data"]["run"]) == ("budget-r1-Failed", "budget-r1")
    assert told["data"]["why"] == "revision 2 is published already"


def test_two_submitters_send_the_same_id(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    both = begin(), begin()
    run_round(both[0], argo.clock.now)
    looks = [(submitter, submitter.observe(argo.clock.now)) for submitter in both]
    for submitter, seen in looks:
        [(end, notice, _)] = submitter.notifier.due(pending_notifications(seen.saved, {}), seen.addresses, argo.clock.now)
        assert submitter.notifier.deliver(end, notice, argo.clock.now)
    first, second = heard(cms)
    assert first["id"] == second["id"] and not any(line[0] == "not-notified" for submitter in both for line in submitter.said)


def told_by_its_run(argo, desk, phase, cms):
    """The run tells its end as `report` does, and is killed before it has noted that."""
    notice = Notification(run="uid-1", story=str(desk.address(ONE)), status=phase, video=None)
    assert list(Notifier.from_environment().send(notice)) == []
    ended(argo, phase)


def test_a_video_keeps_its_id_after_the_run_is_deleted(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    told_by_its_run(argo, desk, "Succeeded", cms)
    argo.workflows.clear()
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"])
    rounds_of(begin(), argo)
    assert [told["id"] for told in heard(cms)] == ["budget-r1-Succeeded"] * 2


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_a_failure_keeps_its_id_after_the_run_is_deleted(argo, begin, desk, cms, phase):
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


def test_a_video_found_by_a_second_run_keeps_its_id(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    told_by_its_run(argo, desk, "Succeeded", cms)
    ended(argo, "Succeeded", name="budget-r1-again", uid="uid-2")
    rounds_of(begin(), argo)
    assert {told["id"] for told in heard(cms)} == {"budget-r1-Succeeded"}


def test_an_old_failure_is_not_sent(argo, begin, desk, cms):
    save(desk)
    desk.fail(ONE, Failure(why="somebody tripped over a cable", time=argo.clock.now - MAX_AGE - timedelta(minutes=1)))
    rounds_of(begin(), argo)
    assert cms.heard == []
    assert DeliveryLog(desk.storage, desk.finals).delivered_ids() == {"budget/r1": {"budget-r1-Failed"}}


def test_a_recent_video_without_a_run_is_sent(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"])
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert (told["type"], told["id"]) == ("story.done", "budget-r1-Succeeded")


def test_an_old_video_is_not_sent(argo, begin, desk, cms):
    save(desk)
    publish(desk)
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"]) + MAX_AGE + timedelta(minutes=1)
    rounds_of(begin(), argo)
    assert cms.heard == []
    assert DeliveryLog(desk.storage, desk.finals).delivered_ids() == {"budget/r1": {"budget-r1-Succeeded"}}
