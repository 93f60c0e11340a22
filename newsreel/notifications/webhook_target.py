"""The webhook of one story, named by whoever submits the story and stored beside it.

<stories>/<id>/r3.json             the story
<stories>/<id>/r3.receiver.json    {"webhook": "https://cms.example.org/hooks/newsreel"}

The address comes from outside and is called from inside the cluster, from where more can be reached. So it must lie below one of
the https prefixes, comma-separated, in NEWSREEL_RECEIVERS; without those no such webhook is allowed. The list is checked before
an address is stored, and again before it is called (`newsreel.notifications.notifier`).
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
"""The URLs that are allowed: without user name, fragment and percent-encoding."""
MAX_TARGET_BYTES = 2000


@dataclass(frozen=True, kw_only=True)
class WebhookAllowList:
    """The https prefixes that a webhook must lie under."""

    prefixes: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "WebhookAllowList":
        """Raises BadInput for what is no https prefix."""
        listed = [text.strip() for text in environment.get(RECEIVERS_VARIABLE, "").split(",")]
        return cls(prefixes=tuple(text for text in listed if text and split_webhook(text, RECEIVERS_VARIABLE)))

    def require(self, webhook: str) -> None:
        """Raises BadInput for an address outside the list. Whole segments are compared: `.../bc` is not below `.../b`."""
        host, segments = split_webhook(webhook, "webhook")
        for prefix in self.prefixes:
            there, above = split_webhook(prefix, RECEIVERS_VARIABLE)
            if host == there and segments[: len(above)] == above:
                return
        allowed = f"one of those below {', '.join(self.prefixes)}" if self.prefixes else f"none: {RECEIVERS_VARIABLE} names none"
        raise BadInput(f"webhook {webhook}: this installation calls {allowed}")


def split_webhook(text: str, what: str) -> tuple[str, tuple[str, ...]]:
    """Host with port, and the segments of the path. Raises BadInput."""
    found = WEBHOOK_PATTERN.fullmatch(text) if len(text) <= MAX_WEBHOOK_CHARACTERS else None
    segments = tuple(found["path"].removesuffix("/").split("/")[1:]) if found else ()
    if found is None or "" in segments or "." in segments or ".." in segments:
        raise BadInput(
            f"{what}: {text[:80]!a} is no https address of a host and plain segments, such as https://cms.example.org/done"
        )
    return found["host"].removesuffix(":443"), segments


def save_webhook_target(storage: Storage, story: Address, webhook: str) -> None:
    """Store the webhook beside the story, before that is submitted. Raises Conflict where another one is stored, Unavailable."""
    try:
        storage.create(target_address(story), json.dumps({"webhook": webhook}).encode(), "application/json")
    except Conflict as fault:
        raise Conflict(f"{story}: was submitted with another webhook before, which stays") from fault


def read_webhook_target(storage: Storage, story: Address) -> str | None:
    """The webhook stored beside a story, None where there is none. Raises BadInput for a damaged file, Unavailable."""
    address = target_address(story)
    if storage.find(address) is None:
        return None
    try:
        content = json.loads(storage.read(address, at_most=MAX_TARGET_BYTES))
    except (ValueError, RecursionError) as fault:
        raise BadInput(f"{address}: is not JSON") from fault
    webhook = content.get("webhook") if isinstance(content, dict) else None
    if not isinstance(webhook, str):
        raise BadInput(f"{address}: names no webhook")
    return webhook


def target_address(story: Address) -> Address:
    path = PurePosixPath(story.path)
    return replace(story, path=str(path.with_name(f"{path.stem}.receiver.json")), generation=None)
