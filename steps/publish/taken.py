"""What a video has taken, told once: publishing it again, after a crash or for nothing, takes nothing more."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from pydantic import ValidationError

from newsreel.files import content_digest, write_atomically
from newsreel.runtime.usage import Prices, Usage, measure_usage
from newsreel.validation import StrictModel
from newsreel.workspace import Workspace

__all__ = ["taken"]

KEPT = "final/usage.json"


class Kept(StrictModel):
    files: str
    """Digest of what is published beside the report."""
    usage: Usage


def taken(workspace: Workspace, files: Sequence[Path], node: str, prices: Prices | None) -> Usage:
    """Raises BadInput, DiskFull."""
    digest = sha256("".join(map(content_digest, files)).encode()).hexdigest()
    kept = kept_of(workspace)
    if kept and kept.files == digest:
        return kept.usage
    usage = measure_usage(workspace.root, sum(path.stat().st_size for path in files), node, prices)
    write_atomically(workspace.path(KEPT), Kept(files=digest, usage=usage).model_dump_json())
    return usage


def kept_of(workspace: Workspace) -> Kept | None:
    """None where there is none that we understand: then it is told anew."""
    try:
        return Kept.model_validate_json(workspace.path(KEPT).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
