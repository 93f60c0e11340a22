"""What came out, for people: a table with what no policy can beat beside it. `drawing` has the picture."""

from collections.abc import Sequence
from math import ceil

from cluster.durations import speed_of, story_seconds
from cluster.simulate.arrivals import Arrival
from cluster.simulate.bounds import least_waits
from cluster.simulate.run import Outcome, work_seconds
from newsreel.config.model import GkeConfig

__all__ = ["aligned", "bound_cost", "bound_waits", "caveat", "percentile", "span", "table"]


def caveat(parameters: GkeConfig) -> str:
    """What is not known in every figure: said wherever one is printed."""
    speeds = {offer.speed: speed_of(parameters, offer.speed) for offer in parameters.node_pools}
    lines = [f"Prices are examples of {parameters.prices.dated}, not quotes."]
    if assumed := [name for name, speed in speeds.items() if not speed.measured]:
        lines.append(f"How fast {' and '.join(assumed)} nodes work is ASSUMED, not measured: see work.speeds.")
    return "\n".join(lines)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so large a share of all does not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def bound_cost(arrivals: Sequence[Arrival], parameters: GkeConfig) -> float:
    """A video on the cheapest kind of node, were nothing paid but work: no start, no idle second, no cluster."""
    seconds_of = work_seconds(parameters)
    each = [sum(seconds_of(arrival, offer) for arrival in arrivals) * offer.an_hour / 3600 for offer in parameters.node_pools]
    return min(each) / max(1, len(arrivals))


def bound_waits(arrivals: Sequence[Arrival], parameters: GkeConfig) -> list[float]:
    """Were every node that may be bought there all the time, of the quickest kind."""
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
