"""`newsreel submit`: a story file of this machine becomes a Workflow of the cluster, once.

The story is saved in the stories' bucket as the newsroom saves its own: <stories>/<id>/r3.json, <id>/pictures/<digest>.png, and
its priority beside it. Then a message announces it, or the Workflow is created at once. Should that fail, the submitter finds the
saved story (`cluster.controllers.submitter`).

Objects are created and never changed. Pictures are named by their content, so that revisions share them, and the document comes
last: a document in the bucket has all that it names.
"""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from newsreel.argo.runs import run_of
from newsreel.argo.workflow import build_workflow, story_annotations, story_parameter
from newsreel.errors import BadInput, Conflict, Unavailable
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.story.priority import Priority
from newsreel.story.schema import Story
from newsreel.story_loader import LoadedStory
from newsreel.submission.message import Message
from newsreel.submission.publisher import Publisher
from newsreel.submission.revision_store import Revision, RevisionStore

MEDIA_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
DIGITS = 20
"""Of a picture's SHA-256, in hexadecimal."""


def upload_story(intake: LoadedStory, storage: Storage, stories: Address) -> tuple[Story, Address]:
    """Save what a story file of this machine says; the story, and the generation of its document there.

    Raises BadInput that lists every fault, Conflict where this revision was saved with other content, Unavailable.
    """
    if stories.scheme != "gs":
        raise BadInput(f"{stories}: a cluster reads stories from a bucket; name one as gs://bucket")
    story = intake.require_valid()
    home = stories.child(story.id)
    names = {name: revision_file(name, digest) for name, digest in intake.picture_digests.items()}
    for name, file in intake.pictures.items():
        upload(storage, home.child(names[name]), file, intake.picture_digests[name])
    document = home.child(f"r{story.revision}.json")
    storage.create(document, upload_document(story, names), "application/json")
    return story, storage.pin(document)


def revision_file(picture: str, digest: str) -> str:
    suffix = PurePosixPath(picture).suffix.lower()
    return f"pictures/{digest[:DIGITS]}{suffix if suffix in MEDIA_TYPES else ''}"


def upload(storage: Storage, address: Address, picture: Path, digest: str) -> None:
    """Send what is not there yet."""
    found = storage.find(address)
    if found is None or found.sha256 != digest:
        storage.create(address, picture, MEDIA_TYPES.get(PurePosixPath(address.path).suffix, "application/octet-stream"))


def upload_document(story: Story, names: dict[str, str]) -> bytes:
    """The story as understood, its pictures under the names they have in the bucket: the same bytes for the same story."""
    document = story.model_dump(mode="json")
    for scene in document["scenes"]:
        scene["picture"]["file"] = names[scene["picture"]["file"]]
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


if TYPE_CHECKING:
    from newsreel.argo.client import Cluster


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """Where an installation has its stories and its videos."""

    stories: Address
    finals: Address


@dataclass(frozen=True, kw_only=True)
class SubmittedStory:
    """A story that is saved, and what is asked for."""

    story: Story
    address: Address
    """With the generation that was saved."""
    finals: Address
    message: Message

    @property
    def name(self) -> str:
        return self.message.workflow


def save_revision(intake: LoadedStory, buckets: Buckets, priority: Priority) -> SubmittedStory:
    """Save a story file, and beside it the message that says how urgent it is; the same twice is done once.

    Raises BadInput for a wrong story, Conflict where the revision was saved with other content or another priority, Unavailable.
    """
    storage = Storage(AllowList(prefixes=(buckets.stories, buckets.finals)))
    story, address = upload_story(intake, storage, buckets.stories)
    revisions = RevisionStore(storage, buckets.stories, buckets.finals)
    message = revisions.message(Revision(story.id, story.revision), priority)
    revisions.save_order(message)
    return SubmittedStory(story=story, address=address, finals=buckets.finals, message=message)


def publish(submitted: SubmittedStory, publisher: Publisher) -> str:
    """Say that it is there; one line for who asked. Published twice it is still one workflow. Raises BadInput, Unavailable."""
    try:
        publisher.publish(submitted.message)
    except (BadInput, Unavailable) as fault:
        raise type(fault)(f"{fault}; {submitted.name} is saved, and the submitter submits it") from fault
    return f"{submitted.name}: announced; `newsreel status {submitted.name}` shows its progress"


def create(submitted: SubmittedStory, cluster: "Cluster") -> str:
    """Create its workflow; one line for who asked.

    Raises BadInput for what the cluster refuses, Conflict where the name stands for another story, Unavailable.
    """
    story = submitted.story
    workflow = build_workflow(
        story.id,
        story.revision,
        address=str(submitted.address),
        finals=str(submitted.finals),
        priority=submitted.message.priority,
        annotations=story_annotations(story, submitted.finals),
    )
    if cluster.create_workflow(workflow):
        return f"{submitted.name}: submitted; `newsreel status {submitted.name}` shows its progress"
    return submitted_before(cluster, submitted.name, story_parameter(workflow))


def submitted_before(cluster: "Cluster", name: str, wanted: tuple[str, str]) -> str:
    """One line for a story whose name is taken. Raises Conflict where another story took it, or where it goes elsewhere."""
    there = cluster.find_workflow(name)
    if there is None:
        return f"{name}: was submitted before and is removed just now; submit it again if it is not published"
    made = story_parameter(there)
    if made != wanted:
        kind = "with other content" if made[0] != wanted[0] else f"to {made[1]}"
        raise Conflict(f"{name}: this revision was submitted before {kind}; raise the revision")
    run = run_of(there)
    if run.exit_status:
        mend = f"mend it and raise the revision, or run it again with `argo resubmit {name}`"
        return f"{name}: was submitted before and ended as {run.state}: {run.message or 'no reason given'}; {mend}"
    return f"{name}: was submitted before, nothing to do: {run.state}"
