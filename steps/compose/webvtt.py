"""Captions as a WebVTT file, for players and for people who search."""

from collections.abc import Iterable
from html import escape

from steps.compose.cues import Cue

__all__ = ["webvtt"]


def webvtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file (W3C WebVTT, section 4): `&`, `<` and `>` escaped, so that no text becomes markup or a timing line."""
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues, 1):
        text = "\n".join(" ".join(word.text for word in line) for line in cue.lines)
        blocks.append(f"{number}\n{clock(cue.start)} --> {clock(cue.end)}\n{escape(text, quote=False)}")
    return "\n\n".join(blocks) + "\n"


def clock(seconds: float) -> str:
    """`00:01:02.345`"""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
