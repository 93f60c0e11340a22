"""The control loop of submitter, reconciler and manager: observe, decide, act, wait; until SIGTERM, or once.

A controller decides with a pure function; whatever a round could not do, the next one finds again.
"""

import argparse
import json
import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from cluster.controllers.health import Health

RETRY_LATER = 75
"""Exit status of `--once` for a round that did not succeed (sysexits.h, EX_TEMPFAIL)."""
DEBOUNCE_SECONDS = 2.0
"""Delay after a wakeup, so that events that arrive together are seen by one round: a pool is resized once for all of them, since
GKE then refuses other operations for a minute."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

Seen = TypeVar("Seen")
Plan = TypeVar("Plan")


class RoundResult(Enum):
    DONE = auto()
    STANDBY = auto()
    """Another instance holds the lease."""
    FAILED = auto()
    """Something was unavailable or refused; the next round tries again."""


class Standby(Exception):
    """Raised by a controller with a lease while another instance holds it."""


class Controller(Protocol[Seen, Plan]):
    """What differs between controllers."""

    @property
    def faults(self) -> tuple[type[Exception], ...]:
        """Errors that end a round and not the program."""

    def observe(self, now: datetime) -> Seen: ...

    def decide(self, seen: Seen, now: datetime) -> Plan:
        """A pure function."""

    def act(self, plan: Plan, seen: Seen, now: datetime) -> bool:
        """Do what was decided, or with `--dry-run` only log it. False if something was refused."""

    def skipped(self, why: Exception) -> None:
        """Log why the round was not completed."""

    def ended(self, result: RoundResult, now: datetime) -> None:
        """Update metrics after a round."""

    def metrics_text(self) -> bytes:
        """In Prometheus' text format."""

    def close(self) -> None:
        """Release what the controller holds, before the program ends."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class ControlLoop(Generic[Seen, Plan]):
    controller: Controller[Seen, Plan]
    interval: float
    """Seconds between two rounds."""
    health: "Health"
    clock: Callable[[], datetime] = utc_now

    def run(self, wakeup: "Wakeup", *, once: bool, health_port: int | None) -> int:
        """Run rounds until a stop signal, or one with `once`; return the exit status. Raises BadInput if the port is taken."""
        wakeup.stop_on_signals()
        if health_port is not None:
            # Here, since the simulation imports this module and needs no server.
            from cluster.controllers.http_server import HttpServer

            HttpServer(self.health.routes(self.controller.metrics_text), health_port)
        while True:
            result = self.round()
            if once or wakeup.wait(self.interval):
                break
        self.controller.close()
        return RETRY_LATER if once and result is not RoundResult.DONE else 0

    def round(self, now: datetime | None = None) -> RoundResult:
        now = now or self.clock()
        try:
            seen = self.controller.observe(now)
            plan = self.controller.decide(seen, now)
            result = RoundResult.DONE if self.controller.act(plan, seen, now) else RoundResult.FAILED
        except Standby as why:
            self.controller.skipped(why)
            result = RoundResult.STANDBY
        except self.controller.faults as fault:
            self.controller.skipped(fault)
            result = RoundResult.FAILED
        self.controller.ended(result, now)
        # An instance in standby is ready: a rollout must not wait for the lease, nor the lease for the rollout.
        self.health.round_ended(result is not RoundResult.FAILED)
        return result


class Wakeup:
    """Interruptible wait between rounds: `wake` ends it early, from any thread, and a stop signal ends the loop.

    At most one wait in `quiet` seconds is ended early: the next regular round sees later events soon enough.
    """

    def __init__(self, quiet: float, debounce: float = DEBOUNCE_SECONDS) -> None:
        self.quiet, self.debounce = quiet, debounce
        self.last = -math.inf
        """Time of the last `wake`, by `time.monotonic`."""
        # Not an Event: a signal handler runs in the middle of anything, and only this queue is reentrant.
        self.queue: SimpleQueue[bool] = SimpleQueue()
        """True to stop."""

    def wake(self) -> None:
        now = time.monotonic()
        first, self.last = now - self.last > self.quiet, now
        if first:
            self.queue.put(False)

    def stop_on_signals(self) -> None:
        """Let SIGTERM and SIGINT end the next wait for good; a running round is finished. Call it on the main thread."""
        for number in STOP_SIGNALS:
            signal.signal(number, lambda *_: self.queue.put(True))

    def wait(self, seconds: float | None) -> bool:
        """Wait at most `seconds`; True if the program is to stop."""
        try:
            return self.queue.get(timeout=seconds) or self.queue.get(timeout=self.debounce)
        except Empty:
            return False


@dataclass(frozen=True, kw_only=True)
class JsonLog:
    """Writes log lines: one JSON object each, on standard output."""

    dry_run: bool = False
    clock: Callable[[], datetime] = utc_now
    write: Callable[[dict[str, Any]], None] = lambda line: print(json.dumps(line), flush=True)

    def __call__(self, **fields: Any) -> None:
        time_of_line = {"time": self.clock().isoformat(timespec="seconds")}
        self.write(time_of_line | fields | ({"dry_run": True} if self.dry_run else {}))


def add_loop_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--health-port", type=int, metavar="PORT", help="serve GET /alive, /ready and /metrics on this port")
    parser.add_argument("--once", action="store_true", help="run one round and exit")
    parser.add_argument("--dry-run", action="store_true", help="log what would be done, and do nothing")
