"""The campaign: stories are saved while everything fails now and then; in the end each is counted."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.controllers.http_server import HttpServer
from cluster.controllers.loop import JsonLog
from cluster.controllers.submitter.controller import FAULTS, Metrics, SubmitterController
from cluster.controllers.submitter.dead_letter_server import MAX_BODY_BYTES, DeadLetters
from cluster.controllers.submitter.notifier import PendingNotifier
from cluster.manifests.message_trigger import message_trigger
from newsreel.config.model import Events
from newsreel.config.settings import Settings
from newsreel.errors import NewsreelError
from newsreel.notifications.notifier import Notifier
from newsreel.storage.address import Address
from newsreel.submission.message import Message
from newsreel.submission.publisher import Publisher
from newsreel.submission.revision_store import Revision, RevisionStore
from tests.chaos.argo import Argo
from tests.chaos.counts import Counts
from tests.chaos.ends import Receiver, Reports, mistold, notices_to, told_anew, untold
from tests.chaos.faults import Clock, Faults, Killed
from tests.chaos.parts import jetstream, storage_with
from tests.chaos.pubsub import Delivery, Topic
from tests.chaos.studio import Studio, contradicted
from tests.chaos.trigger import EventSource, Sensor, connected, make_stream, stream_config
from tests.servers import cloud_storage

STORIES, FINALS = "gs://newsreel-stories", "gs://newsreel-finals"
SECONDS_A_TICK = 20
ROOM_ON_THE_BUS = 40
MOST_TICKS = 4000
KILLED_IN_THE_ACT = "submitter killed in the act"
NOT_OURS = (b"", b"null", b"[]", b"\xff\xfe", b'{"story":"gs://elsewhere/a","id":"a","revision":1}', b"{{workflow.name}}")


@dataclass
class Newsroom:
    """Saves a story, keeps its message, publishes it; may be killed between any two of them."""

    desk: RevisionStore
    publisher: Publisher
    faults: Faults
    saved: set[Revision] = field(default_factory=set)

    def send_off(self, revision: Revision) -> None:
        priority = "breaking" if self.faults.dice("breaking", revision.id).random() < 0.1 else "normal"
        address = self.desk.stories.child(f"{revision.id}/r{revision.number}.json")
        message = Message(story=str(address), id=revision.id, revision=revision.number, priority=priority)
        try:
            self.faults.kill("newsroom", 0.02, revision.id)
            self.desk.storage.create(address, json.dumps({"id": revision.id}).encode(), "application/json")
            self.saved.add(revision)
            self.faults.kill("newsroom", 0.03, revision.id)
            self.desk.save_order(message)
            self.faults.kill("newsroom", 0.03, revision.id)
            self.publisher.publish(message)
            if self.faults.happens("editor pressed again", 0.05, revision.id):
                self.publisher.publish(message)
        except (Killed, NewsreelError):
            # What an editor would see as "saved, on its way", or as "not saved".
            return


@dataclass
class Submitters:
    """Two at once, looking and acting in turns; each may be killed anywhere, and another begins without its memory."""

    url: str
    desk: RevisionStore
    faults: Faults
    clock: Clock
    notices: Notifier
    both: list[SubmitterController] = field(default_factory=list)

    def begin(self) -> SubmitterController:
        configuration = client.Configuration(host=self.url)
        configuration.retries = False
        api = client.ApiClient(configuration)
        log, metrics = JsonLog(write=self.log), Metrics(CollectorRegistry())
        controller = SubmitterController(api=api, namespace="newsreel", store=self.desk, log=log, metrics=metrics)
        controller.notifier = PendingNotifier(self.desk, self.notices, controller.log_action)
        return controller

    def log(self, line: dict[str, Any]) -> None:
        """Killed after an action, before it is logged."""
        if line["action"] in ("submit", "report", "notified") and self.faults.happens(KILLED_IN_THE_ACT, 0.1, line["workflow"]):
            raise Killed(line["action"])

    def round(self) -> None:
        self.both += [self.begin() for _ in range(2 - len(self.both))]
        steps = [(rounds, self.steps(rounds)) for rounds in self.both]
        while steps:
            rounds, following = self.faults.dice("turn").choice(steps)
            try:
                self.faults.kill("submitter", 0.06)
                next(following)
            except StopIteration:
                steps.remove((rounds, following))
            except Killed:
                steps.remove((rounds, following))
                self.both.remove(rounds)

    def steps(self, rounds: SubmitterController) -> Iterator[None]:
        """As `SubmitterController.act`, in steps."""
        now = self.clock.now
        try:
            seen = rounds.observe(now)
        except FAULTS:
            return
        yield
        for action in rounds.decide(seen, now):
            with suppress(*FAULTS):
                rounds.perform(action, seen, now)
            yield
        rounds.notify(seen, now)


def emitted() -> tuple[dict[str, Any], dict[str, Any]]:
    """EventBus and Sensor as `newsreel emit` writes them."""
    documents = [one for file in message_trigger(Settings(), Events()).values() for one in file]
    return tuple(next(one for one in documents if one["kind"] == kind) for kind in ("EventBus", "Sensor"))  # type: ignore[return-value]


async def campaign(stories: int, seed: int, folder: Path, often: float = 1.0, takes_a_name_twice: bool = False) -> Counts:
    """Run it to its end: every saved story has its outcome, and no message is under way.

    `often` times the faults' rates (a small campaign needs more of them); `takes_a_name_twice` breaks the Argo server's promise.
    """
    with (
        cloud_storage("newsreel-stories", "newsreel-finals") as storage_url,
        jetstream(folder) as bus_url,
        patch.dict(os.environ, {"STORAGE_EMULATOR_HOST": storage_url}),
    ):
        connection = await connected(bus_url)
        try:
            return await run(stories, Faults(seed, often), connection, takes_a_name_twice)
        finally:
            await connection.close()


async def run(stories: int, faults: Faults, connection: Any, takes_a_name_twice: bool) -> Counts:
    clock, bus = Clock(), connection.jetstream()
    desk = RevisionStore(storage_with(faults, [STORIES, FINALS]), Address.parse(STORIES), Address.parse(FINALS))
    topic, grave = Topic(clock, faults), Topic(clock, Faults(faults.seed, faults.often / 2))
    dead_letters = DeadLetters(Publisher(grave, "projects/p/topics/stories-dead", 1))  # type: ignore[arg-type]
    dead_letter_server = HttpServer(dead_letters.routes(), 0, max_body_bytes=MAX_BODY_BYTES)
    receiver = Receiver(faults)
    notices = notices_to(receiver)
    studio = Studio(desk, faults, Reports(desk, faults, notices))
    argo = Argo(clock, faults, studio.work, takes_a_name_twice, deleted=0.001)
    api = argo.serve()
    here = [f"http://127.0.0.1:{port}" for port in (api.server_address[1], dead_letter_server.port)]
    newsroom = Newsroom(desk, Publisher(topic, "projects/p/topics/stories", 1), faults)  # type: ignore[arg-type]
    submitters = Submitters(here[0], desk, faults, clock, notices)
    eventbus, document = emitted()
    await make_stream(bus, stream_config(eventbus), min(ROOM_ON_THE_BUS, max(8, stories // 5)))
    sensor = Sensor(document, bus, clock, faults, dict(zip((Events().argo_server, "http://letters:8080"), here, strict=True)))
    await sensor.listen()
    source = EventSource(topic, bus, faults)

    to_write = [Revision(f"story-{number}", 1) for number in range(stories)]
    counts = Counts(stories=stories)
    while counts.ticks < MOST_TICKS:
        counts.ticks += 1
        clock.pass_by(SECONDS_A_TICK if to_write else until_something_happens(clock, topic, argo))
        for _ in range(min(len(to_write), faults.dice("burst").choice([0, 5, 20, 120]))):
            revision = to_write.pop()
            newsroom.send_off(revision)
            if faults.happens("message not ours", 0.05, revision.id):
                topic.waiting.append(strange(counts.not_ours, topic, faults))
                counts.not_ours += 1
        await source.round(200)
        await sensor.round(200)
        argo.pass_by()
        if counts.ticks % 6 == 0:
            submitters.round()
        if not to_write and counts.ticks % 12 == 0 and not topic.waiting and over(newsroom, desk, argo, receiver):
            break
    dead_letter_server.close()
    api.shutdown()
    api.server_close()
    return counted(counts, newsroom, studio, desk, topic, grave, argo, receiver, faults)


def until_something_happens(clock: Clock, topic: Topic, argo: Argo) -> float:
    """Seconds: where only a message that comes again much later is left, nobody waits for it."""
    if not all(workflow.over for workflow in argo.workflows.values()) or not topic.waiting:
        return SECONDS_A_TICK
    return max(SECONDS_A_TICK, (min(one.due for one in topic.waiting) - clock.now).total_seconds())


def strange(number: int, topic: Topic, faults: Faults) -> Delivery:
    return Delivery(-1 - number, faults.dice("strange").choice(NOT_OURS), {}, topic.clock.now)


def over(newsroom: Newsroom, desk: RevisionStore, argo: Argo, receiver: Receiver) -> bool:
    if not all(workflow.over for workflow in argo.workflows.values()):
        return False
    try:
        outcomes = desk.outcomes()
    except NewsreelError:
        return False
    return newsroom.saved <= outcomes.keys() and not untold(outcomes, desk, receiver)


def counted(
    counts: Counts,
    newsroom: Newsroom,
    studio: Studio,
    desk: RevisionStore,
    topic: Topic,
    grave: Topic,
    argo: Argo,
    receiver: Receiver,
    faults: Faults,
) -> Counts:
    faults.often = 0
    outcomes = desk.outcomes()
    ends = [outcomes.get(revision) for revision in newsroom.saved]
    buried = {one.attributes["message"] for one in grave.waiting}
    counts.saved, counts.published, counts.failed = len(ends), ends.count("published"), ends.count("failed")
    counts.lost = ends.count(None)
    counts.most_workflows_at_once, counts.woken_again = argo.most_of_a_story, studio.woken_again
    counts.untold, counts.mistold = untold(outcomes, desk, receiver), mistold(outcomes, desk, receiver)
    counts.told_anew = told_anew(desk, receiver, studio.failures)
    counts.told, counts.told_again = len(receiver.heard), receiver.again
    counts.both = sum(contradicted(revision, workflow, desk) for revision, workflow in studio.made_by.items())
    counts.good_dead = len(topic.dead) + sum(not number.startswith("-") for number in buried)
    counts.not_ours_dead = sum(number.startswith("-") for number in buried)
    counts.submitted, counts.repeated = argo.submitted, argo.conflicts
    counts.by_submitter = argo.by_submitter
    counts.faults = +faults.counted
    return counts
