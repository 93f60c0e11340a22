"""Strict pydantic models, and the one translation of their errors into sentences for people.

A fault names the file, the line and the path of the value, and says what to write instead; pydantic's messages are never shown:

    budget.yaml:14: scenes[2].picture.file: is missing
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, RootModel, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from newsreel.errors import BadInput
from newsreel.yaml_source import MAX_VALUES, Fault, SourceTree, ValuePath, read_tree

Model = TypeVar("Model", bound=BaseModel)
MAX_FAULTS_SHOWN: Final = 100
KEY_MARKER: Final = "[key]"
"""What pydantic puts behind a mapping's key that is itself at fault."""
NOT_A_DATE: Final = "must be a date and time with its offset from UTC, such as 2026-05-03T12:00:00+00:00"


class StrictModel(BaseModel):
    """A frozen model that refuses unknown fields. `class Name(StrictModel, strict=True)` converts no types either."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Matches:
    """Text that must match a regular expression as a whole: `Annotated[str, Matches("^[a-z]+$", "must be letters a-z")]`."""

    pattern: str
    message: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"pattern": self.pattern}

    def check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(self.message)
        return text


@dataclass(frozen=True)
class OneOf:
    """Text that must be one of the known names of a kind; the JSON Schema lists them."""

    kind: str
    names: frozenset[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"enum": sorted(self.names)}

    def check(self, name: str) -> str:
        if name not in self.names:
            raise ValueError(f"unknown {self.kind} {name!r}; known: {', '.join(sorted(self.names))}")
        return name


def parse_document(content: bytes, name: str, model: type[Model], max_values: int = MAX_VALUES) -> Model:
    """Read a YAML or JSON document into a model. `name` is what to call the document in messages.

    A document without any value is read as an empty mapping. Raises BadInput that lists every fault.
    """
    tree = read_tree(content, max_values)
    if not tree.lines and tree.faults == [Fault(1, (), "is empty")]:
        tree.value, tree.faults = {}, []
    try:
        parsed = None if not tree.lines and tree.faults else model.model_validate(tree.value)
    except ValidationError as error:
        raise bad_input(name, [*tree.faults, *validation_faults(error, model, tree)]) from error
    if parsed is None or tree.faults:
        raise bad_input(name, tree.faults)
    return parsed


def bad_input(name: str, faults: Iterable[Fault]) -> BadInput:
    """All faults of one document as an error, in the order of their lines, below a line that counts them."""
    faults = sorted(faults, key=lambda fault: fault.line)
    lines = [f"{name}:{fault}" for fault in faults[:MAX_FAULTS_SHOWN]]
    if len(faults) > 1:
        lines.insert(0, f"{name}: {len(faults):,} faults")
    if len(faults) > MAX_FAULTS_SHOWN:
        lines.append(f"{name}: and {len(faults) - MAX_FAULTS_SHOWN:,} more")
    return BadInput("\n".join(lines))


def validation_faults(error: ValidationError, model: Any, tree: SourceTree) -> Iterator[Fault]:
    """Pydantic's errors as faults. Errors that only follow from another fault are left out."""
    faulty = {fault.path for fault in tree.faults}
    details = error.errors(include_url=False)
    unknown = (each["loc"] for each in details if each["type"] in UNKNOWN_FIELD)
    intended = {close for path in unknown if (close := did_you_mean(model, path))}
    for each in details:
        path = tuple(part for part in each["loc"] if part != KEY_MARKER)
        misspelt = each["type"] == "missing" and path in intended
        # A list is too short also when one of its entries is at fault.
        shortened = each["type"] == "too_short" and any(
            other["loc"] != path and other["loc"][: len(path)] == path for other in details
        )
        if not misspelt and not shortened and not any(path[:length] in faulty for length in range(1, len(path) + 1)):
            yield Fault(tree.line(path), path, format_validation_error(each, model))


UNKNOWN_FIELD: Final = frozenset({"extra_forbidden", "unexpected_keyword_argument"})


