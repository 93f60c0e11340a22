"""Results of a simulation: a table beside the lower bounds that no policy can beat, and a chart of the day.

The bounds are those of queueing theory (M/D/c) for the simplest cases. The chart shows stories without a node above and nodes
below,
over the hours, for a terminal or as SVG.
"""

import heapq
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil, exp, lgamma, log

from cluster.durations import speed_of, story_seconds
from cluster.simulate.arrivals import Arrival
from cluster.simulate.run import Outcome, work_seconds
from newsreel.config.gke import NodePoolOption
from newsreel.config.model import GkeConfig


def least_waits(
    arrivals: Sequence[Arrival], nodes: int, offer: NodePoolOption, seconds_of: Callable[[Arrival, NodePoolOption], float]
) -> list[float]:
    """Waiting time of each story in seconds if that many nodes are always ready and never fail."""
    free = [0.0] * nodes
    waits = []
    for arrival in arrivals:
        begins = max(arrival.at, free[0])
        heapq.heapreplace(free, begins + seconds_of(arrival, offer))
        waits.append(begins - arrival.at)
    return waits


def erlang_c(servers: int, load: float) -> float:
    """Probability of waiting in M/M/c; `load` in erlangs, below `servers`. A. K. Erlang, 1917."""
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def mm_c_wait(servers: int, load: float, service: float) -> float:
    """Mean waiting time in M/M/c, seconds."""
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


def caveat(parameters: GkeConfig) -> str:
    """What is assumed rather than measured; printed beside every figure."""
    speeds = {offer.speed: speed_of(parameters, offer.speed) for offer in parameters.node_pools}
    lines = [f"Prices are examples of {parameters.prices.dated}, not quotes."]
    if assumed := [name for name, speed in speeds.items() if not speed.measured]:
        lines.append(f"How fast {' and '.join(assumed)} nodes work is ASSUMED, not measured: see work.speeds.")
    return "\n".join(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all does not exceed; 0 for an empty sequence."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def bound_cost(arrivals: Sequence[Arrival], parameters: GkeConfig) -> float:
    """Cost of a video on the cheapest kind of node if only work is paid: no start, no idle second, no cluster."""
    seconds_of = work_seconds(parameters)
    each = [sum(seconds_of(arrival, offer) for arrival in arrivals) * offer.an_hour / 3600 for offer in parameters.node_pools]
    return min(each) / max(1, len(arrivals))


def bound_waits(arrivals: Sequence[Arrival], parameters: GkeConfig) -> list[float]:
    """Waiting times if every node that may be bought is always there, all of the fastest kind."""
    seconds_of = work_seconds(parameters)
    quickest = min(parameters.node_pools, key=lambda offer: story_seconds(parameters, offer))
    return least_waits(arrivals, sum(offer.most for offer in parameters.node_pools), quickest, seconds_of)


def table(outcome: Outcome, arrivals: Sequence[Arrival], parameters: GkeConfig) -> str:
    """Markdown. Times as hours:minutes:seconds; money in the currency of the file, whose prices are examples."""
    bound, currency = bound_waits(arrivals, parameters), parameters.prices.currency
    limit = 60 * parameters.policy.wait_minutes
    within = sum(wait <= limit for wait in outcome.waits) / max(1, len(outcome.waits))
    count = max(1, len(outcome.waits))
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    rows = [(f"queueing time, {name}", span(percentile(outcome.waits, share)), span(percentile(bound, share)))
            for name, share in shares.items()]  # fmt: skip
    rows += [(f"message to video, {name}", span(percentile(outcome.finishes, share)), "") for name, share in shares.items()]
    rows += [
        (f"queued at most {parameters.policy.wait_minutes:g} min", f"{within:.2%}", ""),
        (f"cost a video, {currency}", f"{outcome.cost_a_video:.4f}", f"{bound_cost(arrivals, parameters):.4f}"),
        ("... its story nodes", f"{outcome.nodes_cost / count:.4f}", ""),
        ("... the cluster itself, while it is there", f"{outcome.always_on_cost / count:.4f}", "0"),
        ("... what stays when it goes", f"{outcome.lasting_cost / count:.4f}", "0"),
        ("node hours paid", f"{outcome.paid / 3600:.1f}", f"{outcome.worked / 3600:.1f}"),
        ("... without work: start, idle, lost", f"{outcome.idle_share:.1%}", "0%"),
        ("most nodes at once", f"{outcome.most_nodes}", ""),
        ("nodes taken away by the market", f"{outcome.preempted}", "0"),
        ("stories not made", f"{outcome.stranded}", "0"),
    ]
    head = f"{count:,} stories in {span(outcome.seconds)}. Bound: what no policy can beat."
    return "\n".join([head, caveat(parameters), "", *aligned(["", "simulated", "bound"], rows)])


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [" | ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
             for row in [head, *rows]]  # fmt: skip
    rule = " | ".join(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return [f"| {line} |" for line in [lines[0], rule, *lines[1:]]]


def span(seconds: float) -> str:
    """`0:07:03`"""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


NAMES = ("stories without a node", "nodes")
BLOCKS = " ▁▂▃▄▅▆▇█"
COLUMNS, ROWS, GUTTER = 68, 4, 7
"""Of the terminal's picture, which is 79 wide with its gutter and the last of the hours."""
STEPS = (60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800)
"""Seconds between two marks of the axis."""
UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))
WIDE, HIGH, LEFT, ABOVE = 880, 130, 70, 40
"""Of a curve in the SVG, in its own units, and the room beside and above it."""
PAPER, INK, RULE, COLOURS = "#ffffff", "#333333", "#dddddd", ("#b3541e", "#1e6db3")


