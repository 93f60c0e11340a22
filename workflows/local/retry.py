"""A template's retryStrategy: how often, after what, how long to wait; in Argo's order (operator.go, processNodeRetries)."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from workflows.local.conditions import read_retry, retries
from workflows.local.model import Backoff, RetryStrategy
from workflows.local.outcome import Outcome, Phase

__all__ = ["seconds", "with_retries"]

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(duration: str) -> float:
    """The seconds of a Go duration, or of a bare number.

    >>> seconds("1m30s"), seconds("20")
    (90.0, 20.0)
    """
    if duration.isdigit():
        return float(duration)
    return sum(float(number) * SECONDS[unit] for number, unit in re.findall(r"([\d.]+)(ms|h|m|s)", duration))


async def with_retries(
    strategy: RetryStrategy,
    attempt: Callable[[int, float | None], Awaitable[Outcome]],
    about_to_wait: Callable[[float], None],
) -> Outcome:
    """Run `attempt(number, deadline)` until its outcome stands; numbers start at 1.

    `deadline` (seconds of `time.monotonic`) is set once `backoff.maxDuration` counts: Argo gives it to every try after the first.
    A strategy that wants another node is not followed: there is no other.
    """
    began = time.monotonic()
    number = 1
    deadline: float | None = None
    while True:
        outcome = await attempt(number, deadline)
        if not outcome.phase.bad or strategy.elsewhere or not allows(strategy, outcome, number):
            return outcome
        if strategy.backoff:
            wait = pause(strategy.backoff, number)
            if strategy.backoff.max_duration:
                deadline = began + seconds(strategy.backoff.max_duration)
                if time.monotonic() + wait > deadline:
                    return outcome
            about_to_wait(wait)
            await asyncio.sleep(wait)
        number += 1


def allows(strategy: RetryStrategy, last: Outcome, tries: int) -> bool:
    if strategy.policy == "OnFailure" and last.phase is Phase.ERROR:
        return False
    if strategy.policy == "OnError" and last.phase is Phase.FAILED:
        return False
    if strategy.limit is not None and tries > int(strategy.limit):
        return False
    return strategy.expression is None or retries(read_retry(strategy.expression), last)


def pause(backoff: Backoff, tries: int) -> float:
    """Seconds before the next try: duration * factor ^ (tries - 1), at most `cap`."""
    wait = seconds(backoff.duration) * float((int(backoff.factor) or 1) ** (tries - 1))
    return min(wait, seconds(backoff.cap)) if backoff.cap else wait
