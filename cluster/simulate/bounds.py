"""What no policy can beat, and what queueing theory says of the simplest cases."""

import heapq
from collections.abc import Callable, Sequence
from math import exp, lgamma, log

from cluster.simulate.arrivals import Arrival
from newsreel.config.gke import NodePoolOption

__all__ = ["erlang_c", "least_waits", "md_c_wait", "mm_c_wait"]


def least_waits(
    arrivals: Sequence[Arrival], nodes: int, offer: NodePoolOption, seconds_of: Callable[[Arrival, NodePoolOption], float]
) -> list[float]:
    """Seconds each story waits when so many nodes are ready all the time, and none is ever taken away."""
    free = [0.0] * nodes
    waits = []
    for arrival in arrivals:
        begins = max(arrival.at, free[0])
        heapq.heapreplace(free, begins + seconds_of(arrival, offer))
        waits.append(begins - arrival.at)
    return waits


def erlang_c(servers: int, load: float) -> float:
    """The share of customers of M/M/c who must wait; `load` in erlangs, below `servers`. A. K. Erlang, 1917."""
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mm_c_wait(servers: int, load: float, service: float) -> float:
    """Mean seconds of waiting in M/M/c."""
    return erlang_c(servers, load) * service / (servers - load)


def md_c_wait(servers: int, load: float, service: float) -> float:
    """Mean seconds of waiting in M/D/c, exactly: Crommelin's series, as in Tijms, "A First Course in Stochastic Models", 9.6.

    The sum over n of the mean excess of a Poisson number with mean n*load over n*servers, divided by n*load, times the service.
    """
    total, n = 0.0, 1
    while True:
        mean, most = n * load, n * servers
        term = sum((count - most) * poisson_share(count, mean) for count in range(most + 1, most + 60 + int(12 * mean**0.5)))
        total += term / n
        if term / n < 1e-10:
            return total * service / load
        n += 1


def poisson_share(count: int, mean: float) -> float:
    return exp(count * log(mean) - mean - lgamma(count + 1))
