"""The shapes that numbers have in a text, and what they count."""

import re

from steps.init_story.lexicon import ATTACHED_UNITS, CURRENCY_CODES, UNITS

__all__ = ["AMOUNT", "ANY_UNIT", "CURRENCY", "SCALE", "UNIT", "is_number"]

AMOUNT = r"(?:\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)(?:\.\d+)?[\u00bc\u00bd\u00be]?|[\u00bc\u00bd\u00be]"
CURRENCY = rf"(?:US|[CA])?[$]|[\u00a3\u20ac\u00a5]|\b(?:{'|'.join(CURRENCY_CODES)})(?=\d)"
SCALE = r"(?:hundred|thousand|million|billion|trillion|mn|bn|tn|m|b|k)(?![A-Za-z])"
UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
ANY_UNIT = "|".join(re.escape(unit) for unit in sorted({*UNITS, *ATTACHED_UNITS}, key=len, reverse=True))


def is_number(token: str) -> bool:
    """`5`, `1,200.5`, `5-10`: what a unit in the next token counts."""
    return bool(re.fullmatch(rf"[-+~]?(?:{AMOUNT})(?:-(?:{AMOUNT}))?", token))
