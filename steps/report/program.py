"""`report`: print the workflow's result as one JSON line: {"story": ..., "status": ..., "video": ..., "usage": ...}.

Notifications have the same content without `usage`, and with the reason of a failure (`newsreel.runtime.failure_reason`). The
step runs as exit handler, after failures as well, so that no error in the story stops it.
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

NAME = "report"
MAX_STORY_BYTES = 1_000_000


def run(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument("--story", required=True, metavar="ADDRESS")
    parser.add_argument("--finals", required=True, metavar="ADDRESS", help="folder or prefix for finished videos")
    parser.add_argument("--status", required=True, help="Argo's: Succeeded, Failed or Error")
    parser.add_argument(
        "--run",
        metavar="UID",
        help="of the workflow, for notifications (`newsreel.notifications.notifier`) and their delivery log",
    )
    parser.add_argument("--failures", default="", metavar="JSON", help="Argo's list of the nodes that failed")
    options = parser.parse_args(arguments)

    video, usage, video_unavailable, reason = None, None, False, None
    if options.status == SUCCEEDED:
        try:
            video, usage = find_video(options.story, options.finals, Storage.from_environment()) or (None, None)
        except NewsreelError as fault:
            video_unavailable = isinstance(fault, Unavailable)
            log(NAME, f"the video cannot be found: {fault}", WARNING)
    else:
        reason = failure_reason(parse_failures(options.failures)).sentence if options.failures else None
        log(NAME, f"no video of {options.story!a}: the workflow ended as {options.status!a}: {reason or NO_REASON}", WARNING)
    result = {"story": options.story, "status": options.status, "video": str(video) if video else None}
    print_result(result | {"usage": usage.model_dump() if usage else None})
    if video_unavailable and options.run:
        # A notification has the same id with and without the video's address, so a receiver would ignore a second one with it.
        log(NAME, "the notification is left to the submitter, which sends it once the video is found", WARNING)
        return
    notification = Notification(run=options.run or uuid4().hex, why=reason, **result)
    for failure in notify(notification, options.finals if options.run else None):
        log(NAME, str(failure), WARNING)


def print_result(content: Mapping[str, Any]) -> None:
    """A JSON line on standard output; with structured logging a log entry that also has the content as a field."""
    line = json.dumps(content)
    if is_structured():
        log(NAME, line, report=content)
    else:
        print(line, flush=True)


def notify(notification: Notification, finals: str | None) -> list[NewsreelError]:
    """Send to all receivers; returns the failures. Deliveries are recorded in a delivery log at `finals`, if given."""
    storage, delivery_log, faults = Storage.from_environment(), None, list[NewsreelError]()
    try:
        delivery_log = DeliveryLog(storage, Address.parse(finals)) if finals else None
    except BadInput as fault:
        faults.append(fault)
    return faults + deliver(notification, Notifier.from_environment(), storage, delivery_log)


def find_video(story: str, finals: str, storage: Storage) -> tuple[Address, Usage | None] | None:
    """Address and resource usage of the story's published video; None without its manifest. Raises BadInput, Conflict,
    Unavailable."""
    document = read_story(storage.read(Address.parse(story), at_most=MAX_STORY_BYTES), story)
    set_log_context(story=document.id, revision=document.revision)
    folder = publication_folder(Address.parse(finals), document.id, document.revision)
    manifest = read_publication(storage, folder)
    video = manifest.video(folder) if manifest and manifest.revision == document.revision else None
    return (video, manifest.usage) if manifest and video else None
