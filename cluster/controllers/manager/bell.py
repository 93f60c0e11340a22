"""The wait between two rounds: it ends early for the first story after a while, and for good when the program is to end."""

import math
import signal
import time
from queue import Empty, SimpleQueue

SETTLES = 2.0
"""Seconds that those which come together with the first may take: a pool is resized once for all of them, since GKE then does
nothing else with it for a minute."""
ENDS = (signal.SIGTERM, signal.SIGINT)


class Bell:
    """Rung from any thread. It ends at most one wait in `quiet` seconds: what comes soon after another is seen by the next round,
    which is as near."""

    def __init__(self, quiet: float, settles: float = SETTLES) -> None:
        self.quiet, self.settles = quiet, settles
        self.last = -math.inf
        """When it last rang, by `time.monotonic`."""
        # Not an Event: what a signal's handler does may come in the middle of anything, and only this queue bears that.
        self.heard: SimpleQueue[bool] = SimpleQueue()
        """Whether the program is to end."""

    def ring(self) -> None:
        now = time.monotonic()
        first, self.last = now - self.last > self.quiet, now
        if first:
            self.heard.put(False)

    def end_on_signals(self) -> None:
        """SIGTERM and SIGINT let a round be finished and end the wait after it. From the main thread alone."""
        for each in ENDS:
            signal.signal(each, lambda *_: self.heard.put(True))

    def ended_after(self, seconds: float) -> bool:
        """Wait so long at most; whether the program is to end."""
        try:
            return self.heard.get(timeout=seconds) or self.heard.get(timeout=self.settles)
        except Empty:
            return False
