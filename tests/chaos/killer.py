"""Kills programs: the newsroom while it saves a story, others at any moment, the bus with messages in it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from newsreel.submission.revision_store import Revision
from tests.chaos.faults import Faults
from tests.chaos.relay import EVENTSOURCE, PULLED
from tests.chaos.stage import BUS, NEWSROOM, PROGRAMS, Stage

__all__ = ["Killer"]

SECONDS_BETWEEN_KILLS = (0.2, 1.2)
SECONDS_TO_ANSWER = 30
MOST_AWAY = 2
"""Of the programs beside the newsroom, at once: on a slow machine nothing else would be done but begin."""
KILLS_AN_OUTAGE = 6
SECONDS_BETWEEN_LOOKS = 0.1
LOOKS_FOR_THE_WATCH = 300
"""After which the bus comes back all the same."""


@dataclass
class Killer:
    here: Stage
    faults: Faults
    to_be_lost: frozenset[Revision]
    """Those whose message is not to be published, if the newsroom can be killed as quickly as that."""
    seconds_a_save: float = 0.1
    """How long the last one took: on a busy machine longer."""
    began: threading.Event = field(default_factory=threading.Event)
    """Set once the first has died."""
    over: threading.Event = field(default_factory=threading.Event)

    def kill(self, name: str) -> None:
        self.here.pods.kill(name)
        self.faults.counted[f"{name} killed"] += 1

    @contextmanager
    def menace(self, revision: Revision) -> Iterator[Callable[[], bool]]:
        """While a revision is sent off the newsroom may die: when the first of it is saved and nobody was told, or at any moment.

        Told is whether its editor goes home where no answer comes. Of a message that was lost so they do: had they asked again,
        the submitter had nothing to find.
        """
        dice = self.faults.dice("newsroom dies", f"{revision.id}/{revision.number}")
        dies, gone, part = dice.random() < 0.25 * self.faults.often, dice.random() < 0.5, dice.random()
        lost, answered, dead = revision in self.to_be_lost, threading.Event(), threading.Event()

        def kill() -> None:
            if self.when_begun(revision, answered) if lost else not answered.wait(part * self.seconds_a_save):
                dead.set()
                self.kill(NEWSROOM)

        killing = threading.Thread(target=kill if dies or lost else answered.wait)
        killing.start()
        began = time.monotonic()
        try:
            yield lambda: dead.is_set() if lost else gone
        finally:
            answered.set()
            killing.join()
        if not dead.is_set():
            self.seconds_a_save = time.monotonic() - began

    def when_begun(self, revision: Revision, answered: threading.Event) -> bool:
        """Returns at once when anything of it is in storage; False where it was answered before that was seen."""
        stories = self.here.desk.stories
        place = f"{self.here.storage_url}/storage/v1/b/{stories.bucket}/o"
        prefix = stories.child(f"{revision.id}/r{revision.number}.").path
        with requests.Session() as storage:
            while not answered.is_set():
                if storage.get(place, params={"prefix": prefix}, timeout=SECONDS_TO_ANSWER).json().get("items"):
                    return True
        return False

    def kill_others(self) -> None:
        """The bus first; then one after the other, at any moment, until the campaign is over and each of them has died."""
        self.outage()
        deaths = Counter(dict.fromkeys(PROGRAMS, 0))
        while not (self.over.is_set() and all(deaths.values())):
            time.sleep(self.faults.dice("pause").uniform(*SECONDS_BETWEEN_KILLS))
            ready = [name for name in self.here.pods.ready() if name in PROGRAMS]
            if len(ready) > len(PROGRAMS) - MOST_AWAY:
                fewest = min(deaths[name] for name in ready)
                name = self.faults.dice("victim").choice([name for name in ready if deaths[name] == fewest])
                self.kill(name)
                deaths[name] += 1
                if deaths.total() % KILLS_AN_OUTAGE == 0 and not self.over.is_set():
                    self.outage()

    def outage(self) -> None:
        """The bus is lost, then the EventSource with messages in its hands; both are back when a watch has submitted one's story.

        Had a message been acknowledged before it was on the bus, nobody would ever see it again. And the one that was not comes
        again, and finds that its story has a workflow.
        """
        pods = self.here.pods
        pods.await_ready(EVENTSOURCE)
        before = len(pods.said(EVENTSOURCE, PULLED))
        pods.take(BUS)
        self.faults.counted["bus killed"] += 1
        self.began.set()
        begun: set[str] = set()
        while not (begun or self.over.wait(SECONDS_BETWEEN_LOOKS)):
            begun = set(pods.said(EVENTSOURCE, PULLED)[before:]) - {story for story, _ in self.here.argo.made()}
        pods.take(EVENTSOURCE)
        self.faults.counted[f"{EVENTSOURCE} killed"] += 1
        self.faults.counted["killed with a message in its hands"] += bool(begun)
        for _ in range(LOOKS_FOR_THE_WATCH if begun else 0):
            time.sleep(SECONDS_BETWEEN_LOOKS)
            if begun & {story for story, _ in self.here.argo.made()}:
                break
        pods.give_back(BUS)
        pods.await_ready(BUS)
        pods.give_back(EVENTSOURCE)
