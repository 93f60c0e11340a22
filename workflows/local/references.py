"""Argo's `{{...}}` in the texts of a template.

A value is put in once and never looked at again, so a value that itself contains `{{...}}` stays as it is. (Argo expands it
once more, which is why such an argument is refused before a run starts.)
"""

import json
import re
from collections.abc import Mapping

from newsreel.errors import BadInput

__all__ = ["item_values", "references", "substitute"]

REFERENCE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def references(text: str) -> list[str]:
    """The names a text refers to.

    >>> references("{{inputs.parameters.dir}}/x of {{ workflow.uid }}")
    ['inputs.parameters.dir', 'workflow.uid']
    """
    return [name.strip() for name in REFERENCE.findall(text)]


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of references. Raises BadInput for a name without a value.

    >>> substitute("{{item}} of {{inputs.parameters.story}}", {"item": "3", "inputs.parameters.story": "{{item}}"})
    '3 of {{item}}'
    """
    return REFERENCE.sub(lambda found: lookup(found[1].strip(), values), text)


def lookup(name: str, values: Mapping[str, str]) -> str:
    try:
        return values[name]
    except KeyError:
        raise BadInput(f"{{{{{name}}}}} has no value here") from None


def item_values(item: object) -> dict[str, str]:
    """What `{{item}}` and `{{item.key}}` stand for: words as they are, all else as JSON.

    >>> item_values({"shard": 0, "of": "2"})
    {'item': '{"shard": 0, "of": "2"}', 'item.shard': '0', 'item.of': '2'}
    """
    values = {"item": plain(item)}
    if isinstance(item, dict):
        values |= {f"item.{key}": plain(value) for key, value in item.items()}
    return values


def plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
