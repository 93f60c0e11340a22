"""`init-story`: write the story to the workspace, in the form that all other steps read.

story.json, assets/NN.jpg (upright sRGB), script/NN.json (how the narration is spoken), weights/ (if the voice has any) and
origin.json, the fingerprints of what the video is made from, for `publish`. Files that would not change are not touched. Cached
units of the story's last revision (`newsreel.storage.unit_cache`) are restored to `.done`.
"""

import argparse
import json
from pathlib import Path

from newsreel.artifacts import Script, scene_file
from newsreel.brands import brand_pronunciations
from newsreel.errors import BadInput
from newsreel.files import write_atomically
from newsreel.fingerprints import release, software_digest
from newsreel.runtime.log import set_log_context
from newsreel.runtime.progress import Progress
from newsreel.step import shard_count
from newsreel.storage import unit_cache
from newsreel.storage.address import Address
from newsreel.storage.publication import ORIGIN, Origin
from newsreel.storage.store import Storage
from newsreel.story.pictures import normalise_picture
from newsreel.story.pronunciation import Lexicon
from newsreel.story.schema import Story
from newsreel.story_loader import LoadedStory, load_story
from newsreel.weights.catalogue import link_voice_weights
from newsreel.workspace import Workspace, work_key
from newsreel.yaml_source import Fault
from steps.init_story.script import script_of

NAME = "init-story"
PICTURE_VERSION = 1
"""Raise it when the same picture is to give another asset."""


def run(arguments: list[str]) -> None:
    """Raises BadInput, BadWeights for others than the catalogue's, Conflict for a workspace of another story or a later revision,
    DiskFull, Unavailable."""
    parser = argparse.ArgumentParser(prog=f"python -m steps {NAME}", description=__doc__)
    parser.add_argument("--story", required=True, metavar="ADDRESS")
    parser.add_argument("--digest", help="of the story as `check` validated it; without it the story is validated here")
    parser.add_argument("--workspace", type=Path, required=True, help="the story's directory")
    parser.add_argument("--shards", default="1", metavar="N", help="number of shards of a step: the GPUs of a node")
    parser.add_argument("--shards-file", type=Path, required=True, help='a JSON list is written there: ["0/2", "1/2"]')
    options = parser.parse_args(arguments)

    shards = shard_count(options.shards)
    workspace = Workspace(options.workspace)
    storage = Storage.from_environment()
    with load_story(storage, Address.parse(options.story)) as loaded:
        story = loaded.require_digest(options.digest) if options.digest else loaded.require_valid()
        set_log_context(story=story.id, revision=story.revision)
        workspace.set_story(story)
        link_voice_weights(workspace, story.voice, storage)
        progress = Progress.from_environment(NAME)
        write_inputs(workspace, story, loaded, progress)
    if units := unit_cache.unit_cache_address():
        unit_cache.restore_units(workspace, story, units, progress)
    write_atomically(options.shards_file, json.dumps([f"{number}/{shards}" for number in range(shards)]))


def write_inputs(workspace: Workspace, story: Story, loaded: LoadedStory, progress: Progress) -> None:
    """Write what the steps read, scene by scene."""
    scripts = build_scripts(story, loaded)
    progress.set_total(len(story.scenes), "scenes")
    for index, scene in enumerate(story.scenes):
        with progress.unit(f"scene {index:02d}", 1):
            source = loaded.pictures[scene.picture.file]
            asset = scene_file("assets", index, ".jpg")
            key = work_key(NAME, PICTURE_VERSION, {}, [source])
            if not workspace.link_unit(NAME, key, [asset]):
                with workspace.atomic_outputs(NAME, key, [asset]) as [draft]:
                    normalise_picture(source, draft)
            write_if_changed(
                workspace.path(scene_file("script", index, ".json")), scripts[index].model_dump_json(indent=2) + "\n"
            )
    digest = loaded.digest
    if digest is None:
        raise AssertionError("a valid story has a digest")
    origin = Origin(story_digest=digest, software_digest=software_digest(), release=release())
    write_if_changed(workspace.path(ORIGIN), origin.model_dump_json(indent=2) + "\n")


def build_scripts(story: Story, loaded: LoadedStory) -> list[Script]:
    """The script of each scene. Raises BadInput that lists every scene that cannot be spoken, with its line."""
    lexicon = Lexicon.of(brand_pronunciations(story.brand), story.pronunciations)
    scripts: list[Script] = []
    faults: list[Fault] = []
    for index, scene in enumerate(story.scenes):
        try:
            scripts.append(script_of(scene.narration, lexicon))
        except BadInput as fault:
            faults.append(loaded.file.fault(("scenes", index, "narration"), str(fault)))
    loaded.file.require_valid(*faults)
    return scripts


def write_if_changed(path: Path, content: str) -> None:
    if not path.is_file() or path.read_bytes() != content.encode():
        write_atomically(path, content)
