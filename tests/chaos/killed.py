"""A campaign in which the programs are processes that die by SIGKILL.

Newsroom, submitters, dead-letter server, EventSource, Sensor and the bus.

Which story's newsroom is killed, what comes twice and what is not ours is the seed's; when exactly a process dies, and what it
was doing, is the machine's. What must come of it is the same every time.
"""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import requests

from cluster.newsroom.stories import decode_document, same_but_for_revision
from newsreel.submission.revision_store import Revision
from tests.chaos.campaign import NOT_OURS
from tests.chaos.editors import Editor, Sent
from tests.chaos.faults import Faults
from tests.chaos.heard import Heard
from tests.chaos.killer import Killer
from tests.chaos.stage import THE_TRIGGERS, Stage, stage
from tests.chaos.tally import Tally

__all__ = ["killed_processes"]

EDITORS = 4
SECONDS_A_LOOK = 0.2
LOOKS_WITHOUT_NEWS = 125
"""After which what is not there will not come: more than twice what Pub/Sub waits before it delivers again."""
SECONDS_TO_BEGIN = 60
MOST_BYTES = 1_000_000
MOST_TIMES_LATE = 5
"""Messages that come while Argo is away are given up in the end, and met nothing."""


@dataclass
class Campaign:
    here: Stage
    faults: Faults
    killer: Killer
    not_ours: int = 0

    def write(self, first: Revision) -> list[Sent]:
        """A story, and what comes over its topic beside its own messages."""
        editor = Editor(self.here.newsroom_url, threading.current_thread().name, self.faults, self.killer.menace)
        identifier, sent = first.id, editor.write(first.id)
        for one in sent:
            key = f"{identifier}/{one.revision.number}"
            if one.told == requests.codes.accepted and self.faults.happens("message twice", 0.3, key):
                self.here.publisher.publish(self.here.desk.message(one.revision, one.priority))
        if self.faults.happens("message not ours", 0.2, identifier):
            content = self.faults.dice("strange", identifier).choice(NOT_OURS)
            self.here.publisher.send(content, "", {"of": "a stranger"})
            self.not_ours += 1
        return sent

    def tell_late(self, heard: Heard) -> None:
        """When all is over, a message of each story that a watch has submitted: it was on its way all the time."""
        for _ in range(MOST_TIMES_LATE):
            for one in self.here.argo.found_by_the_watch():
                revision = Revision(one[0], int(one[1]))
                self.here.publisher.publish(self.here.desk.order(revision, self.here.desk.address(revision)))
                self.faults.counted["message late"] += 1
            await_the_end(self.here, heard, self.not_ours)
            if self.here.argo.met_the_watchs:
                return


def killed_processes(stories: int, seed: int, folder: Path, often: float = 1.0) -> Tally:
    """Run it to its end: each story that is saved has become one video, or nothing has come for too long."""
    faults, to_write = Faults(seed, often), [Revision(f"story-{number}", 1) for number in range(1, stories + 1)]
    with stage(faults, folder) as here:
        to_be_lost = faults.dice("lost").sample(to_write, max(1, stories // 6))
        killer = Killer(here, faults, frozenset(to_be_lost))
        campaign, killing = Campaign(here, faults, killer), threading.Thread(target=killer.kill_others)
        killing.start()
        killer.began.wait(SECONDS_TO_BEGIN)
        try:
            with ThreadPoolExecutor(EDITORS, "editor") as editors:
                sent = list(chain.from_iterable(editors.map(campaign.write, to_write)))
        finally:
            killer.over.set()
            killing.join()
        heard = Heard(here)
        await_the_end(here, heard, campaign.not_ours)
        campaign.tell_late(heard)
        return tally(here, sent, heard, campaign.not_ours, faults)


def await_the_end(here: Stage, heard: Heard, not_ours: int) -> None:
    """Until all is told and no message is on its way, or nothing more happens."""
    before, looks = None, 0
    while looks < LOOKS_WITHOUT_NEWS:
        time.sleep(SECONDS_A_LOOK)
        heard.listen()
        saved, outcomes = here.desk.saved(), here.desk.outcomes()
        with here.argo.lock:
            workflows = list(here.argo.workflows.values())
            asked = here.argo.asked.total()
        now = len(heard.buried), len(outcomes), len(workflows), sum(one.over for one in workflows), asked
        made = saved.keys() <= outcomes.keys() and all(one.over for one in workflows)
        if made and len(heard.buried) >= not_ours and not heard.vanished:
            return
        before, looks = now, looks + 1 if now == before else 0


def tally(here: Stage, sent: list[Sent], heard: Heard, not_ours: int, faults: Faults) -> Tally:
    saved, outcomes, argo = here.desk.saved(), here.desk.outcomes(), here.argo
    workflows = Counter(Revision(name, int(number)) for name, number in (one.story for one in argo.workflows.values()))
    answered = [one for one in sent if one.told == requests.codes.accepted]
    unanswered = [one for one in sent if one.told is None]
    ends = Counter(outcomes.get(revision) for revision in saved)
    signs = workflows.keys() | outcomes.keys() | ordered(here)
    return Tally(
        sent_off=len(sent),
        answered=len(answered),
        refused=len(sent) - len(answered) - len(unanswered),
        died_over=sum(one.died_over for one in sent),
        unanswered=len(unanswered),
        unanswered_saved=sum(one.revision in saved for one in unanswered),
        published=ends["published"],
        superseded=ends["failed"],
        late=sum(end == "published" and here.desk.failure(revision) is not None for revision, end in outcomes.items()),
        lost=ends[None] + sum(one.revision not in saved for one in answered),
        half=len(signs - saved.keys()) + sum(one.revision in saved and not whole(here, one) for one in sent),
        most_workflows=max(workflows.values(), default=0),
        made_again=here.studio.woken_again,
        announced=heard.announced.total(),
        vanished=heard.vanished,
        unannounced=sum(not one.died_over and one.revision.workflow not in heard.announced for one in answered),
        not_ours=not_ours,
        not_ours_dead=len(heard.buried) - heard.good_dead,
        good_dead=heard.good_dead,
        by_watch=argo.by_submitter,
        met_the_watchs=argo.met_the_watchs,
        repeated=argo.conflicts,
        # EventSource and Sensor stand for others' programs, and may give up where the bus is slow or away.
        ended=Counter({name: times for name, times in here.pods.ended.items() if name not in THE_TRIGGERS}),
        faults=+faults.counted,
    )


def ordered(here: Stage) -> set[Revision]:
    """Revisions that a message is kept of."""
    names = here.desk.storage.names(here.desk.stories)
    places = [name.removesuffix(".order.json").partition("/r") for name in names if name.endswith(".order.json")]
    return {Revision(identifier, int(number)) for identifier, _, number in places}


def whole(here: Stage, one: Sent) -> bool:
    """Whether what is saved is what was sent off, and of what was answered as saved how urgent it is as well."""
    address = here.desk.address(one.revision)
    there = decode_document(here.desk.storage.read(address, at_most=MOST_BYTES))
    kept = here.desk.order(one.revision, address).priority
    return same_but_for_revision(there, one.document) and (one.told is None or kept == one.priority)
