"""The two pages people expect: a form to send a recording, and a transcription whose words can be listened to.

A page is one file, style and script inside: the second also travels in the zip file, where there is no server to ask.
"""

from functools import cache
from importlib.resources import files

__all__ = ["form_page", "transcription_page"]

INLINE = '<script id="alignment" type="application/json">null</script>'


def form_page() -> str:
    return page("form.html")


def transcription_page(alignment: str | None = None) -> str:
    """`alignment` is align.json for a page that finds its words in itself; without it the page asks the server."""
    if alignment is None:
        return page("transcription.html")
    inside = alignment.replace("<", "\\u003c")  # so that no word can end the element it stands in
    return page("transcription.html").replace(INLINE, INLINE.replace("null", inside))


@cache
def page(name: str) -> str:
    folder = files(__package__) / "page"
    style = (folder / "style.css").read_text(encoding="utf-8")
    return (folder / name).read_text(encoding="utf-8").replace("/* style */", style)
