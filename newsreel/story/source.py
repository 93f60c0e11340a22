"""A story from its file: YAML or JSON, every fault at once, each with its line and in plain words.

budget.yaml:14: scenes[2].picture.file: is missing

A story's text as plain values, each with the line it stands on.

YAML is read as JSON with comments, indentation and unquoted text: no anchors, aliases, tags, repeated keys or further documents.
What unquoted text means follows YAML 1.2's core schema (section 10.3), so `no` and `12:30` are text, not False and 750.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from newsreel.errors import BadInput
from newsreel.story.schema import Picture, Scene, Story

ValuePath = tuple[str | int, ...]
"""`("scenes", 2, "picture", "file")`."""
MAX_TREE_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 8
MAX_VALUES: Final = 2000
"""A story of 60 scenes has some 500. More is an attack on whoever reads it, so reading ends there."""
UNQUOTED_TYPES: Final[tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...]] = (
    (re.compile(r"null|~|"), lambda _: None),
    (re.compile(r"true|false"), "true".__eq__),
    (re.compile(r"-?(0|[1-9][0-9]{0,14})"), int),
    (re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][-+]?[0-9]{1,3})?"), float),
)
"""What unquoted text may be other than text."""
FORBIDDEN_CHARACTERS: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
YAML_ERRORS: Final = {
    "mapping values are not allowed in this context": "a text with ': ' in it must be in quotes",
    "did not find expected key": "this is not 'key: value'; is a quote or the indentation wrong?",
    "found unexpected end of stream": "a quotation mark is not closed",
    "could not find expected ':'": "a key without ':'",
    "found invalid Unicode character escape code": "the escape of a character, such as an emoji, that cannot be spoken or drawn",
}


@dataclass(frozen=True)
class Fault:
    """Something to mend. `str()` is `14: scenes[2].picture.file: is missing`."""

    line: int
    path: ValuePath
    message: str

    def __str__(self) -> str:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")
        return f"{self.line}: {where}: {self.message}" if where else f"{self.line}: {self.message}"


@dataclass
class SourceTree:
    """Mappings, lists and scalars as JSON has them, where each stands, and what is wrong with the text itself."""

    value: Any = None
    lines: dict[ValuePath, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: ValuePath) -> int:
        """Where a value stands; for one that is missing, where its surroundings begin."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_tree(content: bytes) -> SourceTree:
    """Read YAML or JSON (what begins with a brace). Of a text that breaks off at a fault, `value` is None."""
    if len(content) > MAX_TREE_BYTES:
        return unreadable_source(1, f"is larger than {MAX_TREE_BYTES // 1_000_000} MB; no story is")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return unreadable_source(content.count(b"\n", 0, fault.start) + 1, "is not UTF-8; save it as UTF-8")
    if strange := FORBIDDEN_CHARACTERS.search(text):
        return unreadable_source(
            text.count("\n", 0, strange.start()) + 1, f"the character U+{ord(strange[0]):04X} is not allowed; remove it"
        )
    try:
        if text.lstrip().startswith("{"):
            json.loads(text, parse_int=str, parse_float=str)
            text = text.replace("\t", " ")  # Sound JSON has tabs only between its parts, where YAML does not like them.
        return TreeBuilder(yaml.parse(text, Loader=yaml.CSafeLoader)).build()
    except json.JSONDecodeError as fault:
        return unreadable_source(fault.lineno, f"is not JSON: {fault.msg[0].lower()}{fault.msg[1:]}, column {fault.colno}")
    except (SourceTooLarge, RecursionError) as fault:
        return unreadable_source(
            fault.line if isinstance(fault, SourceTooLarge) else 1, "is nested too deeply or too long to be a story"
        )
    except yaml.MarkedYAMLError as fault:
        return unreadable_source(fault.problem_mark.line + 1 if fault.problem_mark else 1, describe_yaml_error(fault, text))


def unreadable_source(line: int, message: str) -> SourceTree:
    return SourceTree(faults=[Fault(line, (), message)])


def describe_yaml_error(fault: yaml.MarkedYAMLError, text: str) -> str:
    problem, mark = fault.problem or "is not YAML", fault.problem_mark
    if mark and problem == "found character that cannot start any token":
        sign = text.splitlines()[mark.line][mark.column]
        return "indent with blanks, not with tabs" if sign == "\t" else f"a text that begins with {sign!r} must be in quotes"
    return YAML_ERRORS.get(problem, f"is not YAML: {problem}")


