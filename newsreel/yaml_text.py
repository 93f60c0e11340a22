"""YAML of any origin as plain values: one line says why a text is none, and no text ends the process.

How deeply a text may be nested is up to the installed PyYAML: its C scanner refuses 1,000 levels since 6.0.4, and before
nothing but Python's stack bounded it. `nested_too_deeply` is the one place that knows.
"""

from typing import Any

import yaml
from yaml.composer import Composer

from newsreel.errors import BadInput


class Loader(Composer, yaml.CSafeLoader):
    """Scans in C, since what defines a workflow has 180,000 lines, and composes in Python: a text that is nested too deeply
    is a RecursionError there, where before PyYAML 6.0.4 C ends the process."""

    def __init__(self, text: str | bytes) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


def load_document(text: str | bytes, source: str) -> Any:
    """The one document of a text, None for an empty one. Raises what `load_documents` raises, and BadInput for several."""
    documents = load_documents(text, source)
    if len(documents) > 1:
        raise BadInput(f"{source}: has {len(documents)} YAML documents; one is expected")
    return documents[0] if documents else None


def load_documents(text: str | bytes, source: str) -> list[Any]:
    """All documents of a text, empty ones as None; `source` is what to call it. Raises BadInput, with the line if known."""
    try:
        return list(yaml.load_all(text, Loader=Loader))
    except (yaml.MarkedYAMLError, RecursionError) as fault:
        if isinstance(fault, RecursionError) or nested_too_deeply(fault):
            raise BadInput(f"{source}: is nested too deeply") from fault
        place = f"{source}:{fault.problem_mark.line + 1}" if fault.problem_mark else source
        raise BadInput(f"{place}: is not YAML: {fault.problem}") from fault
    except (yaml.YAMLError, ValueError, KeyError, AttributeError) as fault:  # what PyYAML raises of 2026-99-99, or `!!bool x`
        raise BadInput(f"{source}: is not YAML: {' '.join(str(fault).split())}") from fault


def nested_too_deeply(fault: yaml.MarkedYAMLError) -> bool:
    """Whether PyYAML refuses the text for its depth, and not for what stands in it."""
    return fault.problem == "exceeded maximum nesting depth"
