"""`check`: validate a story before any node is taken, and find out whether its video is published already.

Reads the story and its pictures, reports all faults at once, and writes the workflow's parameters: `state` is `todo` or
`published`, `story` the address with its generation, `digest` the SHA-256 of story and pictures, and how many seconds a step of
this story, and all of its steps, may take.

An object may be changed while its story waits for a node. `init-story` reads the generation that was checked here and refuses
other content than that of the digest, so no video is ever made of an unchecked story.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newsreel.errors import Conflict
from newsreel.files import write_atomically
from newsreel.fingerprints import software_digest
from newsreel.presenters.bundle import load_presenter
from newsreel.runtime.log import set_log_context
from newsreel.step import shard_count
from newsreel.storage.address import Address
from newsreel.storage.publication import is_intact, newer_revision, publication_folder, read_publication
from newsreel.storage.store import Storage
from newsreel.story.priority import require_priority
from newsreel.story.schema import Story
from newsreel.story_loader import VALIDATED_VARIABLE, load_story
from newsreel.weights.catalogue import require_voice_weights

PublicationState = Literal["todo", "published"]

CHARACTERS_PER_SECOND = 12
"""Of speech; less than a newsreader's 14 or so, since `£1,200` is longer when spoken."""
STEP_BASE_SECONDS, ATTEMPT_BASE_SECONDS = 300, 900
"""Seconds for what does not depend on length: pulling images, loading models, waiting for a service."""
STEP_SECONDS_PER_SPOKEN_SECOND, ATTEMPT_SECONDS_PER_SPOKEN_SECOND = 20, 60
"""On two cores the slowest step takes 1.1 seconds per second of speech, the whole story 1.7."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, BadWeights for an incomplete presenter, Conflict, Unavailable."""
    parser = argparse.ArgumentParser(prog="python -m steps check", description=__doc__)
    parser.add_argument("--story", required=True, metavar="ADDRESS")
    parser.add_argument("--finals", required=True, metavar="ADDRESS", help="folder or prefix for finished videos")
    parser.add_argument("--shards", default="1", metavar="N", help="into how many shards a step may be split")
    parser.add_argument("--priority", default="normal", help="normal or breaking")
    parser.add_argument("--voice-system", required=True, help="the step that synthesizes the voice, such as hibari")
    parser.add_argument("--outputs", type=Path, required=True, help="folder for the files that are written")
    options = parser.parse_args(arguments)

    storage = Storage.from_environment()
    finals = Address.parse(options.finals)
    storage.allowed.require(finals)
    shard_count(options.shards)
    require_priority(options.priority)
    address = storage.pin(Address.parse(options.story))
    with load_story(storage, address, options.voice_system) as loaded:
        state: PublicationState = "todo"
        if loaded.file.story:
            set_log_context(story=loaded.file.story.id, revision=loaded.file.story.revision)
            if loaded.digest:
                state = publication_state(loaded.file.story, loaded.digest, finals, storage)
        validated = os.environ.get(VALIDATED_VARIABLE)
        story = loaded.require_valid(validated) if state == "todo" else loaded.file.require_valid()
        digest = str(loaded.digest)
    if state == "todo":
        load_presenter(story.presenter)
        require_voice_weights(story.voice, storage)
    limits = time_limits(story)
    outputs = {"state": state, "story": str(address), "digest": digest}
    outputs |= {"step-seconds": str(limits.step), "attempt-seconds": str(limits.attempt)}
    for name, value in outputs.items():
        write_atomically(options.outputs / name, value)


def publication_state(story: Story, digest: str, finals: Address, storage: Storage) -> PublicationState:
    """Whether this revision is completely published. Raises Conflict if it has other content or a newer one is published."""
    newer = newer_revision(storage, finals, story.id, story.revision)
    if newer:
        raise Conflict(f"{finals}: revision {newer} of {story.id} is published, this is {story.revision}; raise the revision")
    home = publication_folder(finals, story.id, story.revision)
    manifest = read_publication(storage, home)
    if manifest is None:
        return "todo"
    same = manifest.revision == story.revision and manifest.origin.story_digest == digest
    if finals.scheme == "gs" and not same:
        raise Conflict(f"{home}: revision {story.revision} of {story.id} is published with other content; raise the revision")
    if finals.scheme == "file" and (not same or manifest.origin.software_digest != software_digest()):
        return "todo"
    return "published" if is_intact(storage, home, manifest) else "todo"


@dataclass(frozen=True)
class TimeLimits:
    step: int
    """Seconds that a step may take."""
    attempt: int
    """Seconds that all steps on one node may take together."""


def time_limits(story: Story) -> TimeLimits:
    """How long a story may take, by its length: enough for a slow machine, but a hung step is found."""
    speech = -(-sum(len(scene.narration) for scene in story.scenes) // CHARACTERS_PER_SECOND)
    return TimeLimits(
        step=STEP_BASE_SECONDS + STEP_SECONDS_PER_SPOKEN_SECOND * speech,
        attempt=ATTEMPT_BASE_SECONDS + ATTEMPT_SECONDS_PER_SPOKEN_SECOND * speech,
    )