class SourceTooLarge(Exception):
    def __init__(self, event: yaml.Event) -> None:
        self.line = event_line(event)


class TreeBuilder:
    """Makes a Tree from the events of a YAML parser (PyYAML, `yaml.parse`)."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.tree = SourceTree()
        self.values_seen = 0

    def build(self) -> SourceTree:
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                if () in self.tree.lines:
                    self.fault(event, (), "a second document begins here; a story is one")
                    break
                self.tree.value = self.value(event, ())
        if () not in self.tree.lines:
            self.tree.faults.append(Fault(1, (), "is empty"))
        return self.tree

    def value(self, event: yaml.NodeEvent, path: ValuePath) -> Any:
        self.values_seen += 1
        if len(path) > MAX_DEPTH or self.values_seen > MAX_VALUES:
            raise SourceTooLarge(event)
        self.tree.lines.setdefault(path, event_line(event))
        anchor = (event.anchor or "")[:40]
        if isinstance(event, yaml.AliasEvent):
            self.fault(event, path, f"an alias (*{anchor}) is not allowed; write it out")
            return None
        if anchor:
            self.fault(event, path, f"an anchor (&{anchor}) is not allowed; remove it")
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
            self.fault(event, path, f"a tag ({event.tag[:40]!a}) is not allowed; put a text that begins with '!' in quotes")
        if isinstance(event, yaml.ScalarEvent):
            return parse_scalar(event)
        return self.sequence(path) if isinstance(event, yaml.SequenceStartEvent) else self.mapping(path)

    def sequence(self, path: ValuePath) -> list[Any]:
        values: list[Any] = []
        while isinstance(event := next(self.events), yaml.NodeEvent):
            values.append(self.value(event, (*path, len(values))))
        return values

    def mapping(self, path: ValuePath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while isinstance(event := next(self.events), yaml.NodeEvent):
            key = self.key(event, path)
            inside = (*path, key)
            if repeated := key in values:
                self.fault(event, inside, f"is here twice; the first is in line {self.tree.line(inside)}")
            self.tree.lines.setdefault(inside, event_line(event))
            value = self.value(next_node(self.events), inside)
            if not repeated:
                values[key] = value
        return values

    def key(self, event: yaml.NodeEvent, path: ValuePath) -> str:
        """A key as text that may be shown; one that is not plain text is a fault and gets a name of its own."""
        if isinstance(event, yaml.ScalarEvent) and event.value and not event.anchor and not event.tag:
            return event.value if event.value.isprintable() and len(event.value) <= 60 else ascii(event.value)[:60]
        self.fault(event, path, "a key must be a plain word; a text that begins with '{' or '[' must be in quotes")
        if isinstance(event, yaml.CollectionStartEvent):
            self.skip()
        return f"(line {event_line(event)})"

    def skip(self) -> None:
        """Pass over what is left of the collection that has just begun."""
        depth = 1
        while depth:
            event = next(self.events)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise SourceTooLarge(event)

    def fault(self, event: yaml.Event, path: ValuePath, message: str) -> None:
        self.tree.faults.append(Fault(event_line(event), path, message))


def parse_scalar(event: yaml.ScalarEvent) -> Any:
    if not event.style and not event.tag:
        for pattern, meaning in UNQUOTED_TYPES:
            if pattern.fullmatch(event.value):
                return meaning(event.value)
    return event.value


def next_node(events: Iterator[yaml.Event]) -> yaml.NodeEvent:
    event = next(events)
    if not isinstance(event, yaml.NodeEvent):
        raise TypeError(f"a parser gave {event} where a value must be")
    return event


def event_line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


MAX_FAULTS_SHOWN: Final = 100
KEY_MARKER: Final = "[key]"
"""What pydantic puts behind a key that is itself at fault."""
MODELS: Final[tuple[type[BaseModel], ...]] = (Story, Scene, Picture)


@dataclass(frozen=True)
class StoryFile:
    """What a file holds: a story, or what is wrong with it."""

    name: str
    """What a person calls the file, as it stands before each fault."""
    tree: SourceTree
    story: Story | None
    faults: tuple[Fault, ...]

    def pictures(self) -> Iterator[tuple[ValuePath, str]]:
        """The picture of each scene, also of a story with faults: where it is named, and the name, which is sound."""
        faulty = {fault.path for fault in self.faults}
        scenes = self.tree.value.get("scenes") if isinstance(self.tree.value, dict) else None
        for index, scene in enumerate(scenes if isinstance(scenes, list) else ()):
            path: ValuePath = ("scenes", index, "picture", "file")
            name = scene.get("picture", {}) if isinstance(scene, dict) else None
            name = name.get("file") if isinstance(name, dict) else None
            if isinstance(name, str) and not any(path[:length] in faulty for length in range(len(path) + 1)):
                yield path, name

    def fault(self, path: ValuePath, message: str) -> Fault:
        """A fault that only a look at more than the text can find."""
        return Fault(self.tree.line(path), path, message)

    def require_valid(self, *more: Fault) -> Story:
        """The story. Raises BadInput that lists all faults, with those found elsewhere."""
        faults = sorted((*self.faults, *more), key=lambda fault: fault.line)
        if not faults and self.story:
            return self.story
        lines = [f"{self.name}:{fault}" for fault in faults[:MAX_FAULTS_SHOWN]]
        if len(faults) > 1:
            lines.insert(0, f"{self.name}: {len(faults):,} faults")
        if len(faults) > MAX_FAULTS_SHOWN:
            lines.append(f"{self.name}: and {len(faults) - MAX_FAULTS_SHOWN:,} more")
        raise BadInput("\n".join(lines))


def read_story(text: bytes, name: str) -> Story:
    """A story from YAML or JSON. Raises BadInput: one line for one fault, else their number and a line for each."""
    return parse_story(text, name).require_valid()


def parse_story(text: bytes, name: str) -> StoryFile:
    """Like `read_story`, for who has more to check before the story is refused."""
    tree = read_tree(text)
    if not tree.lines:
        return StoryFile(name, tree, None, tuple(tree.faults))
    try:
        story = Story.model_validate(tree.value)
    except ValidationError as found:
        return StoryFile(name, tree, None, (*tree.faults, *validation_faults(found, tree)))
    return StoryFile(name, tree, story, tuple(tree.faults))


def story_json_schema() -> dict[str, Any]:
    """The contract as JSON Schema, for editors and for other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Story.model_json_schema(), "title": "A newsreel story"}


