"""A story from the text of its file, YAML or JSON, with every fault at once: its line, its path and what to write instead.

budget.yaml:14: scenes[2].picture.file: is missing
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from newsreel.story.schema import Story
from newsreel.validation import bad_input, validation_faults
from newsreel.yaml_source import Fault, SourceTree, ValuePath, read_tree


@dataclass(frozen=True)
class StoryFile:
    """The content of a story's file: a story, or what is wrong with it."""

    name: str
    """What a person calls the file; it stands before each fault."""
    tree: SourceTree
    story: Story | None
    faults: tuple[Fault, ...]

    def pictures(self) -> Iterator[tuple[ValuePath, str]]:
        """The path and the file name of each scene's picture, as far as they are valid, also of a story with faults."""
        faulty = {fault.path for fault in self.faults}
        scenes = self.tree.value.get("scenes") if isinstance(self.tree.value, dict) else None
        for index, scene in enumerate(scenes if isinstance(scenes, list) else ()):
            path: ValuePath = ("scenes", index, "picture", "file")
            name = scene.get("picture", {}) if isinstance(scene, dict) else None
            name = name.get("file") if isinstance(name, dict) else None
            if isinstance(name, str) and not any(path[:length] in faulty for length in range(len(path) + 1)):
                yield path, name

    def fault(self, path: ValuePath, message: str) -> Fault:
        """A fault that was found by other means than reading the text."""
        return Fault(self.tree.line(path), path, message)

    def require_valid(self, *more: Fault) -> Story:
        """The story. Raises BadInput that lists all faults, with those that were found elsewhere."""
        if not self.faults and not more and self.story:
            return self.story
        raise bad_input(self.name, (*self.faults, *more))


def read_story(text: bytes, name: str) -> Story:
    """A story from YAML or JSON. Raises BadInput that lists all faults."""
    return parse_story(text, name).require_valid()


def parse_story(text: bytes, name: str) -> StoryFile:
    """Like `read_story`, for callers that have more to check before the story is refused."""
    tree = read_tree(text)
    if not tree.lines:
        return StoryFile(name, tree, None, tuple(tree.faults))
    try:
        story = Story.model_validate(tree.value)
    except ValidationError as error:
        return StoryFile(name, tree, None, (*tree.faults, *validation_faults(error, Story, tree)))
    return StoryFile(name, tree, story, tuple(tree.faults))


def story_json_schema() -> dict[str, Any]:
    """The story's contract as JSON Schema, for editors and other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Story.model_json_schema(), "title": "A newsreel story"}
