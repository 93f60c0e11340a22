"""Faults by the dice: the same seed gives the same ones at the same places. Time is our own, so that waiting costs none."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


class Killed(Exception):
    """The program ends here, as by `kill -9`."""


@dataclass
class Clock:
    now: datetime = datetime(2026, 5, 3, 12, tzinfo=UTC)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Faults:
    seed: int
    often: float = 1.0
    """Times the rate that each place asks for; 0 for none at all."""
    counted: Counter[str] = field(default_factory=Counter)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  # dice, no secret

    def happens(self, what: str, rate: float) -> bool:
        happened = self.dice.random() < rate * self.often
        self.counted[what] += happened
        return happened

    def kill(self, whom: str, rate: float) -> None:
        if self.happens(f"{whom} killed", rate):
            raise Killed(whom)
