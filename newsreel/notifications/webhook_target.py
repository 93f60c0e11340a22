"""Whom else to tell how a story has ended: who sends it off may name one address, which is kept beside the story.

<stories>/<id>/r3.json             the story
<stories>/<id>/r3.receiver.json    {"webhook": "https://cms.example.org/hooks/newsreel"}

Such an address comes from outside, and it is called from inside, where more can be reached than from outside. So the installation
says which there may be: the environment variable NEWSREEL_RECEIVERS lists https prefixes, comma-separated; without it there are
none. That is asked before an address is kept, and once more before it is called (`newsreel.notifications.notifier`).
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from newsreel.errors import BadInput, Conflict
from newsreel.storage.address import Address
from newsreel.storage.store import Storage

RECEIVERS_VARIABLE = "NEWSREEL_RECEIVERS"
MAX_WEBHOOK_CHARACTERS = 500
WEBHOOK_PATTERN = re.compile(
    r"https://(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?)(?P<path>(/[A-Za-z0-9._~=@-]*)*)(\?[A-Za-z0-9._~=&-]*)?"
)
"""What may be called, and no more of what a URL may be: no user's name, no fragment, nothing encoded."""
MAX_TARGET_BYTES = 2000


@dataclass(frozen=True, kw_only=True)
class WebhookAllowList:
    """The https prefixes that a webhook must lie under."""

    prefixes: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "WebhookAllowList":
        """Raises BadInput for a prefix that is none."""
        listed = [text.strip() for text in environment.get(RECEIVERS_VARIABLE, "").split(",")]
        return cls(prefixes=tuple(text for text in listed if text and split_webhook(text, RECEIVERS_VARIABLE)))

    def require(self, webhook: str) -> None:
        """Raises BadInput for an address outside; segments are compared whole: `https://a.example/b` does not hold `.../bc`."""
        host, segments = split_webhook(webhook, "webhook")
        for prefix in self.prefixes:
            there, above = split_webhook(prefix, RECEIVERS_VARIABLE)
            if host == there and segments[: len(above)] == above:
                return
        allowed = f"one of those below {', '.join(self.prefixes)}" if self.prefixes else f"none: {RECEIVERS_VARIABLE} names none"
        raise BadInput(f"webhook {webhook}: this installation calls {allowed}")


def split_webhook(text: str, what: str) -> tuple[str, tuple[str, ...]]:
    """Host with port, and the path's segments. Raises BadInput."""
    found = WEBHOOK_PATTERN.fullmatch(text) if len(text) <= MAX_WEBHOOK_CHARACTERS else None
    segments = tuple(found["path"].removesuffix("/").split("/")[1:]) if found else ()
    if found is None or "" in segments or "." in segments or ".." in segments:
        raise BadInput(
            f"{what}: {text[:80]!a} is no https address of a host and plain segments, such as https://cms.example.org/done"
        )
    return found["host"].removesuffix(":443"), segments


def save_webhook_target(storage: Storage, story: Address, webhook: str) -> None:
    """Keep it beside the story, to be done before that is submitted. Raises Conflict where another one is kept, Unavailable."""
    try:
        storage.create(target_address(story), json.dumps({"webhook": webhook}).encode(), "application/json")
    except Conflict as fault:
        raise Conflict(f"{story}: was sent off with another webhook before, which stays") from fault


def read_webhook_target(storage: Storage, story: Address) -> str | None:
    """None where none was named. Raises BadInput for a file that is none of ours, Unavailable."""
    place = target_address(story)
    if storage.find(place) is None:
        return None
    try:
        told = json.loads(storage.read(place, at_most=MAX_TARGET_BYTES))
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"{place}: is no JSON") from fault
    webhook = told.get("webhook") if isinstance(told, dict) else None
    if not isinstance(webhook, str):
        raise BadInput(f"{place}: names no webhook")
    return webhook


def target_address(story: Address) -> Address:
    path = PurePosixPath(story.path)
    return replace(story, path=str(path.with_name(f"{path.stem}.receiver.json")), generation=None)
