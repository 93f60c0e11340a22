"""`newsreel config migrate`: one newsreel.yaml of settings.yaml and pool.yaml, the two files of earlier releases.

Every value is kept, and the manifests stay what they were: what on GKE would now follow from the cluster's name, and was another
value before, is written out. What cannot be kept is reported, and nothing is written.
"""

import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from newsreel.config import names
from newsreel.config.file import former_keys, parse_config, read_bytes, validate
from newsreel.config.model import Config, GkeConfig, Manager
from newsreel.config.settings import Settings, price_list, settings_of
from newsreel.errors import BadInput, pluralize
from newsreel.files import write_atomically
from newsreel.runtime.usage import PRICE_LIST_PATTERN, Prices
from newsreel.yaml_source import Fault, SourceTree, read_tree

Document = dict[str, Any]
PLACES = {each.name: (each.metadata["group"], each.metadata["name"]) for each in fields(Settings) if each.metadata}
"""Keys of settings.yaml, and where newsreel.yaml has them."""
GROUPS = ("events", "newsroom", "manager", "monitoring")
CONSTANTS = {
    ("step_account",): names.STEP_ACCOUNT,
    ("storage_account",): names.STORAGE_ACCOUNT,
    ("executor_account",): names.EXECUTOR_ACCOUNT,
    ("reconciler_account",): names.RECONCILER_ACCOUNT,
    ("gpus_a_node",): 1,
    ("events", "submitter_account"): names.SUBMITTER_ACCOUNT,
    ("events", "events_account"): names.EVENTS_ACCOUNT,
    ("events", "watch_account"): names.WATCH_ACCOUNT,
    ("events", "bus_version"): "2.10.10",
    ("newsroom", "account"): names.NEWSROOM_ACCOUNT,
    ("manager", "account"): names.MANAGER_ACCOUNT,
}
"""Keys of settings.yaml that have gone, with the values that they have now."""
MOVED = {
    ("offers",): ("node_pools",),
    ("start_seconds",): ("delays", "start_seconds"),
    ("remove_seconds",): ("delays", "remove_seconds"),
    ("operation_seconds",): ("delays", "operation_seconds"),
    ("site", "kept"): ("site", "retention"),
    ("site", "editors"): ("cluster", "editors"),
    ("site", "newsroom"): ("newsroom",),
}
"""Keys of pool.yaml that have moved."""


def migrate(settings: Path | None, pool: Path | None, to: Path) -> int:
    """A settings.yaml that names no pool.yaml is of an installation not on GKE: then only --pool takes one in.

    Raises BadInput for values that cannot be kept, and where there is nothing to read or `to` is there already.
    """
    if to.exists():
        raise BadInput(f"{to}: is there already; --to names another file, or remove it")
    settings = settings or existing(Path("settings.yaml"))
    pool = pool or (existing(Path("cluster/pool.yaml")) if not settings else None)
    text, document, moves, sources = converted(settings, pool, str(to))
    write_atomically(to, text)
    named = " and ".join(str(path) for path in sources)
    print(f"{to}: {pluralize(count(document), 'value')} of {named}; their comments are not in it", *moves, sep="\n")
    return 0


def former_file(path: Path, option: str, folder: Path) -> Path:
    """For an option's former name: the file, or a newsreel.yaml in `folder` made of a settings.yaml or pool.yaml."""
    if not former_keys(read(path)):
        return path
    settings, pool = (path, None) if option == "--settings" else (None, path)
    text, *_ = converted(settings, pool, str(path))
    write_atomically(folder / path.name, text)
    print(
        f"{path}: is read as of earlier releases, until the next; newsreel config migrate makes a newsreel.yaml of it",
        file=sys.stderr,
    )
    return folder / path.name


def converted(settings: Path | None, pool: Path | None, name: str) -> tuple[str, Document, list[str], list[Path]]:
    """Text and document of a newsreel.yaml, what has moved, and the files it was made of. Raises BadInput."""
    old = read(settings) if settings else {}
    manager = old.get("manager") if isinstance(old.get("manager"), dict) else {}
    if settings and not pool and manager and "pool" in manager:
        pool = settings.parent / str(manager["pool"])
    if not settings and not pool:
        raise BadInput("neither settings.yaml nor cluster/pool.yaml is here; --settings and --pool name them")
    document: Document = {}
    moves = [*take_pool(read(pool), document)] if pool else []
    moves += take_settings(old, document)
    if settings and pool:
        keep_manifests(document, old, wanted=old_settings(old, pool))
    config = validated(document)
    text = HEADER + yaml.safe_dump(in_order(document), sort_keys=False, width=120, allow_unicode=True)
    if settings_of(parse_config(text.encode(), name)) != settings_of(config):
        raise BadInput(f"{name}: would not be read as it was meant; please report this")
    return text, document, moves, [path for path in (settings, pool) if path]


HEADER = "# Made by `newsreel config migrate`; cluster/newsreel.yaml of the repository describes all that may be here.\n"


def existing(path: Path) -> Path | None:
    return path if path.exists() else None


