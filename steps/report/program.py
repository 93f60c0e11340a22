"""`report`, the exit handler: one JSON line, {"story": ..., "status": ..., "video": ..., "usage": ...}, and the notifications.

Webhook and Pub/Sub get the same without `usage`, and the reason of a failure (`newsreel.runtime.failure_reason`).

It runs when the rest has failed as well as when all went well, so nothing that is wrong with the story stops it.
"""

import argparse
import json
from collections.abc import Mapping
from logging import WARNING
from typing import Any
from uuid import uuid4

from newsreel.errors import BadInput, NewsreelError, Unavailable
from newsreel.notifications.delivery_log import DeliveryLog, deliver
from newsreel.notifications.notifier import SUCCEEDED, Notification, Notifier
from newsreel.runtime.failure_reason import NO_REASON, failure_reason, parse_failures
from newsreel.runtime.log import is_structured, log, set_log_context
from newsreel.runtime.usage import Usage
from newsreel.storage.address import Address
from newsreel.storage.publication import publication_folder, read_publication
from newsreel.storage.store import Storage
from newsreel.story.source import read_story

__all__ = ["run", "video_of"]

NAME = "report"
MOST_BYTES = 1_000_000


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument("--story", required=True, metavar="ADDRESS")
    parser.add_argument("--finals", required=True, metavar="ADDRESS", help="folder or prefix for finished videos")
    parser.add_argument("--status", required=True, help="Argo's: Succeeded, Failed or Error")
    parser.add_argument(
        "--run",
        metavar="UID",
        help="of the workflow, for its notifications (`newsreel.notifications.notifier`); their delivery is recorded",
    )
    parser.add_argument("--failures", default="", metavar="JSON", help="Argo's list of the nodes that failed")
    options = parser.parse_args(arguments)

    video, usage, away, reason = None, None, False, None
    if options.status == SUCCEEDED:
        try:
            video, usage = video_of(options.story, options.finals, Storage.from_environment()) or (None, None)
        except NewsreelError as fault:
            away = isinstance(fault, Unavailable)
            log(NAME, f"the video cannot be found: {fault}", WARNING)
    else:
        reason = failure_reason(parse_failures(options.failures)).sentence if options.failures else None
        log(NAME, f"no video of {options.story!a}: the workflow ended as {options.status!a}: {reason or NO_REASON}", WARNING)
    ending = {"story": options.story, "status": options.status, "video": str(video) if video else None}
    report(ending | {"usage": usage.model_dump() if usage else None})
    if away and options.run:
        # A receiver that takes each notification once would never get the video's address: both have the same id.
        log(NAME, "the submitter notifies, once the video is found", WARNING)
        return
    notification = Notification(run=options.run or uuid4().hex, why=reason, **ending)
    for undelivered in notify(notification, options.finals if options.run else None):
        log(NAME, str(undelivered), WARNING)


def report(ending: Mapping[str, Any]) -> None:
    """A line for other programs; in a structured log an entry that has each part as a field, too."""
    line = json.dumps(ending)
    if is_structured():
        log(NAME, line, report=ending)
    else:
        print(line, flush=True)


def notify(notification: Notification, finals: str | None) -> list[NewsreelError]:
    """What could not be delivered, and why. The delivery is recorded below `finals`; None records nothing."""
    storage, deliveries, faults = Storage.from_environment(), None, list[NewsreelError]()
    try:
        deliveries = DeliveryLog(storage, Address.parse(finals)) if finals else None
    except BadInput as fault:
        faults.append(fault)
    return faults + deliver(notification, Notifier.from_environment(), storage, deliveries)


def video_of(story: str, finals: str, storage: Storage) -> tuple[Address, Usage | None] | None:
    """Where the story's published video is, and what it has taken; None where its manifest is not there. Raises BadInput,
    Conflict, Unavailable."""
    sheet = read_story(storage.read(Address.parse(story), at_most=MOST_BYTES), story)
    set_log_context(story=sheet.id, revision=sheet.revision)
    home = publication_folder(Address.parse(finals), sheet.id, sheet.revision)
    manifest = read_publication(storage, home)
    video = manifest.video(home) if manifest and manifest.revision == sheet.revision else None
    return (video, manifest.usage) if manifest and video else None
