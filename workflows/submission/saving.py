"""A story into the stories' bucket, where the newsroom saves its own: <stories>/<id>/r3.json and <id>/pictures/<digest>.png.

Objects are created and never changed. Pictures have the name of their content, so that revisions share them, and the document
comes last: whoever finds it finds all that it names. A submission that is cut off is begun anew, or found by the reconciler.
"""

import json
from pathlib import Path, PurePosixPath

from steps.address import Address
from steps.errors import BadInput
from steps.intake import Intake
from steps.storage import Storage
from steps.story import Story

__all__ = ["save"]

MEDIA_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}
DIGITS = 20
"""Of a picture's SHA-256, in hexadecimal."""


def save(intake: Intake, storage: Storage, stories: Address) -> tuple[Story, Address]:
    """Save what a story file of this machine says; the story, and the generation of its document there.

    Raises BadInput that lists every fault, Conflict where this revision was saved with other content, Unavailable.
    """
    if stories.scheme != "gs":
        raise BadInput(f"{stories}: a cluster reads stories from a bucket; name one as gs://bucket")
    story = intake.sound()
    home = stories.child(story.id)
    names = {name: name_of(name, digest) for name, digest in intake.picture_digests.items()}
    for name, file in intake.pictures.items():
        put(storage, home.child(names[name]), file, intake.picture_digests[name])
    document = home.child(f"r{story.revision}.json")
    storage.create(document, written(story, names), "application/json")
    return story, storage.pinned(document)


def name_of(picture: str, digest: str) -> str:
    suffix = PurePosixPath(picture).suffix.lower()
    return f"pictures/{digest[:DIGITS]}{suffix if suffix in MEDIA_TYPES else ''}"


def put(storage: Storage, address: Address, picture: Path, digest: str) -> None:
    """Send what is not there yet."""
    found = storage.find(address)
    if found is None or found.sha256 != digest:
        storage.create(address, picture, MEDIA_TYPES.get(PurePosixPath(address.path).suffix, "application/octet-stream"))


def written(story: Story, names: dict[str, str]) -> bytes:
    """The story as understood, its pictures under the names they have in the bucket: the same bytes for the same story."""
    document = story.model_dump(mode="json")
    for scene in document["scenes"]:
        scene["picture"]["file"] = names[scene["picture"]["file"]]
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