def read(path: Path) -> Document:
    tree = read_tree(read_bytes(path))
    if tree.faults == [Fault(1, (), "is empty")]:
        return {}
    if tree.faults or not isinstance(tree.value, dict):
        raise BadInput("\n".join(f"{path}:{fault}" for fault in tree.faults) or f"{path}: must be keys with values")
    return tree.value


def take_pool(old: Document, document: Document) -> Iterator[str]:
    for name, value in old.items():
        if (name,) not in MOVED:
            document[name] = dict(value) if isinstance(value, dict) else value
    for path, place in MOVED.items():
        group = old if len(path) == 1 else old.get(path[0])
        if not isinstance(group, dict) or path[-1] not in group:
            continue
        if len(path) > 1 and isinstance(document.get(path[0]), dict):
            del document[path[0]][path[-1]]
        put(document, place, group[path[-1]], ".".join(path))
        yield f"{'.'.join(path)} -> {'.'.join(place)}"


def take_settings(old: Document, document: Document) -> Iterator[str]:
    """Raises BadInput for values that nothing takes any more."""
    gone = [(path, value) for path, value in dropped(old) if value != CONSTANTS[path]]
    if lost := [f"{'.'.join(path)}: {value!r} is now always {CONSTANTS[path]!r}" for path, value in gone]:
        raise BadInput("\n".join(lost))
    for name, value in old.items():
        if name in GROUPS and isinstance(value, dict):
            for key, inner in value.items():
                if (name, key) not in CONSTANTS and (name, key) != ("manager", "pool"):
                    put(document, (name, key), inner, f"{name}.{key}")
            document.setdefault(name, {})
        elif name == "prices" and isinstance(value, str) and PRICE_LIST_PATTERN.fullmatch(value):
            prices = Prices.parse(value)
            put(document, ("prices", "currency"), prices.currency, name)
            put(document, ("prices", "nodes"), dict(prices.per_hour), name)
            yield f"{name} -> prices.nodes"
        elif (name,) not in CONSTANTS:
            place = PLACES.get(name, (name,))
            put(document, place, value, name)
            if place != (name,):
                yield f"{name} -> {'.'.join(place)}"


def dropped(old: Document) -> Iterator[tuple[tuple[str, ...], Any]]:
    for path in CONSTANTS:
        group = old if len(path) == 1 else old.get(path[0])
        if isinstance(group, dict) and path[-1] in group:
            yield path, group[path[-1]]


def put(document: Document, place: tuple[str, ...], value: Any, source: str) -> None:
    """Raises BadInput where another value is there; an empty list, as the example had some, gives way."""
    group = document if len(place) == 1 else document.setdefault(place[0], {})
    if not isinstance(group, dict):
        raise BadInput(f"{source}: cannot be in {place[0]}, which has no keys")
    if group.get(place[-1]) == []:
        group[place[-1]] = value
    if group.setdefault(place[-1], value) != value:
        raise BadInput(f"{source}: is {value!r} in one file and {group[place[-1]]!r} in the other; make them agree")


def old_settings(old: Document, pool: Path) -> Settings:
    """What earlier releases made of the two files."""
    of_settings: Document = {}
    list(take_settings({name: value for name, value in old.items() if name != "manager"}, of_settings))
    of_pool: Document = {}
    list(take_pool(read(pool), of_pool))
    settings, config = settings_of(validated(of_settings)), validated(of_pool)
    if not old.get("manager") or not isinstance(config, GkeConfig):
        return settings
    return replace(
        settings,
        manager=Manager(**{name: value for name, value in old["manager"].items() if name in Manager.model_fields}),
        stories_at_once=settings.stories_at_once if "stories_at_once" in old else config.stories_at_once,
        prices=settings.prices or price_list(config),
    )


def keep_manifests(document: Document, old: Document, wanted: Settings) -> None:
    """Write out what would now be derived otherwise. Raises BadInput where that is not enough."""
    if wanted.newsroom:
        for name in ("client", "admits"):
            document["newsroom"].setdefault(name, to_jsonable_python(getattr(wanted.newsroom, name)))
    for name in GROUPS:
        if getattr(wanted, name) is None:
            put(document, (name,), None, name)
    found = settings_of(validated(document))
    for name, place in PLACES.items():
        if getattr(found, name) != getattr(wanted, name):
            put(document, place, to_jsonable_python(getattr(wanted, name)), name)
    for name in GROUPS:
        before, now = getattr(wanted, name), getattr(found, name)
        for key in type(before).model_fields if before and now else ():
            if getattr(before, key) != getattr(now, key):
                put(document, (name, key), to_jsonable_python(getattr(before, key)), f"{name}.{key}")
    if found.prices != wanted.prices and wanted.prices is None:
        put(document, ("prices", "nodes"), {}, "prices")
    now_found = replace(settings_of(validated(document)), config=wanted.config)
    if changed := [each.name for each in fields(Settings) if getattr(now_found, each.name) != getattr(wanted, each.name)]:
        raise BadInput(f"manifests would change: {', '.join(changed)}; make the two files agree")


def validated(document: Document) -> Config:
    return validate(SourceTree(value=document), "", GkeConfig if document.get("site") else Config)


def in_order(document: Document) -> Document:
    return {name: document[name] for name in Config.model_fields if name in document}


def count(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if inner is None else sum(map(count, inner))
