"""A story from its file: YAML or JSON, every fault at once, each with its line and in plain words.

budget.yaml:14: scenes[2].picture.file: is missing
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from steps.errors import BadInput
from steps.story import Picture, Scene, Story
from steps.story_tree import Fault, Path, Tree, read_tree

__all__ = ["StoryFile", "parse_story", "read_story", "schema"]

MOST_FAULTS_SHOWN: Final = 100
KEY: Final = "[key]"
"""What pydantic puts behind a key that is itself at fault."""
MODELS: Final[tuple[type[BaseModel], ...]] = (Story, Scene, Picture)


@dataclass(frozen=True)
class StoryFile:
    """What a file holds: a story, or what is wrong with it."""

    name: str
    """What a person calls the file, as it stands before each fault."""
    tree: Tree
    story: Story | None
    faults: tuple[Fault, ...]

    def pictures(self) -> Iterator[tuple[Path, str]]:
        """The picture of each scene, also of a story with faults: where it is named, and the name, which is sound."""
        faulty = {fault.path for fault in self.faults}
        scenes = self.tree.value.get("scenes") if isinstance(self.tree.value, dict) else None
        for index, scene in enumerate(scenes if isinstance(scenes, list) else ()):
            path: Path = ("scenes", index, "picture", "file")
            name = scene.get("picture", {}) if isinstance(scene, dict) else None
            name = name.get("file") if isinstance(name, dict) else None
            if isinstance(name, str) and not any(path[:length] in faulty for length in range(len(path) + 1)):
                yield path, name

    def fault(self, path: Path, message: str) -> Fault:
        """A fault that only a look at more than the text can find."""
        return Fault(self.tree.line(path), path, message)

    def sound(self, *more: Fault) -> Story:
        """The story. Raises BadInput that lists all faults, with those found elsewhere."""
        faults = sorted((*self.faults, *more), key=lambda fault: fault.line)
        if not faults and self.story:
            return self.story
        lines = [f"{self.name}:{fault}" for fault in faults[:MOST_FAULTS_SHOWN]]
        if len(faults) > 1:
            lines.insert(0, f"{self.name}: {len(faults):,} faults")
        if len(faults) > MOST_FAULTS_SHOWN:
            lines.append(f"{self.name}: and {len(faults) - MOST_FAULTS_SHOWN:,} more")
        raise BadInput("\n".join(lines))


def read_story(text: bytes, name: str) -> Story:
    """A story from YAML or JSON. Raises BadInput: one line for one fault, else their number and a line for each."""
    return parse_story(text, name).sound()


def parse_story(text: bytes, name: str) -> StoryFile:
    """Like `read_story`, for who has more to check before the story is refused."""
    tree = read_tree(text)
    if not tree.lines:
        return StoryFile(name, tree, None, tuple(tree.faults))
    try:
        story = Story.model_validate(tree.value)
    except ValidationError as found:
        return StoryFile(name, tree, None, (*tree.faults, *faults_of(found, tree)))
    return StoryFile(name, tree, story, tuple(tree.faults))


def schema() -> dict[str, Any]:
    """The contract as JSON Schema, for editors and for other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Story.model_json_schema(), "title": "A newsreel story"}


def faults_of(found: ValidationError, tree: Tree) -> Iterator[Fault]:
    """Pydantic's findings in our words; what only follows from a fault already told is left out."""
    told = {fault.path for fault in tree.faults}
    details = found.errors(include_url=False)
    meant = {alike for error in details if error["type"] == "extra_forbidden" and (alike := meant_by(error["loc"]))}
    for error in details:
        path = tuple(part for part in error["loc"] if part != KEY)
        missing_by_a_slip = error["type"] == "missing" and path in meant
        if not missing_by_a_slip and not any(path[:length] in told for length in range(1, len(path) + 1)):
            yield Fault(tree.line(path), path, in_plain_words(error))


def in_plain_words(error: ErrorDetails) -> str:
    value, limits = error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            alike = meant_by(error["loc"])
            return (
                f"is unknown; did you mean {alike[-1]!r}?"
                if alike
                else f"is unknown; known: {', '.join(keys_at(error['loc'][:-1]))}"
            )
        case "string_type" if value is None:
            return "is empty"
        case "string_type" if isinstance(value, bool | int | float):
            return "must be text; put it in quotes"
        case "string_type":
            return f"must be text, not {kind_of(value)}"
        case "int_type" | "int_from_float":
            return "must be a whole number" + ("" if not isinstance(value, str) else ", without quotes")
        case "list_type" | "model_type" | "dict_type":
            wanted = "a list; begin each entry with '- '" if error["type"] == "list_type" else "keys with values, one a line"
            return f"must be {wanted}"
        case "too_short" | "string_too_short":
            return "is empty"
        case "too_long" | "string_too_long":
            counted = "characters" if isinstance(value, str) else "entries"
            return f"must be at most {limits['max_length']:,} {counted}, has {len(value):,}"
        case "literal_error":
            return f"must be {limits['expected']}"
        case "greater_than_equal":
            return f"must be at least {limits['ge']:,}"
        case "less_than_equal":
            return f"must be at most {limits['le']:,}"
        case "string_pattern_mismatch":
            return "must be 1 to 40 lower-case letters, digits and hyphens, such as budget-2026"
        case "value_error":
            return str(limits["error"])
    return error["msg"][0].lower() + error["msg"][1:]


def kind_of(value: object) -> str:
    return "a list" if isinstance(value, list) else "keys with values"


def meant_by(path: Path) -> Path | None:
    """The known key that an unknown one is a slip of."""
    close = get_close_matches(str(path[-1]), keys_at(path[:-1]), n=1)
    return (*path[:-1], close[0]) if close else None


def keys_at(path: Path) -> list[str]:
    """The keys a story may have there."""
    model: type[BaseModel] = Story
    for part in path:
        if isinstance(part, str):
            kind = model.model_fields[part].annotation
            model = next(known for known in MODELS if known in (kind, *get_args(kind)))
    return list(model.model_fields)
