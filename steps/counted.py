"""How many there are of something, in words."""

__all__ = ["counted"]


def counted(count: int, one: str, several: str | None = None) -> str:
    """`1 scene`, `1,200 scenes`; `several` where it is not `one` with an s: `counted(2, "story runs", "stories run")`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"
