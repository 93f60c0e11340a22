"""An installation's settings as a YAML file: the fields of `Settings`, those that differ from what is usual."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from newsreel.config.pools import pool_config
from newsreel.config.settings import Events, Manager, Settings
from newsreel.config.values import ImagePrefix, Project
from newsreel.errors import BadInput
from newsreel.storage.address import Address, AllowList
from newsreel.yaml_source import Fault, read_tree

EMPTY = [Fault(1, (), "is empty")]
"""What `read_tree` says of a file in which everything is as usual."""


def read_settings(path: Path) -> Settings:
    """Raises BadInput with a line for each field that is unknown or wrong."""
    try:
        tree = read_tree(path.read_bytes())
    except OSError as fault:
        raise BadInput(f"{path}: {(fault.strerror or str(fault)).lower()}") from fault
    told = {} if tree.faults == EMPTY else tree.value
    if tree.faults and tree.faults != EMPTY:
        raise BadInput("\n".join(f"{path}:{fault}" for fault in tree.faults))
    if not isinstance(told, dict):
        raise BadInput(f"{path}: must be a mapping of settings, such as `namespace: newsreel`")
    try:
        settings = TypeAdapter(Settings).validate_python(told)
    except ValidationError as found:
        faults = [Fault(tree.line(error["loc"]), error["loc"], describe_settings_error(error)) for error in found.errors()]
        raise BadInput("\n".join(f"{path}:{fault}" for fault in faults)) from found
    if faults := [Fault(tree.line(where), where, message) for where, message in at_odds(settings)]:
        raise BadInput("\n".join(f"{path}:{fault}" for fault in faults))
    return with_pool(settings, settings.manager, path.parent, told) if settings.manager else settings


def with_options(settings: Settings, images: str | None, project: str | None) -> Settings:
    """What `newsreel emit` was told by --images and --project goes in. Raises BadInput."""
    if images:
        settings = replace(settings, image_prefix=option("--images", ImagePrefix, images))
    if project:
        events = replace(settings.events or Events(), project=option("--project", Project, project))
        settings = replace(settings, events=events)
    if faults := [f"{'.'.join(where)}: {message}" for where, message in at_odds(settings)]:
        raise BadInput("\n".join(faults))
    return settings


def option(name: str, kind: Any, text: str) -> str:
    try:
        value: str = TypeAdapter(kind).validate_python(text)
    except ValidationError as found:
        raise BadInput(f"{name}: {describe_settings_error(found.errors()[0])}") from found
    return value


def at_odds(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is said in one place and would not work for what is said in another. Buckets are compared as the steps do it."""
    allowed = AllowList(prefixes=tuple(map(Address.parse, settings.addresses)))
    used = {"finals": settings.finals}
    if settings.events or settings.newsroom:
        used["stories"] = settings.stories
    for name, text in used.items():
        try:
            allowed.require(Address.parse(text))
        except BadInput as fault:
            yield (name,), str(fault)
    if settings.units:
        units = Address.parse(settings.units)
        if allowed.allows(units) or any(map(AllowList(prefixes=(units,)).allows, allowed.prefixes)):
            yield ("units",), f"{units}: must be apart from the addresses, which a story's sender may name: a bucket of its own"
    for name, called in (("webhook", settings.webhook), ("webhook_receivers", settings.webhook_receivers)):
        if called and not settings.webhook_addresses:
            yield (name,), "nobody is let out to it: webhook_addresses must say at which address blocks it is"


def describe_settings_error(error: ErrorDetails) -> str:
    match error["type"]:
        case "unexpected_keyword_argument":
            return unknown(error["loc"])
        case "missing":
            return "is missing"
        case "dataclass_type":
            return "must be keys with values"
        case "string_type" if isinstance(error["input"], bool | int | float):
            return "must be text; put it in quotes"
        case "tuple_type":
            return "must be a list"
        case _:
            message = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
            return message.replace("should", "must", 1)


def unknown(path: tuple[str | int, ...]) -> str:
    *group, name = path
    if group and name in names_at(()):
        return f"is unknown here; it is a setting of the whole installation: write `{name}` beside `{group[0]}`"
    return f"is unknown; known: {', '.join(names_at(path[:-1]))}"


def names_at(path: tuple[str | int, ...]) -> list[str]:
    """The settings that may stand where an unknown one does."""
    group: Any = Settings
    for name in path:
        [kind] = [field.type for field in fields(group) if field.name == name]
        group = next(one for one in (kind, *get_args(kind)) if is_dataclass(one))
    return [field.name for field in fields(group)]


def with_pool(settings: Settings, manager: Manager, folder: Path, told: dict[str, Any]) -> Settings:
    """What pool.yaml says goes in: its text, and how many stories its pools hold. Raises BadInput."""
    path = folder / manager.pool
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise BadInput(f"manager.pool: {path}: {(fault.strerror or str(fault)).lower()}") from fault
    parameters = pool_config(content, str(path))
    if parameters.cluster.mode == "cluster":
        raise BadInput(
            f"manager.pool: {path}: in mode `cluster` the manager takes the cluster away it would run in: run it outside"
        )
    return replace(
        settings,
        manager=replace(manager, pool=content.decode("utf-8-sig")),
        stories_at_once=settings.stories_at_once if "stories_at_once" in told else parameters.stories_at_once,
        prices=settings.prices or parameters.price_list,
    )
