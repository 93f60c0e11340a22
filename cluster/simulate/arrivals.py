"""When stories come, and how long their videos are: from a trace or from generators that can be added up."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from newsreel.config.values import Range
from newsreel.errors import BadInput

DAY = 86_400.0
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": DAY}
MOST_STORIES = 2_000_000


class Arrival(NamedTuple):
    at: float
    """Seconds since the simulation began."""
    video: float
    """Seconds the video lasts."""


@dataclass(frozen=True)
class Rate:
    """Stories per period: `3000/day`, `1000/10min`."""

    count: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> "Rate":
        found = re.fullmatch(r"([1-9][0-9]{0,6})/([0-9]{1,6}(?:\.[0-9]+)?)?(s|min|h|day)s?", text)
        if not found or float(found[2] or 1) == 0:
            raise BadInput(f"{text!r} is no rate; write 3000/day, 1000/10min or 40/12h")
        return cls(int(found[1]), float(found[2] or 1) * UNITS[found[3]])


def seconds_in(text: str) -> float:
    """Seconds of `15min`, `1.5h`. Raises BadInput."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)(s|min|h|day)s?", text)
    if not found or float(found[1]) == 0:
        raise BadInput(f"{text!r} is no time; write 90s, 15min or 1.5h")
    return float(found[1]) * UNITS[found[2]]


def require_so_few(stories: float) -> None:
    """Raises BadInput for more stories than fit into memory."""
    if stories > MOST_STORIES:
        raise BadInput(f"{stories:,.0f} stories are more than the {MOST_STORIES:,} that can be simulated")


def poisson(rate: Rate, length: float, video: Range, random: Random) -> Iterator[Arrival]:
    """Independent arrivals at a constant rate (a Poisson process)."""
    at = random.expovariate(rate.count / rate.seconds)
    while at < length:
        yield Arrival(at, of_length(video, random))
        at += random.expovariate(rate.count / rate.seconds)


def burst(rate: Rate, begin: float, video: Range, random: Random) -> Iterator[Arrival]:
    """All stories within the rate's period, once."""
    return (Arrival(begin + random.uniform(0, rate.seconds), of_length(video, random)) for _ in range(rate.count))


def viral(rate: Rate, begin: float, video: Range, random: Random) -> Iterator[Arrival]:
    """A decaying burst: half of the remaining stories arrive in each fifth of the period."""
    return (
        Arrival(begin + min(random.expovariate(5 * 0.6931 / rate.seconds), rate.seconds), of_length(video, random))
        for _ in range(rate.count)
    )


def batches(rate: Rate, length: float, video: Range, random: Random) -> Iterator[Arrival]:
    """A batch at the end of each period."""
    at = rate.seconds / 2
    while at < length:
        yield from [Arrival(at, of_length(video, random)) for _ in range(rate.count)]
        at += rate.seconds


def of_length(video: Range, random: Random) -> float:
    return random.triangular(video.least, video.most, video.usual)


def read_trace(path: Path, video: Range, random: Random) -> list[Arrival]:
    """One story per line: its time (seconds, or ISO 8601) and, after a comma, the length of its video in seconds if known.

    Raises BadInput with the line, and OSError.
    """
    with path.open(encoding="utf-8", errors="replace") as lines:
        found = sorted(islice(stories(lines, path, video, random), MOST_STORIES + 1))
    if not found or len(found) > MOST_STORIES:
        raise BadInput(f"{path}: {'no story in it' if not found else f'more than {MOST_STORIES:,} stories'}")
    first = found[0].at if found[0].at > 1e8 else 0.0
    return [Arrival(arrival.at - first, arrival.video) for arrival in found]


def stories(lines: Iterable[str], path: Path, video: Range, random: Random) -> Iterator[Arrival]:
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text:
            when, _, length = (part.strip() for part in text.partition(","))
            try:
                arrival = Arrival(moment(when), float(length) if length else of_length(video, random))
            except ValueError as fault:
                raise BadInput(f"{path}:{number}: {text[:80]!r} is no time, or no length of a video: {fault}") from fault
            if not (0 <= arrival.at < 1e11 and 0 < arrival.video < DAY):
                raise BadInput(f"{path}:{number}: {text[:80]!r} is out of range")
            yield arrival


def moment(text: str) -> float:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return float(text)
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
