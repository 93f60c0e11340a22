"""Editors who save stories over the API of a newsroom that is killed meanwhile."""

import copy
import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import requests
from PIL import Image

from cluster.newsroom.stories import same_but_for_revision
from newsreel.story.priority import Priority
from newsreel.submission.revision_store import Revision
from tests.chaos.faults import Faults

__all__ = ["SECRET", "Editor", "Sent"]

SECRET = "the proxy's own secret, of forty letters"  # noqa: S105 - of a newsroom that lives for a minute
SECONDS_TO_ANSWER = 30
SECONDS_A_PAUSE = 0.1
MOST_PAUSES = 1200
"""For a story, beyond which the newsroom will not come back. Not in seconds: somebody may stop all of us for a while."""
BUSY = frozenset({429, 503})


class NoAnswer(Exception):
    """The newsroom died, or is not there."""


@dataclass
class Sent:
    """A revision as an editor has sent it off."""

    revision: Revision
    document: dict[str, Any]
    priority: Priority
    told: int | None = None
    """What the newsroom answered in the end: 202 is saved. None where it died over it and the editor went home."""
    died_over: bool = False
    """Whether an answer did not come, the last one or one before it."""


@dataclass
class Editor:
    url: str
    name: str
    faults: Faults
    menace: Callable[[Revision], AbstractContextManager[Callable[[], bool]]]
    """What may happen while a revision is sent off, and whether its editor goes home where no answer comes."""
    session: requests.Session = field(default_factory=requests.Session)
    pauses: int = 0

    def write(self, identifier: str) -> list[Sent]:
        """A story, and now and then a second revision of it; what was sent off."""
        document = self.begun(identifier)
        sent = [self.send_off(Revision(identifier, 1), document)]
        if sent[0].told == requests.codes.accepted and self.faults.happens("story revised", 0.25, identifier):
            document = copy.deepcopy(document)
            document["scenes"][0]["narration"] += " It was quiet there."
            sent.append(self.send_off(Revision(identifier, 2), document))
        return sent

    def begun(self, identifier: str) -> dict[str, Any]:
        """The story with its picture, as it is to be saved. Whoever got no answer looks whether it is there."""
        here = f"/stories/{identifier}"
        while not (found := self.patiently("GET", here)).ok:
            with suppress(NoAnswer):
                self.ask("POST", "/stories", json=written(identifier))
            self.pause()
        added = self.patiently("POST", f"{here}/pictures", data=picture(), kind="image/png")
        document: dict[str, Any] = found.json()["document"]
        document["scenes"][0]["picture"]["file"] = added.json()["file"]
        return document

    def send_off(self, revision: Revision, document: dict[str, Any]) -> Sent:
        """Until it is answered, or they go home without an answer."""
        here = f"/stories/{revision.id}"
        tag = self.saved(here, document)
        urgent = self.faults.dice("breaking", f"{revision.id}/{revision.number}").random() < 0.1
        sent = Sent(revision, document, "breaking" if urgent else "normal")
        with self.menace(revision) as goes_home:
            while sent.told is None:
                try:
                    answer = self.ask("POST", f"{here}/run", tag=tag, json={"priority": sent.priority})
                except NoAnswer:
                    sent.died_over = True
                    if goes_home():
                        break
                else:
                    sent.told = answer.status_code if answer.status_code not in BUSY else None
                if sent.told is None:
                    self.pause()
        return sent

    def saved(self, here: str, document: dict[str, Any]) -> str:
        """The tag under which the draft is what it is to be."""
        while True:
            found = self.patiently("GET", here)
            if same_but_for_revision(found.json()["document"], document):
                return str(found.headers["etag"])
            with suppress(NoAnswer):
                self.ask("PUT", here, tag=found.headers["etag"], json=document)
            self.pause()

    def patiently(self, method: str, path: str, **content: Any) -> requests.Response:
        """Again and again until it answers."""
        while True:
            try:
                answer = self.ask(method, path, **content)
            except NoAnswer:
                self.pause()
                continue
            if answer.status_code not in BUSY:
                return answer
            self.pause()

    def pause(self) -> None:
        self.pauses += 1
        if self.pauses > MOST_PAUSES:
            raise TimeoutError(f"{self.name} has waited for the newsroom long enough")
        time.sleep(SECONDS_A_PAUSE)

    def ask(
        self, method: str, path: str, tag: str | None = None, kind: str = "application/json", **content: Any
    ) -> requests.Response:
        headers = {"content-type": kind, "x-newsroom-proxy": SECRET, "x-forwarded-email": f"{self.name}@example.org"}
        headers |= {"if-match": tag} if tag else {}
        try:
            return self.session.request(method, self.url + path, headers=headers, timeout=SECONDS_TO_ANSWER, **content)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as fault:
            raise NoAnswer from fault


def written(identifier: str) -> dict[str, Any]:
    """A story whose title makes this identifier."""
    shown = {"file": "", "credit": "City archive", "alt": "A reading room"}
    scene = {"narration": f"The library opens on Sundays. This is {identifier}.", "headline": "Open", "picture": shown}
    return {"title": identifier.replace("-", " ").capitalize(), "presenter": "maya", "voice": "heart", "scenes": [scene]}


@cache
def picture() -> bytes:
    made = io.BytesIO()
    Image.effect_noise((640, 360), 60).convert("RGB").save(made, "PNG")
    return made.getvalue()
