"""Stories as the page sends them: JSON that may still be full of faults, yet is sound enough to be kept."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from newsreel.errors import BadInput

__all__ = ["MOST_BYTES", "Document", "content_of", "identifier_from", "kept", "read", "same_but_for_revision"]

Document = dict[str, Any]
MOST_BYTES = 400_000
"""Of a story as JSON: sixty scenes of the longest narration need some 300 kB."""
DEEPEST = 8
LONGEST_IDENTIFIER = 40
ROOM_FOR_A_NUMBER = 4


def kept(document: Mapping[str, Any], identifier: str, revision: int) -> Document:
    """The document as it is stored: its name and number are the newsroom's to give, whatever the page said."""
    named: Document = {"id": identifier, "revision": revision}
    return named | {name: value for name, value in document.items() if name not in named}


def content_of(document: Document) -> bytes:
    """The stored bytes. Raises BadInput for a document that is no text, too deep or too large."""
    require_shallow(document, DEEPEST)
    try:
        content = (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except (UnicodeEncodeError, ValueError) as fault:
        raise BadInput("the story has a character or number that is none; remove it") from fault
    if len(content) > MOST_BYTES:
        raise BadInput(f"the story is {len(content):,} bytes; at most {MOST_BYTES:,}: make two of it")
    return content


def require_shallow(value: object, levels: int) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if levels == 0 and inner:
        raise BadInput(f"the story is nested deeper than {DEEPEST} levels, where no part of one belongs; remove what is")
    for part in inner:
        require_shallow(part, levels - 1)


def read(content: bytes) -> Document:
    """A stored document. Raises BadInput for bytes that no newsroom wrote."""
    try:
        document = json.loads(content)
    except ValueError as fault:
        raise BadInput(
            "the stored story is not JSON; somebody has changed it by hand: put back what was there, or begin a new one"
        ) from fault
    if not isinstance(document, dict):
        raise BadInput(
            "the stored story is not an object; somebody has changed it by hand: put back what was there, or begin a new one"
        )
    return document


def same_but_for_revision(one: Document, other: Document) -> bool:
    return kept(one, "", 0) == kept(other, "", 0)


def identifier_from(title: object, number: int = 1) -> str:
    """A name for a new story: `The library opens` is `the-library-opens`; the second of that name ends in `-2`.

    >>> identifier_from("Café Müller: 3.5 % more!", 2)
    'cafe-muller-3-5-more-2'
    """
    text = unicodedata.normalize("NFKD", title if isinstance(title, str) else "")
    plain = re.sub(r"[^a-z0-9]+", "-", text.encode("ascii", "ignore").decode().lower())
    short = plain[: LONGEST_IDENTIFIER - ROOM_FOR_A_NUMBER].strip("-") or "story"
    return short if number == 1 else f"{short}-{number}"
