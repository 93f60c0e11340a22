"""The manager hears of a message from Google's own emulator, while it waits for its next look an hour from now."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

import pytest
import requests

from cluster.controllers.manager import __main__ as program
from cluster.controllers.manager.announced import Announcements
from cluster.controllers.manager.bell import Bell
from cluster.controllers.manager.demand import demand_of
from cluster.controllers.manager.observe import look
from cluster.controllers.manager.world import Rules
from newsreel.config.file import DEFAULT, changed
from newsreel.submission.message import Message
from newsreel.submission.topics import HEARD, STORIES, SUBSCRIPTIONS, ensure, request_of, topic_path
from tests.cluster.controllers.manager.managed import PARAMETERS, managed, said
from tests.cluster.pubsub_emulator import pull

MESSAGE = Message(story="gs://newsreel-stories/budget/r1.json", id="budget", revision=1)
HOURLY = {"round_seconds": 3600, "away_minutes": 120}


@pytest.fixture
def subscription(clients, request):
    """The test's own: what one that has just ended was sent comes again a minute later."""
    one = replace(next(one for one in SUBSCRIPTIONS if one.name == HEARD), name=f"t{abs(hash(request.node.nodeid)):x}")
    clients[1].create_subscription(request=request_of("p", one))
    return f"projects/p/subscriptions/{one.name}"


@pytest.fixture
def bell():
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    yield Bell(quiet=3600, settles=0)
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture
def setup(url):
    """Its clock is the machine's, as the emulator's is."""
    with managed(url, now=datetime.now(UTC)) as made:
        made.services = replace(made.services, parameters=changed(made.parameters, policy=HOURLY))
        yield made


def terminated_when(seen, first=lambda: None):
    """A thread that does something, waits until something is seen, and ends this program as Kubernetes does."""

    def watch():
        first()
        for _ in range(1200):
            if seen():
                break
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_nodes_are_asked_for_with_the_first_message_before_there_is_a_workflow(setup, clients, subscription, bell):
    publisher, subscriber = clients
    heard = Announcements(subscriber, subscription, bell.ring)
    setup.services = replace(setup.services, listener=heard)
    pool = setup.world.pools["l4-spot-a"]
    ended = terminated_when(lambda: pool.size, first=lambda: publisher.publish(MESSAGE))
    assert program.run(setup.manager(), bell, heard, once=False, health_port=None) == 0
    ended.join()
    assert pool.size == 1 and "1 announced: 1 node wanted, 0 there; l4-spot-a to 1" in said(setup)
    assert setup.manager("the next").round() == "held"


def test_the_cluster_is_made_with_the_first_message_by_the_program_as_it_is_run(url, clients, bell, monkeypatch, tmp_path):
    publisher, subscriber = clients
    project, bucket = PARAMETERS.cluster.project, PARAMETERS.cluster.memory.split("/")[2]
    ensure(project, publisher.client, subscriber)
    requests.post(f"{url}/storage/v1/b?project=p", json={"name": bucket}, timeout=5)
    pool = tmp_path / "newsreel.yaml"
    pool.write_text(
        DEFAULT.read_text().replace("mode: pool ", "mode: cluster ").replace("round_seconds: 30", "round_seconds: 600")
    )
    pool.write_text(pool.read_text().replace("away_minutes: 5", "away_minutes: 20"))
    monkeypatch.setattr("sys.argv", ["cluster.controllers.manager", "--config", str(pool)])
    with managed(url, "cluster", state="absent", now=datetime.now(UTC)) as setup:
        monkeypatch.setattr(program, "connect", lambda: setup.services.google)
        story = replace(publisher, topic=topic_path(project, STORIES))
        ended = terminated_when(lambda: setup.world.created, first=lambda: story.publish(MESSAGE))
        assert program.main() == 0
        ended.join()
        assert setup.world.created == 1


def test_a_dry_run_and_one_that_waits_for_another_leave_the_message_to_the_one_who_may_act(
    setup, clients, subscription, bell, monkeypatch
):
    publisher, subscriber = clients
    assert setup.manager("first").round() == "held"
    publisher.publish(MESSAGE)
    heard = Announcements(subscriber, subscription, bell.ring)
    ended = terminated_when(lambda: any("is the manager until" in why for why in said(setup)))
    assert program.run(setup.manager("second"), bell, heard, once=False, health_port=None) == 0
    ended.join()
    calls = setup.world.calls
    monkeypatch.setattr("sys.argv", ["cluster.controllers.manager", "--dry-run"])
    monkeypatch.setattr(program, "connect", lambda: setup.services.google)
    monkeypatch.setattr(program, "announcements", lambda *_: pytest.fail("it listens"))
    ended = terminated_when(lambda: setup.world.calls > calls)
    assert program.main() == 0
    ended.join()
    assert [message.data for message in pull(subscriber, subscription.rpartition("/")[2])] == [MESSAGE.content()]


def test_a_subscription_that_is_not_there_is_told_and_costs_the_haste_alone(setup, clients, bell):
    _, subscriber = clients
    heard = Announcements(subscriber, "projects/p/subscriptions/none", bell.ring)
    assert heard.quiet_since() is None
    heard.listen()
    with pytest.raises(Exception, match="not"):
        heard.stream.result(timeout=60)
    seen = look(replace(setup.services, listener=heard), setup.world.clock())
    assert "projects/p/subscriptions/none: NotFound" in seen.failed["announced"]
    assert demand_of(seen.seen, Rules.of(setup.parameters)).none
    assert heard.quiet_since() is None
    before = heard.stream
    heard.listen()
    assert heard.stream is not before
    heard.close()


def test_it_has_been_quiet_since_it_listens_or_since_the_newest_message(clients, subscription, bell):
    publisher, subscriber = clients
    heard = Announcements(subscriber, subscription, bell.ring)
    heard.listen()
    assert heard.quiet_since() == heard.begun
    publisher.publish(MESSAGE)
    assert bell.ended_after(60) is False
    assert heard.quiet_since() == heard.came[-1] and heard.since(heard.begun) == 1
    heard.close()
    assert heard.quiet_since() is None


def test_of_many_messages_the_first_ends_one_wait_and_the_others_none(bell):
    for _ in range(5):
        bell.ring()
    assert bell.ended_after(3600) is False
    assert bell.heard.empty()


def test_a_signal_ends_the_wait_after_the_round_in_which_it_came_rung_or_not(bell):
    bell.end_on_signals()
    os.kill(os.getpid(), signal.SIGTERM)
    assert bell.ended_after(3600)
    patient = Bell(quiet=3600, settles=3600)
    patient.end_on_signals()
    patient.ring()
    os.kill(os.getpid(), signal.SIGINT)
    assert patient.ended_after(3600)
