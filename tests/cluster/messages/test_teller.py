"""Ends that their runs could not tell are told by the watch: over TLS to a real receiver, remembered in a Cloud Storage API."""

import json
from datetime import datetime, timedelta

import pytest
import standardwebhooks
from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.messages.__main__ import teller_of
from cluster.messages.desk import Failure, Revision
from cluster.messages.policy import PATIENCE, untold
from cluster.messages.rounds import Rounds, Watch
from cluster.messages.teller import LONGEST, MOST_A_ROUND, NEWS
from steps.address import Address
from steps.notices import Notice, Notices
from steps.receiver import keep_receiver
from steps.told import Told
from tests.chaos.argo import Argo, Workflow
from tests.chaos.faults import Clock, Faults
from tests.https_receiver import receiving

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
ONE = Revision("budget", 1)
OURS = {"app.kubernetes.io/part-of": "newsreel", "newsreel/story": "budget", "newsreel/revision": "1"}
MANIFEST = {
    "id": "budget",
    "revision": 1,
    "title": "The budget",
    "origin": {"story_digest": "a", "software_digest": "b", "release": "0.1.0"},
    "created": "2026-05-03T12:00:00Z",
    "files": [
        {"name": "landscape.mp4", "path": f"{'0' * 16}/landscape.mp4", "size": 1, "sha256": "c", "content_type": "video/mp4"}
    ],
}


@pytest.fixture
def argo():
    return Argo(Clock(), Faults(0, often=0), lambda workflow: "Succeeded")


