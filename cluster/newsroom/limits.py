"""How much of what is dear may be asked for: at once by everybody, and by one person in a minute."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Gate", "TooMany"]


class TooMany(Exception):
    """Refused for now; `seconds` later it may be asked for again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class Gate:
    """Lets `at_once` through, keeps `waiting` in line, and turns away the rest, and whoever came `a_minute` times already."""

    def __init__(self, *, at_once: int, waiting: int, a_minute: int) -> None:
        self.places = threading.BoundedSemaphore(at_once + waiting)
        self.work = threading.BoundedSemaphore(at_once)
        self.a_minute = a_minute
        self.seen: dict[str, deque[float]] = {}
        self.lock = threading.Lock()

    @contextmanager
    def let_in(self, person: str) -> Iterator[None]:
        """Raises TooMany."""
        self.count(person)
        if not self.places.acquire(blocking=False):
            raise TooMany("too many people ask for this right now; try again in a moment", 2)
        try:
            with self.work:
                yield
        finally:
            self.places.release()

    def count(self, person: str) -> None:
        now = time.monotonic()
        with self.lock:
            self.forget(now)
            times = self.seen.setdefault(person, deque())
            if len(times) >= self.a_minute:
                raise TooMany(f"at most {self.a_minute} a minute; try again in a moment", max(1, round(60 - (now - times[0]))))
            times.append(now)

    def forget(self, now: float) -> None:
        for person, times in [*self.seen.items()]:
            while times and now - times[0] > 60:
                times.popleft()
            if not times:
                del self.seen[person]
