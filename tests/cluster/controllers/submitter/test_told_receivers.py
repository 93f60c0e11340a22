"""Whom the watch tells: who is away or refuses keeps neither the watch nor anybody else from going on."""

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


def test_who_sent_the_story_off_is_told_too(argo, begin, desk, cms, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEBHOOK")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host}/hooks")
    save_webhook_target(desk.storage, Address.parse(save(desk)), f"https://{cms.host}/hooks/7")
    ended(argo, **{"newsreel/cancelled": "true"})
    rounds_of(begin(), argo)
    assert [path for path, *_ in cms.heard] == ["/hooks/7"]


def test_a_receiver_that_is_away_is_tried_later_each_time_and_the_watch_goes_on(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    cms.says = (503, b"")
    watch = begin()
    for _ in range(10):
        assert run_round(watch, argo.clock.now)
        argo.clock.now += timedelta(seconds=30)
    assert len(cms.heard) == 4, "30, 60 and 120 seconds after the first"
    assert watch.said[-1] == ("not-notified", "budget-r1", "notice to 127.0.0.1: it answers 503")
    cms.says = (204, b"")
    argo.clock.now += MAX_DELAY
    rounds_of(watch, argo)
    assert len({told["id"] for told in heard(cms)}) == 1 and len(cms.heard) == 5
    assert watch.said[-1] == ("notified", "budget-r1", "that it ended as Failed")


def test_one_receiver_that_is_away_keeps_no_other_from_being_told(argo, begin, desk, cms, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEBHOOK")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host},https://127.0.0.1:9")
    for identifier, webhook in (("a", "https://127.0.0.1:9/x"), ("b", f"https://{cms.host}/y")):
        save_webhook_target(desk.storage, Address.parse(save(desk, Revision(identifier, 1))), webhook)
        labels = OURS | {"newsreel/story": identifier}
        argo.create(Workflow(f"{identifier}-r1", labels, {}, 0, phase="Failed"))
    rounds_of(begin(), argo, 3)
    assert [path for path, *_ in cms.heard] == ["/y"]


def test_a_receiver_that_refuses_for_good_is_told_of_once(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    cms.says = (410, b"")
    watch = begin()
    rounds_of(watch, argo, 4)
    assert len(cms.heard) == 1
    assert [what for what, *_ in watch.said] == ["report", "not-notified", "notified"]


def test_what_somebody_has_put_in_a_failures_place_costs_a_line_and_keeps_no_other_from_being_told(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    save(desk, Revision("a", 1))
    desk.storage.create(desk.finals.child("a/r1/failed.json"), b"[", "application/json")
    watch = begin()
    rounds_of(watch, argo)
    assert [told["id"] for told in heard(cms)] == ["uid-1-Failed"]
    assert "somebody has put it there by hand" in next(why for what, name, why in watch.said if what == "not-notified")


def test_a_round_tells_no_more_than_it_has_time_for(argo, begin, desk, cms):
    for number in range(1, MAX_PER_ROUND + 3):
        save(desk, Revision("budget", number))
        desk.fail(Revision("budget", number), Failure(why="no", time=argo.clock.now))
    watch = begin()
    rounds_of(watch, argo, 1)
    assert len(cms.heard) == MAX_PER_ROUND
    rounds_of(watch, argo, 1)
    assert len(cms.heard) == MAX_PER_ROUND + 2


def test_a_dry_run_says_it_and_tells_nobody(argo, begin, desk, cms):
    save(desk)
    desk.fail(ONE, Failure(why="no", time=argo.clock.now))
    watch = begin()
    watch.dry_run = True
    assert run_round(watch, argo.clock.now)
    assert watch.said == [("notify", "budget-r1", "its run has not sent that it ended as Failed")]
    argo.clock.now += MAX_AGE + timedelta(minutes=1)
    assert run_round(watch, argo.clock.now)
    assert len(watch.said) == 1, "what is no news is not told of"
    assert cms.heard == [] and DeliveryLog(desk.storage, desk.finals).ids() == {}


def test_without_a_receiver_nothing_is_sent(begin, monkeypatch):
    for name in ("NEWSREEL_DONE_TOPIC", "NEWSREEL_WEBHOOK", "NEWSREEL_RECEIVERS"):
        monkeypatch.delenv(name, raising=False)
    assert notifier_of(begin()) is None
