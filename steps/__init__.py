"""One package a step; no step imports another. A package's `__init__` declares its steps (`newsreel.step.Step`) and is light."""

import importlib
import pkgutil
from collections.abc import Iterator

from newsreel.step import Step


def declared_steps() -> dict[str, Step]:
    """Every step that the packages here declare, by name: all in a checkout, an image's own in an image."""
    return {step.name: step for _, step in declarations()}


def module_of(name: str) -> str:
    """The module that does a step's work. Raises KeyError."""
    return {step.name: f"{package}.{step.module}" for package, step in declarations()}[name]


def declarations() -> Iterator[tuple[str, Step]]:
    for info in pkgutil.iter_modules(__path__, f"{__name__}."):
        if info.ispkg:
            package = importlib.import_module(info.name)
            yield from ((info.name, value) for value in vars(package).values() if isinstance(value, Step))
