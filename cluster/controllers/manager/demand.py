"""How much there is to do, and whether that is certain. A late or missing number makes it uncertain, never smaller."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cluster.controllers.manager.world import Memory, Reading, Rules, Seen

AHEAD = timedelta(seconds=60)
"""How far Google's clock may be ahead of ours before a reading is no longer believed."""
TAKEN = timedelta(seconds=60)
"""After so long a message has become an event or a workflow, where there is a cluster, and is counted as such."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    at_least: int
    """Stories to be made that are certain."""
    unknown: tuple[str, ...]
    """Sources that say nothing: there may be more."""
    counts: Mapping[str, int | None]
    """What each source says, None where that is nothing."""
    parts: str
    """In words."""

    @property
    def none(self) -> bool:
        return self.at_least == 0 and not self.unknown


def demand_of(seen: Seen, rules: Rules) -> Demand:
    """Without a cluster there are neither events nor workflows: what waits is the messages alone."""
    counts = {"announced": seen.announced, "undelivered": fresh(seen.undelivered, seen.now, rules.late)}
    if seen.cluster != "absent":
        running = None if seen.running is None else sum(seen.running.values())
        counts |= {"pending": seen.pending, "unfinished": at_least(seen.unfinished, running), "running": running}
    known = {name: count for name, count in counts.items() if count}
    unknown = tuple(name for name, count in counts.items() if count is None)
    # A running story is an unfinished one. A message may have become either since it was counted, minutes ago: so it is the
    # largest of these that is certain, not the sum.
    taken = known.get("pending", 0) + (known.get("unfinished", 0) or known.get("running", 0))
    certain = max(seen.announced, known.get("undelivered", 0), taken)
    return Demand(at_least=certain, unknown=unknown, counts=counts, parts=", ".join(said(known, unknown)))


def counted_from(state: str | None, undelivered: Reading | None, now: datetime, late: timedelta) -> datetime:
    """What came after this may be in no other number yet: a cluster takes a message within seconds, and the metric's newest point
    is minutes old."""
    if state == "there":
        return now - TAKEN
    return now - late if undelivered is None or fresh(undelivered, now, late) is None else undelivered.at - AHEAD


def still_empty(seen: Seen, memory: Memory) -> bool:
    """The metric of a subscription that nobody uses has no points any more. If no message has come since its last, which was
    zero, none waits; enough not to wake anybody for, and nothing is given back for it."""
    quiet, empty = seen.quiet_since, memory.empty_at
    return quiet is not None and empty is not None and quiet + AHEAD <= empty


def at_least(count: int | None, other: int | None) -> int | None:
    return None if count is None else max(count, other or 0)


def fresh(reading: Reading | None, now: datetime, late: timedelta) -> int | None:
    return reading.count if reading and -AHEAD <= now - reading.at <= late else None


def said(known: dict[str, int], unknown: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{count} {name}" for name, count in known.items())
    yield from (f"{name} unknown" for name in unknown)
