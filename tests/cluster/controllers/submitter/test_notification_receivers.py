"""Receivers of notifications: one that is unavailable or refuses blocks nothing else."""

from datetime import timedelta

from cluster.controllers.submitter.__main__ import notifier_of
from cluster.controllers.submitter.notifier import MAX_AGE, MAX_DELAY, MAX_PER_ROUND
from newsreel.notifications.delivery_log import DeliveryLog
from newsreel.notifications.webhook_target import save_webhook_target
from newsreel.storage.address import Address
from newsreel.submission.revision_store import Failure, Revision
from tests.chaos.argo import Workflow
from tests.cluster.controllers.rounds import run_round
from tests.cluster.controllers.submitter.scenes import ONE, OURS, ended, heard, rounds_of, save


def test_the_storys_own_webhook_is_notified(argo, begin, desk, cms, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEBHOOK")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host}/hooks")
    save_webhook_target(desk.storage, Address.parse(save(desk)), f"https://{cms.host}/hooks/7")
    ended(argo, **{"newsreel/cancelled": "true"})
    rounds_of(begin(), argo)
    assert [path for path, *_ in cms.heard] == ["/hooks/7"]


def test_an_unavailable_receiver_is_retried_with_backoff(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    cms.says = (503, b"")
    submitter = begin()
    for _ in range(10):
        assert run_round(submitter, argo.clock.now)
        argo.clock.now += timedelta(seconds=30)
    assert len(cms.heard) == 4, "30, 60 and 120 seconds after the first"
    assert submitter.said[-1] == ("not-notified", "budget-r1", "notification to 127.0.0.1: it answers 503")
    cms.says = (204, b"")
    argo.clock.now += MAX_DELAY
    rounds_of(submitter, argo)
    assert len({told["id"] for told in heard(cms)}) == 1 and len(cms.heard) == 5
    assert submitter.said[-1] == ("notified", "budget-r1", "that it ended as Failed")


def test_an_unavailable_receiver_does_not_block_others(argo, begin, desk, cms, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEBHOOK")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host},https://127.0.0.1:9")
    for identifier, webhook in (("a", "https://127.0.0.1:9/x"), ("b", f"https://{cms.host}/y")):
        save_webhook_target(desk.storage, Address.parse(save(desk, Revision(identifier, 1))), webhook)
        labels = OURS | {"newsreel/story": identifier}
        argo.create(Workflow(f"{identifier}-r1", labels, {}, 0, phase="Failed"))
    rounds_of(begin(), argo, 3)
    assert [path for path, *_ in cms.heard] == ["/y"]


def test_a_permanent_refusal_is_logged_once(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    cms.says = (410, b"")
    submitter = begin()
    rounds_of(submitter, argo, 4)
    assert len(cms.heard) == 1
    assert [what for what, *_ in submitter.said] == ["report", "not-notified", "notified"]


def test_an_invalid_failure_record_blocks_no_other_notification(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    save(desk, Revision("a", 1))
    desk.storage.create(desk.finals.child("a/r1/failed.json"), b"[", "application/json")
    submitter = begin()
    rounds_of(submitter, argo)
    assert [told["id"] for told in heard(cms)] == ["uid-1-Failed"]
    assert "somebody has put it there by hand" in next(why for what, name, why in submitter.said if what == "not-notified")


def test_a_round_sends_a_limited_number(argo, begin, desk, cms):
    for number in range(1, MAX_PER_ROUND + 3):
        save(desk, Revision("budget", number))
        desk.fail(Revision("budget", number), Failure(why="no", time=argo.clock.now))
    submitter = begin()
    rounds_of(submitter, argo, 1)
    assert len(cms.heard) == MAX_PER_ROUND
    rounds_of(submitter, argo, 1)
    assert len(cms.heard) == MAX_PER_ROUND + 2


def test_a_dry_run_sends_nothing(argo, begin, desk, cms):
    save(desk)
    desk.fail(ONE, Failure(why="no", time=argo.clock.now))
    submitter = begin()
    submitter.dry_run = True
    assert run_round(submitter, argo.clock.now)
    assert submitter.said == [("notify", "budget-r1", "its run has not sent that it ended as Failed")]
    argo.clock.now += MAX_AGE + timedelta(minutes=1)
    assert run_round(submitter, argo.clock.now)
    assert len(submitter.said) == 1, "what is no news is not told of"
    assert cms.heard == [] and DeliveryLog(desk.storage, desk.finals).delivered_ids() == {}


def test_without_a_receiver_nothing_is_sent(begin, monkeypatch):
    for name in ("NEWSREEL_DONE_TOPIC", "NEWSREEL_WEBHOOK", "NEWSREEL_RECEIVERS"):
        monkeypatch.delenv(name, raising=False)
    assert notifier_of(begin()) is None
