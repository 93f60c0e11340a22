"""An installation's settings as a YAML file: the fields of `Settings`, those that differ from what is usual."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from cluster.manager.parameters import read_parameters
from steps.errors import BadInput
from workflows.settings import Manager, Settings

__all__ = ["read_settings"]


def read_settings(path: Path) -> Settings:
    """Raises BadInput that names every field that is unknown or wrong."""
    try:
        told = yaml.safe_load(path.read_bytes()) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise BadInput(f"{path}: cannot be read: {' '.join(str(fault).split())}") from fault
    if not isinstance(told, dict):
        raise BadInput(f"{path}: must be a mapping of settings, such as `namespace: newsreel`")
    known = [field.name for field in fields(Settings)]
    if unknown := [str(name) for name in told if name not in known]:
        raise BadInput(f"{path}: unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    try:
        settings = TypeAdapter(Settings).validate_python(told)
    except ValidationError as fault:
        wrong = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors())
        raise BadInput(f"{path}: {'; '.join(wrong)}") from fault
    if not f"{settings.finals}/".startswith(settings.addresses):
        raise BadInput(f"{path}: finals: {settings.finals} lies below none of the addresses: {', '.join(settings.addresses)}")
    return with_pool(settings, settings.manager, path.parent, told) if settings.manager else settings


def with_pool(settings: Settings, manager: Manager, folder: Path, told: dict[str, Any]) -> Settings:
    """What pool.yaml says goes in: its text, and how many stories its pools hold. Raises BadInput."""
    path = folder / manager.pool
    try:
        parameters, text = read_parameters(path), path.read_text(encoding="utf-8")
    except OSError as fault:
        raise BadInput(f"manager.pool: {path}: {(fault.strerror or str(fault)).lower()}") from fault
    if parameters.cluster.mode == "cluster":
        raise BadInput(
            f"manager.pool: {path}: in mode `cluster` the manager takes the cluster away it would run in: run it outside"
        )
    return replace(
        settings,
        manager=replace(manager, pool=text),
        stories_at_once=settings.stories_at_once if "stories_at_once" in told else parameters.stories_at_once,
        prices=settings.prices or parameters.price_list,
    )
