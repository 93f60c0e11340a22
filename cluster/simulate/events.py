"""What happens next: a heap of things to come.

Not simpy: a generator a story makes a simulated day several times as long, and a plan takes a hundred days.
"""

import heapq
from collections.abc import Callable

__all__ = ["Clock"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the beginning."""
        self.coming: list[tuple[float, int, Callable[[], None]]] = []
        self.count = 0

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self.at(self.now + seconds, do)

    def at(self, when: float, do: Callable[[], None]) -> None:
        """What is for the same moment is done in the order in which it was said."""
        self.count += 1
        heapq.heappush(self.coming, (when, self.count, do))

    def run(self, over: Callable[[], bool], most: float) -> None:
        """Until it is over, nothing is to come, or `most` seconds have passed."""
        while self.coming and not over():
            when, _, do = heapq.heappop(self.coming)
            if when > most:
                return
            self.now = when
            do()
