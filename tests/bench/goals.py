"""What was promised, beside what was measured. Nothing fails here: a slow or busy machine is not a defect."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.results import Results

__all__ = ["Goal", "goals"]

RATIO = 2.5
SECONDS_WITH_NOTHING_TO_DO = 5.0
PEAK = 2_000_000_000
GROWTH = 0.10


@dataclass(frozen=True, kw_only=True)
class Goal:
    what: str
    wanted: str
    found: str
    """Empty where it was not measured."""
    met: bool | None

    @property
    def verdict(self) -> str:
        return "not measured" if self.met is None else "met" if self.met else "not met"


def goals(results: Results) -> Iterator[Goal]:
    cold, again, changed, long = results.cold, results.again, results.changed, results.long
    yield goal(
        "wall time of a cold render, in lengths of the video",
        f"at most {RATIO}",
        (f"{cold.ratio:.2f}", cold.ratio <= RATIO) if cold else None,
    )
    yield goal(
        "the same again, nothing changed",
        f"under {SECONDS_WITH_NOTHING_TO_DO:.0f} s",
        (f"{again.use.wall:.1f} s", again.use.wall < SECONDS_WITH_NOTHING_TO_DO) if again else None,
    )
    yield goal(
        "one changed scene",
        "that one alone is worked on",
        ("that one alone" if changed.only_that_one else "others too", changed.only_that_one) if changed else None,
    )
    yield goal(
        "peak memory",
        f"under {PEAK / 1e9:.0f} GB",
        (f"{cold.use.peak / 1e9:.2f} GB", cold.use.peak < PEAK) if cold else None,
    )
    longer = f"a story {long.times} times as long" if long else "a long story"
    yield goal(
        f"peak memory of {longer}",
        f"under {PEAK / 1e9:.0f} GB",
        (f"{long.rendering.use.peak / 1e9:.2f} GB", long.rendering.use.peak < PEAK) if long else None,
    )
    growth = long.rendering.use.peak / cold.use.peak - 1 if cold and long else None
    yield goal(
        "beside that of the story itself",
        f"the same, give or take {GROWTH:.0%}",
        (f"{growth:+.0%}", abs(growth) <= GROWTH) if growth is not None else None,
    )


def goal(what: str, wanted: str, found: tuple[str, bool] | None) -> Goal:
    return Goal(what=what, wanted=wanted, found=found[0] if found else "", met=found[1] if found else None)
