"""A message in Google's emulator starts a round of a manager whose interval is an hour."""

import os
import signal
import time
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

import pytest
import requests

from cluster.controllers.loop import RoundResult, Wakeup
from cluster.controllers.manager import __main__ as program
from cluster.controllers.manager.observe import look
from cluster.controllers.manager.policy import demand_of
from cluster.controllers.manager.pubsub_listener import PubSubListener
from cluster.controllers.manager.types import Rules
from newsreel.config.file import DEFAULT, changed
from newsreel.submission.message import Message
from newsreel.submission.topics import HEARD, STORIES, SUBSCRIPTIONS, ensure, request_of, topic_path
from tests.cluster.controllers.manager.managed import PARAMETERS, managed, round_of, said
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
def wakeup():
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    yield Wakeup(quiet=3600, debounce=0)
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


def test_the_first_message_requests_nodes_before_a_workflow(setup, clients, subscription, wakeup):
    publisher, subscriber = clients
    listener = PubSubListener(subscriber, subscription, wakeup.wake)
    setup.services = replace(setup.services, listener=listener)
    pool = setup.world.pools["l4-spot-a"]
    ended = terminated_when(lambda: pool.size, first=lambda: publisher.publish(MESSAGE))
    assert program.control_loop(setup.manager(listener=listener)).run(wakeup, once=False, health_port=None) == 0
    ended.join()
    assert pool.size == 1 and "1 announced: 1 node wanted, 0 ready; l4-spot-a to 1" in said(setup)
    assert round_of(setup.manager("the next")) is RoundResult.DONE


def test_the_program_creates_the_cluster_for_the_first_message(url, clients, wakeup, monkeypatch, tmp_path):
    publisher, subscriber = clients
    project, bucket = PARAMETERS.cluster.project, PARAMETERS.cluster.manager_state.split("/")[2]
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


def test_only_the_holder_of_the_lease_takes_messages(setup, clients, subscription, wakeup, monkeypatch):
    publisher, subscriber = clients
    assert round_of(setup.manager("first")) is RoundResult.DONE
    publisher.publish(MESSAGE)
    listener = PubSubListener(subscriber, subscription, wakeup.wake)
    ended = terminated_when(lambda: any("holds the lease until" in why for why in said(setup)))
    assert program.control_loop(setup.manager("second", listener=listener)).run(wakeup, once=False, health_port=None) == 0
    ended.join()
    calls = setup.world.calls
    monkeypatch.setattr("sys.argv", ["cluster.controllers.manager", "--dry-run"])
    monkeypatch.setattr(program, "connect", lambda: setup.services.google)
    monkeypatch.setattr(program, "listen", lambda *_: pytest.fail("it listens"))
    ended = terminated_when(lambda: setup.world.calls > calls)
    assert program.main() == 0
    ended.join()
    assert [message.data for message in pull(subscriber, subscription.rpartition("/")[2])] == [MESSAGE.content()]


def test_a_missing_subscription_is_logged_and_not_fatal(setup, clients, wakeup):
    _, subscriber = clients
    listener = PubSubListener(subscriber, "projects/p/subscriptions/none", wakeup.wake)
    assert listener.quiet_since() is None
    listener.start()
    with pytest.raises(Exception, match="not"):
        listener.stream.result(timeout=60)
    seen = look(replace(setup.services, listener=listener), setup.world.clock())
    assert "projects/p/subscriptions/none: NotFound" in seen.failed["announced"]
    assert demand_of(seen.seen, Rules.of(setup.parameters)).none
    assert listener.quiet_since() is None
    before = listener.stream
    listener.start()
    assert listener.stream is not before
    listener.stop()


def test_quiet_since_the_start_or_the_newest_message(clients, subscription, wakeup):
    publisher, subscriber = clients
    listener = PubSubListener(subscriber, subscription, wakeup.wake)
    listener.start()
    assert listener.quiet_since() == listener.started
    publisher.publish(MESSAGE)
    assert wakeup.wait(60) is False
    assert listener.quiet_since() == listener.published[-1] and listener.count_since(listener.started) == 1
    listener.stop()
    assert listener.quiet_since() is None


def test_many_messages_end_one_wait_only(wakeup):
    for _ in range(5):
        wakeup.wake()
    assert wakeup.wait(3600) is False
    assert wakeup.queue.empty()


def test_a_stop_signal_ends_the_next_wait(wakeup):
    wakeup.stop_on_signals()
    os.kill(os.getpid(), signal.SIGTERM)
    assert wakeup.wait(3600)
    patient = Wakeup(quiet=3600, debounce=3600)
    patient.stop_on_signals()
    patient.wake()
    os.kill(os.getpid(), signal.SIGINT)
    assert patient.wait(3600)