def format_validation_error(error: ErrorDetails, model: Any) -> str:
    """One pydantic error as a sentence without its subject: `must be at least 1`."""
    value, limits, path = error["input"], error.get("ctx", {}), error["loc"]
    match error["type"]:
        case "missing":
            return "is missing"
        case kind if kind in UNKNOWN_FIELD:
            close = did_you_mean(model, path)
            known = ", ".join(known_fields(model, path[:-1]))
            return f"is unknown; did you mean {close[-1]!r}?" if close else f"is unknown; known: {known}"
        case "value_error":
            return str(limits["error"])
        case "literal_error" | "enum":
            return f"must be {limits['expected']}"
        case "string_pattern_mismatch":
            return f"must match {limits['pattern']}"
        case "too_short" | "string_too_short" if limits["min_length"] == 1:
            return "is empty"
        case "too_short" | "string_too_short" | "too_long" | "string_too_long" as kind:
            bound = f"at most {limits['max_length']:,}" if "long" in kind else f"at least {limits['min_length']:,}"
            return f"must be {bound} {'characters' if isinstance(value, str) else 'entries'}, has {len(value):,}"
        case kind:
            return (
                format_type_error(kind, value) or format_limit_error(kind, limits) or f"is not valid ({kind.replace('_', ' ')})"
            )


def format_type_error(kind: str, value: object) -> str | None:
    """An error of a value's type; None for any other."""
    match kind:
        case "string_type" | "int_type" | "float_type" | "bool_type" if value is None:
            return "is empty"
        case "string_type" if isinstance(value, bool | int | float):
            return "must be text; put it in quotes"
        case "string_type":
            return f"must be text, not {describe_type(value)}"
        case "int_type" | "int_from_float" | "int_parsing":
            return "must be a whole number" + (", without quotes" if isinstance(value, str) else "")
        case "float_type" | "float_parsing":
            return "must be a number"
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case "finite_number":
            return "must be a finite number"
        case "list_type" | "tuple_type":
            return "must be a list; begin each entry with '- '"
        case "model_type" | "dict_type" | "dataclass_type" | "model_attributes_type":
            return "must be keys with values, one a line"
        case _ if kind.startswith(("datetime_", "timezone_")):
            return NOT_A_DATE
    return None


def format_limit_error(kind: str, limits: dict[str, Any]) -> str | None:
    """An error of a number's size; None for any other."""
    match kind:
        case "greater_than_equal":
            return f"must be at least {limits['ge']:,}"
        case "greater_than":
            return f"must be more than {limits['gt']:,}"
        case "less_than_equal":
            return f"must be at most {limits['le']:,}"
        case "less_than":
            return f"must be less than {limits['lt']:,}"
        case "multiple_of":
            return f"must be a multiple of {limits['multiple_of']:,}"
    return None


def describe_type(value: object) -> str:
    return "a list" if isinstance(value, list) else "keys with values"


def did_you_mean(model: Any, path: ValuePath) -> ValuePath | None:
    """The path of the known field whose name is closest to an unknown one."""
    close = get_close_matches(str(path[-1]), known_fields(model, path[:-1]), n=1)
    return (*path[:-1], close[0]) if close else None


def known_fields(model: Any, path: ValuePath) -> Sequence[str]:
    """The fields that a document of this model may have at a path: `known_fields(Story, ("scenes", 0))` are those of a scene."""
    for part in path:
        if isinstance(model, type) and issubclass(model, RootModel):
            model = model.model_fields["root"].annotation
        model = get_args(model)[1] if get_origin(model) is dict else fields_of(model).get(str(part), model)
    return list(fields_of(model))


def fields_of(kind: Any) -> dict[str, Any]:
    """The fields, with their types, of the model or dataclass in an annotation such as `list[Scene]` or `Site | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return {field.name: field.type for field in fields(kind)}
    return next((found for each in get_args(kind) if (found := fields_of(each))), {})
