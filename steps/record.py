"""What is told of a finished unit of work: how much it was, how long it took, what a person should know of it.

A record is kept with the unit's own files, so a later run that finds the work done still tells of it. In the workspace the
records of a step are made/STEP/UNIT.json.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

__all__ = ["RECORDS", "Record", "forget_others", "record_file", "records"]

RECORDS = "made"


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    step: str
    unit: str
    """`scene 03`."""
    key: str
    """What its files are found by, see `steps.workspace`."""
    cost: int
    counts: str
    """What the cost is in: `frames`."""
    seconds: float
    """Of work, when it was done; the start of the AI system is not in it."""
    ended: AwareDatetime
    remarks: tuple[str, ...] = ()
    """What went right only at the second try, what was bridged or guessed: a line each."""


def record_file(step: str, unit: str) -> str:
    """`record_file("pix2pixhd", "scene 00 from 6 s")` is `made/pix2pixhd/scene-00-from-6-s.json`."""
    return f"{RECORDS}/{step}/{re.sub('[^a-z0-9]+', '-', unit.lower()).strip('-')}.json"


def records(root: Path) -> Iterator[Record]:
    """All that a workspace tells, by step and unit."""
    for path in sorted((root / RECORDS).glob("*/*.json")):
        yield Record.model_validate_json(path.read_bytes())


def forget_others(root: Path, step: str, units: Iterable[str]) -> None:
    """Remove a step's records of units that are planned no more: of scenes that a changed story has not."""
    planned = {record_file(step, unit) for unit in units}
    for path in (root / RECORDS / step).glob("*.json"):
        if str(path.relative_to(root)) not in planned:
            path.unlink(missing_ok=True)
