"""`report`: the workflow's last word, one JSON line: {"story": ..., "status": ..., "video": ..., "usage": ...}.

Others are told the same, without what the video has taken.

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
        help="of the workflow, for those who are told of it (`newsreel.notifications.notifier`); noted once they are",
    )
    options = parser.parse_args(arguments)

    video, usage, away = None, None, False
    if options.status == SUCCEEDED:
        try:
            video, usage = video_of(options.story, options.finals, Storage.from_environment()) or (None, None)
        except NewsreelError as fault:
            away = isinstance(fault, Unavailable)
            log(NAME, f"the video cannot be found: {fault}", WARNING)
    else:
        log(NAME, f"no video of {options.story!a}: the workflow ended as {options.status!a}", WARNING)
    ending = {"story": options.story, "status": options.status, "video": str(video) if video else None}
    report(ending | {"usage": usage.model_dump() if usage else None})
    if away and options.run:
        # Who takes each end once would never hear of the video: its notice is told by one id, with and without an address.
        log(NAME, "who waits for this end is told by the watch, once the video is found", WARNING)
        return
    for unheard in told_to_all(Notification(run=options.run or uuid4().hex, **ending), options.finals if options.run else None):
        log(NAME, str(unheard), WARNING)


def report(told: Mapping[str, Any]) -> None:
    """A line of its own for a person's programs; among entries one, with all of it also as fields to search by."""
    line = json.dumps(told)
    if is_structured():
        log(NAME, line, report=told)
    else:
        print(line, flush=True)


def told_to_all(notice: Notification, finals: str | None) -> list[NewsreelError]:
    """Whom this could not be told, and why. `finals` is where it is noted that it was told; None notes nothing."""
    storage, noted, faults = Storage.from_environment(), None, list[NewsreelError]()
    try:
        noted = DeliveryLog(storage, Address.parse(finals)) if finals else None
    except BadInput as fault:
        faults.append(fault)
    return faults + deliver(notice, Notifier.from_environment(), storage, noted)


def video_of(story: str, finals: str, storage: Storage) -> tuple[Address, Usage | None] | None:
    """Where the story's published video is, and what it has taken; None where its manifest is not there. Raises BadInput,
    Conflict, Unavailable."""
    told = read_story(storage.read(Address.parse(story), at_most=MOST_BYTES), story)
    set_log_context(story=told.id, revision=told.revision)
    home = publication_folder(Address.parse(finals), told.id, told.revision)
    manifest = read_publication(storage, home)
    video = manifest.video(home) if manifest and manifest.revision == told.revision else None
    return (video, manifest.usage) if manifest and video else None
