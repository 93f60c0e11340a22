"""The stories that are rendered: the one that is given, with one scene changed, and several times as long."""

import shutil
from pathlib import Path

from newsreel.story.schema import Scene, Story
from newsreel.story.source import read_story

__all__ = ["SHEET", "changed", "read", "repeated", "write"]

SHEET = "story.json"
ADDED = "That much is new."


def read(path: Path) -> Story:
    """Raises BadInput for a story with faults."""
    return read_story(path.read_bytes(), str(path))


def write(story: Story, pictures: Path, folder: Path) -> Path:
    """The story as a file in a folder of its own, beside copies of its pictures, which lie in the folder `pictures`."""
    for name in {scene.picture.file for scene in story.scenes}:
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pictures / name, copy)
    path = folder / SHEET
    path.write_text(story.model_dump_json(indent=2), encoding="utf-8")
    return path


def changed(story: Story, number: int) -> Story:
    """The next revision, in which one scene says a sentence more."""
    scenes = [*story.scenes]
    scenes[number] = said(scenes[number], f"{scenes[number].narration} {ADDED}")
    return remade(story, scenes, revision=story.revision + 1)


def repeated(story: Story, times: int) -> Story:
    """The scenes over and over, each narration with words of its own before it, so that no scene is found to be done already.

    Raises pydantic's ValidationError where that is longer than a story may be.
    """
    scenes = [said(scene, f"Part {part}. {scene.narration}") for part in range(1, times + 1) for scene in story.scenes]
    return remade(story, scenes, id=f"{story.id[:34]}-x{times}")


def said(scene: Scene, narration: str) -> Scene:
    return scene.model_copy(update={"narration": narration})


def remade(story: Story, scenes: list[Scene], **changes: object) -> Story:
    """Checked like any story: `model_copy` alone checks nothing."""
    return Story.model_validate({**story.model_dump(), **changes, "scenes": [scene.model_dump() for scene in scenes]})