def validation_faults(found: ValidationError, tree: SourceTree) -> Iterator[Fault]:
    """Pydantic's findings in our words; what only follows from a fault already told is left out."""
    told = {fault.path for fault in tree.faults}
    details = found.errors(include_url=False)
    meant = {alike for error in details if error["type"] == "extra_forbidden" and (alike := did_you_mean(error["loc"]))}
    for error in details:
        path = tuple(part for part in error["loc"] if part != KEY_MARKER)
        missing_by_a_slip = error["type"] == "missing" and path in meant
        if not missing_by_a_slip and not any(path[:length] in told for length in range(1, len(path) + 1)):
            yield Fault(tree.line(path), path, format_validation_error(error))


def format_validation_error(error: ErrorDetails) -> str:
    value, limits = error["input"], error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            alike = did_you_mean(error["loc"])
            return (
                f"is unknown; did you mean {alike[-1]!r}?"
                if alike
                else f"is unknown; known: {', '.join(known_keys(error['loc'][:-1]))}"
            )
        case "string_type" if value is None:
            return "is empty"
        case "string_type" if isinstance(value, bool | int | float):
            return "must be text; put it in quotes"
        case "string_type":
            return f"must be text, not {describe_type(value)}"
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


def describe_type(value: object) -> str:
    return "a list" if isinstance(value, list) else "keys with values"


def did_you_mean(path: ValuePath) -> ValuePath | None:
    """The known key that an unknown one is a slip of."""
    close = get_close_matches(str(path[-1]), known_keys(path[:-1]), n=1)
    return (*path[:-1], close[0]) if close else None


def known_keys(path: ValuePath) -> list[str]:
    """The keys a story may have there."""
    model: type[BaseModel] = Story
    for part in path:
        if isinstance(part, str):
            kind = model.model_fields[part].annotation
            model = next(known for known in MODELS if known in (kind, *get_args(kind)))
    return list(model.model_fields)