@pytest.fixture
def cms(tmp_path, monkeypatch):
    with receiving(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        monkeypatch.setenv("NEWSREEL_WEBHOOK_SECRET", SECRET)
        monkeypatch.setenv("NEWSREEL_WEBHOOK", f"https://{server.host}/ends")
        yield server


@pytest.fixture
def begin(argo, desk, cms):
    """Another watch at the same cluster and storage; what it said is `said`."""
    server = argo.serve()
    host = f"http://127.0.0.1:{server.server_address[1]}"

    def new():
        said = []
        api = client.ApiClient(client.Configuration(host=host))
        rounds = Rounds(
            api, "newsreel", desk, lambda *line: said.append(line), Watch(CollectorRegistry()), teller=teller_of(desk)
        )
        if rounds.teller:
            rounds.teller.say = rounds.say
        rounds.said = said
        return rounds

    yield new
    server.shutdown()
    server.server_close()


def save(desk, revision=ONE):
    address = desk.address(revision)
    desk.storage.create(address, b"{}", "application/json")
    return str(address)


def publish(desk, revision=ONE):
    home = desk.finals.child(f"{revision.id}/r{revision.number}")
    desk.storage.create(home.child("manifest.json"), json.dumps(MANIFEST).encode(), "application/json")
    return f"{home}/{'0' * 16}/landscape.mp4"


def ended(argo, phase="Failed", name="budget-r1", uid="uid-1", **labels):
    return argo.create(Workflow(name, OURS | labels, {}, 0, phase=phase, uid=uid))


def heard(cms):
    """What the receiver's own library takes."""
    return [standardwebhooks.Webhook(SECRET).verify(body, headers) for _, headers, body in cms.heard]


def rounds_of(watch, argo, number=2):
    for _ in range(number):
        assert watch.round(argo.clock.now)
        argo.clock.now += timedelta(seconds=30)


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
    assert watch.watch.registry.get_sample_value("newsreel_missed_notices_told_total") == 1


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
    Told(desk.storage, desk.finals).note(Notice(run="uid-1", story=story, status=status, video=None))
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
    Told(desk.storage, desk.finals).note(Notice(run="uid-1", story=story, status="Succeeded", video=None))
    rounds_of(begin(), argo)
    [told] = heard(cms)
    assert told["id"] == "uid-1-Failed" and "ended well, and yet there is no video" in told["data"]["why"]


def test_a_story_that_never_became_a_workflow_is_told_by_the_name_it_would_have_had(argo, begin, desk, cms):
    save(desk)
    second = Notice(run="uid-2", story=save(desk, Revision("budget", 2)), status="Succeeded", video=None)
    publish(desk, Revision("budget", 2))
    Told(desk.storage, desk.finals).note(second)
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
    both[0].round(argo.clock.now)
    looks = [(watch, *watch.look(argo.clock.now)) for watch in both]
    for watch, seen, where in looks:
        [(end, notice, _)] = watch.teller.due(untold(seen, {}), where, argo.clock.now)
        assert watch.teller.deliver(end, notice, argo.clock.now)
    first, second = heard(cms)
    assert first["id"] == second["id"] and [line for watch in both for line in watch.said if line[0] == "untold"] == []


def told_by_its_run(argo, desk, phase, cms):
    """The run tells its end as `report` does, and is killed before it has noted that."""
    notice = Notice(run="uid-1", story=str(desk.address(ONE)), status=phase, video=None)
    assert list(Notices.from_environment().send(notice)) == []
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
    dies.teller = None
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


def test_who_sent_the_story_off_is_told_too(argo, begin, desk, cms, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEBHOOK")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host}/hooks")
    keep_receiver(desk.storage, Address.parse(save(desk)), f"https://{cms.host}/hooks/7")
    ended(argo, **{"newsreel/cancelled": "true"})
    rounds_of(begin(), argo)
    assert [path for path, *_ in cms.heard] == ["/hooks/7"]


def test_a_receiver_that_is_away_is_tried_later_each_time_and_the_watch_goes_on(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    cms.says = (503, b"")
    watch = begin()
    for _ in range(10):
        assert watch.round(argo.clock.now)
        argo.clock.now += timedelta(seconds=30)
    assert len(cms.heard) == 4, "30, 60 and 120 seconds after the first"
    assert watch.said[-1] == ("untold", "budget-r1", "notice to 127.0.0.1: it answers 503")
    cms.says = (204, b"")
    argo.clock.now += LONGEST
    rounds_of(watch, argo)
    assert len({told["id"] for told in heard(cms)}) == 1 and len(cms.heard) == 5
    assert watch.said[-1] == ("told", "budget-r1", "that it ended as Failed")


def test_one_receiver_that_is_away_keeps_no_other_from_being_told(argo, begin, desk, cms, monkeypatch):
    monkeypatch.delenv("NEWSREEL_WEBHOOK")
    monkeypatch.setenv("NEWSREEL_RECEIVERS", f"https://{cms.host},https://127.0.0.1:9")
    for identifier, webhook in (("a", "https://127.0.0.1:9/x"), ("b", f"https://{cms.host}/y")):
        keep_receiver(desk.storage, Address.parse(save(desk, Revision(identifier, 1))), webhook)
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
    assert [what for what, *_ in watch.said] == ["report", "untold", "told"]


def test_a_failure_of_a_time_when_nobody_was_told_is_no_news(argo, begin, desk, cms):
    save(desk)
    desk.fail(ONE, Failure(why="somebody tripped over a cable", time=argo.clock.now - NEWS - timedelta(minutes=1)))
    rounds_of(begin(), argo)
    assert cms.heard == []
    assert Told(desk.storage, desk.finals).ids() == {"budget/r1": {"budget-r1-Failed"}}


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
    argo.clock.now = datetime.fromisoformat(MANIFEST["created"]) + NEWS + timedelta(minutes=1)
    rounds_of(begin(), argo)
    assert cms.heard == []
    assert Told(desk.storage, desk.finals).ids() == {"budget/r1": {"budget-r1-Succeeded"}}


def test_what_somebody_has_put_in_a_failures_place_costs_a_line_and_keeps_no_other_from_being_told(argo, begin, desk, cms):
    save(desk)
    ended(argo)
    save(desk, Revision("a", 1))
    desk.storage.create(desk.finals.child("a/r1/failed.json"), b"[", "application/json")
    watch = begin()
    rounds_of(watch, argo)
    assert [told["id"] for told in heard(cms)] == ["uid-1-Failed"]
    assert "somebody has put it there by hand" in next(why for what, name, why in watch.said if what == "untold")


def test_a_round_tells_no_more_than_it_has_time_for(argo, begin, desk, cms):
    for number in range(1, MOST_A_ROUND + 3):
        save(desk, Revision("budget", number))
        desk.fail(Revision("budget", number), Failure(why="no", time=argo.clock.now))
    watch = begin()
    rounds_of(watch, argo, 1)
    assert len(cms.heard) == MOST_A_ROUND
    rounds_of(watch, argo, 1)
    assert len(cms.heard) == MOST_A_ROUND + 2


def test_a_dry_run_says_it_and_tells_nobody(argo, begin, desk, cms):
    save(desk)
    desk.fail(ONE, Failure(why="no", time=argo.clock.now))
    watch = begin()
    assert watch.round(argo.clock.now, dry_run=True)
    assert watch.said == [("tell", "budget-r1", "nobody has told that it ended as Failed")]
    argo.clock.now += NEWS + timedelta(minutes=1)
    assert watch.round(argo.clock.now, dry_run=True)
    assert len(watch.said) == 1, "what is no news is not told of"
    assert cms.heard == [] and Told(desk.storage, desk.finals).ids() == {}


def test_where_nobody_is_to_be_told_nothing_is_looked_for(desk, monkeypatch):
    for name in ("NEWSREEL_DONE_TOPIC", "NEWSREEL_WEBHOOK", "NEWSREEL_RECEIVERS"):
        monkeypatch.delenv(name, raising=False)
    assert teller_of(desk) is None
