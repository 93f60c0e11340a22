"""Random faults by seed: the same seed gives the same ones. Time is simulated."""

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
    """Each throw has dice of its own, made of the seed, what is asked, whom it concerns, and how often that was asked before.

    So the newsroom's faults and Pub/Sub's are a run's seed and nothing else. What stays free is when JetStream delivers again
    what a killed Sensor had, for that is real time: how often the bus is full, and what Argo, the Sensor and the submitters
    are asked because of it, differs by a little from run to run.
    """

    seed: int
    often: float = 1.0
    """Times the rate that each place asks for; 0 for none at all."""
    counted: Counter[str] = field(default_factory=Counter)
    thrown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def dice(self, what: str, key: str = "") -> random.Random:
        """For one decision; the next about the same has others."""
        self.thrown[what, key] += 1
        return random.Random(f"{self.seed}/{what}/{key}/{self.thrown[what, key]}")  # noqa: S311  # dice, no secret

    def happens(self, what: str, rate: float, key: str = "") -> bool:
        """Whether it does, at this rate, to the story (or request, or message) that is the key."""
        happened = self.dice(what, key).random() < rate * self.often
        self.counted[what] += happened
        return happened

    def kill(self, whom: str, rate: float, key: str = "") -> None:
        if self.happens(f"{whom} killed", rate, key):
            raise Killed(whom)
