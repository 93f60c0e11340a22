"""Into how many parts the generator's work is spread: a parameter of a story, so read as hostile text."""

import re

from steps.errors import BadInput

__all__ = ["MOST_SHARDS", "shard_count"]

MOST_SHARDS = 60
"""As many as a story may have scenes."""


def shard_count(text: str) -> int:
    """Raises BadInput for anything but a number of 1 to 60."""
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_SHARDS:
        raise BadInput(f"shards: {text[:40]!a} is not a number from 1 to {MOST_SHARDS}")
    return int(text)
