"""YAML and JSON documents as plain values, each with the line it stands on.

YAML is read as JSON with comments, indentation and unquoted text: no anchors, aliases, tags, repeated keys or further documents.
What unquoted text means follows YAML 1.2's core schema (section 10.3), so `no` and `12:30` are text, not False and 750.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from newsreel.yaml_text import nested_too_deeply

ValuePath = tuple[str | int, ...]
"""`("scenes", 2, "picture", "file")`."""
TOO_LARGE: Final = "is nested too deeply or too long"
MAX_TREE_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 8
MAX_VALUES: Final = 2000
"""The default limit. A story of 60 scenes has some 500 values; more is an attack on the reader, so reading stops there."""
UNQUOTED_TYPES: Final[tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...]] = (
    (re.compile(r"null|~|"), lambda _: None),
    (re.compile(r"true|false"), "true".__eq__),
    (re.compile(r"-?(0|[1-9][0-9]{0,14})"), int),
    (re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][-+]?[0-9]{1,3})?"), float),
)
"""The types that unquoted text may have besides text."""
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
    """One fault of a document. `str()` is `14: scenes[2].picture.file: is missing`."""

    line: int
    path: ValuePath
    message: str

    def __str__(self) -> str:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path).removeprefix(".")
        return f"{self.line}: {where}: {self.message}" if where else f"{self.line}: {self.message}"


@dataclass
class SourceTree:
    """A document as JSON values, the line of each value, and the faults of the text itself."""

    value: Any = None
    lines: dict[ValuePath, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: ValuePath) -> int:
        """The line of a value; of a missing value, the line where its mapping or list begins."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_tree(content: bytes, max_values: int = MAX_VALUES) -> SourceTree:
    """Read YAML, or JSON where the text begins with a brace. `value` is None where reading stopped at a fault."""
    if len(content) > MAX_TREE_BYTES:
        return unreadable_source(1, f"is larger than {MAX_TREE_BYTES // 1_000_000} MB")
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
            text = text.replace("\t", " ")  # Valid JSON has tabs only between its tokens, where YAML refuses them.
        return TreeBuilder(yaml.parse(text, Loader=yaml.CSafeLoader), max_values).build()
    except json.JSONDecodeError as fault:
        return unreadable_source(fault.lineno, f"is not JSON: {fault.msg[0].lower()}{fault.msg[1:]}, column {fault.colno}")
    except (SourceTooLarge, RecursionError) as fault:
        return unreadable_source(fault.line if isinstance(fault, SourceTooLarge) else 1, TOO_LARGE)
    except yaml.MarkedYAMLError as fault:
        message = TOO_LARGE if nested_too_deeply(fault) else describe_yaml_error(fault, text)
        return unreadable_source(fault.problem_mark.line + 1 if fault.problem_mark else 1, message)


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
    """Builds a `SourceTree` from the events of PyYAML's parser (`yaml.parse`)."""

    def __init__(self, events: Iterator[yaml.Event], max_values: int) -> None:
        self.events = events
        self.max_values = max_values
        self.tree = SourceTree()
        self.values_seen = 0

    def build(self) -> SourceTree:
        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                if () in self.tree.lines:
                    self.fault(event, (), "a second document begins here; only one is allowed")
                    break
                self.tree.value = self.value(event, ())
        if () not in self.tree.lines:
            self.tree.faults.append(Fault(1, (), "is empty"))
        return self.tree

    def value(self, event: yaml.NodeEvent, path: ValuePath) -> Any:
        self.values_seen += 1
        if len(path) > MAX_DEPTH or self.values_seen > self.max_values:
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
        """A key as printable text. A key that is not plain text is a fault and is replaced by its line number."""
        if isinstance(event, yaml.ScalarEvent) and event.value and not event.anchor and not event.tag:
            return event.value if event.value.isprintable() and len(event.value) <= 60 else ascii(event.value)[:60]
        self.fault(event, path, "a key must be a plain word; a text that begins with '{' or '[' must be in quotes")
        if isinstance(event, yaml.CollectionStartEvent):
            self.skip()
        return f"(line {event_line(event)})"

    def skip(self) -> None:
        """Skip the rest of the collection that has just begun."""
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
