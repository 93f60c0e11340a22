"""An installation's settings as a YAML file: the fields of `Settings`, those that differ from what is usual."""

from dataclasses import fields
from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from steps.errors import BadInput
from workflows.settings import Settings

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
    return settings