def picture(outcome: Outcome) -> str:
    """The chart as text, at most 79 columns wide."""
    lines = []
    for name, values in zip(NAMES, sampled(outcome, COLUMNS), strict=True):
        top = max(1, *values)
        beside = [f"{top:,}", *[""] * (ROWS - 2), "0"]
        lines += [f"{'':>{GUTTER}} {name}, the most in {span(outcome.seconds / COLUMNS)}"]
        lines += [f"{mark:>{GUTTER}}│{row}" for mark, row in zip(beside, bars(values, top), strict=True)]
    return "\n".join([*lines, axis(outcome.seconds)])


def bars(values: list[int], top: int) -> list[str]:
    """One column per value, in eighths of a row; the smallest value above zero is visible."""
    eighths = [ceil(value * 8 * ROWS / top) for value in values]
    return ["".join(BLOCKS[min(8, max(0, each - 8 * row))] for each in eighths).rstrip() for row in reversed(range(ROWS))]


def axis(seconds: float) -> str:
    """The time axis: marks with their labels."""
    rule, words = ["─"] * COLUMNS, [" "] * (COLUMNS + 4)
    for at, label in marks(seconds, most=8):
        column = min(COLUMNS - 1, int(at / max(seconds, 1e-9) * COLUMNS))
        rule[column] = "┴"
        words[column : column + len(label)] = label
    return f"{'':>{GUTTER}}└{''.join(rule)}\n{'':>{GUTTER}} {''.join(words).rstrip()}"


def marks(seconds: float, most: int) -> list[tuple[float, str]]:
    """At most so many evenly spaced times, as labels: 0, 6 h, 12 h."""
    step = next((each for each in STEPS if seconds / each < most), ceil(seconds / most / STEPS[-1]) * STEPS[-1])
    length, unit = next((length, unit) for length, unit in UNITS if step >= length)
    moments = range(0, int(seconds) + 1, step)
    return [(at, f"{at / length:g} {unit}" if at else "0") for at in moments]


def sampled(outcome: Outcome, columns: int) -> tuple[list[int], list[int]]:
    """Maxima of waiting stories and of nodes in each of so many equal intervals."""
    waiting, nodes = [0] * columns, [0] * columns
    ends = [*outcome.history, (outcome.seconds, 0, 0)]
    for (begin, queue, machines), (end, _, _) in pairwise(ends):
        first, last = (min(columns - 1, int(at / max(outcome.seconds, 1e-9) * columns)) for at in (begin, end))
        for column in range(first, last + 1):
            waiting[column], nodes[column] = max(waiting[column], queue), max(nodes[column], machines)
    return waiting, nodes


def svg(outcome: Outcome) -> str:
    """The chart as SVG on white, so that it is readable on a dark page too."""
    bottom = len(NAMES) * (HIGH + ABOVE)
    parts = [f'<rect width="100%" height="100%" fill="{PAPER}"/>']
    for at, label in marks(outcome.seconds, most=12):
        x = LEFT + at / max(outcome.seconds, 1e-9) * WIDE
        parts.append(f'<line x1="{x:.1f}" y1="{ABOVE}" x2="{x:.1f}" y2="{bottom}" stroke="{RULE}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    for row, (name, values) in enumerate(zip(NAMES, sampled(outcome, WIDE), strict=True)):
        parts += curve(name, values, (row + 1) * (HIGH + ABOVE), COLOURS[row])
    box = f'viewBox="0 0 {LEFT + WIDE + 30} {bottom + 30}"'
    style = f'font-family="sans-serif" font-size="13" fill="{INK}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {style}>{"".join(parts)}</svg>\n'


def curve(name: str, values: list[int], base: int, colour: str) -> list[str]:
    """An area on the line `base`, scaled to its maximum."""
    top = max(1, *values)
    points = " ".join(f"{LEFT + x},{base - value * HIGH / top:.1f}" for x, value in enumerate(values))
    return [
        f'<text x="{LEFT}" y="{base - HIGH - 12}" font-weight="bold">{name}</text>',
        f'<polygon points="{LEFT},{base} {points} {LEFT + WIDE - 1},{base}" fill="{colour}"/>',
        f'<line x1="{LEFT}" y1="{base}" x2="{LEFT + WIDE}" y2="{base}" stroke="{INK}"/>',
        f'<text x="{LEFT - 8}" y="{base - HIGH + 5}" text-anchor="end">{top:,}</text>',
        f'<text x="{LEFT - 8}" y="{base}" text-anchor="end">0</text>',
    ]
