"""Questions asked of the simulation: what each promise costs, which pool to buy, how long zero to the first frame takes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from statistics import fmean

from cluster.durations import speed_of
from cluster.simulate.arrivals import Arrival
from cluster.simulate.report import aligned, bound_waits, percentile, span
from cluster.simulate.run import Outcome, simulate
from newsreel.config.file import changed
from newsreel.config.gke import NodePoolOption
from newsreel.config.model import GkeConfig

AIMS = (0.3, 0.5, 0.7, 0.9)
SEEDS = (11, 12, 13, 14, 15)
"""The days a plan is tried on; the first once more with the preferred kind of node out of stock all day."""
Stories = Callable[[int], list[Arrival]]
"""Arrivals of a seed."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A pool that keeps the promise on every day that was simulated."""

    nodes: int
    """Most nodes of each kind."""
    aim: float
    wait: float
    """Queueing time at p99 in seconds, of the worst day."""
    cost: float
    """A video, mean of the days."""
    least: int
    """Fewer nodes than this, of all kinds together, do not keep the promise, were they there all the time."""


def sweep(stories: Stories, parameters: GkeConfig, waits: Sequence[float] = (2, 5, 10, 15, 30, 60)) -> str:
    """The price of each promise in minutes: a table of the pools that `plan` finds."""
    rows = []
    for minutes in waits:
        found = plan(stories, changed(parameters, policy={"wait_minutes": minutes}))
        promise = f"{minutes:g} min"
        if found:
            rows.append((promise, f"{found.nodes}", f"{found.aim:g}", span(found.wait), f"{found.cost:.4f}"))
        else:
            rows.append((promise, "none", "", "", ""))
    head = ("queueing at p99", "nodes of a kind", "aim", "worst day", f"{parameters.prices.currency} a video")
    return "\n".join(aligned(head, rows))


def plan(stories: Stories, parameters: GkeConfig) -> Plan | None:
    """The cheapest pool that keeps `policy.wait_minutes` at p99; None if no number of nodes does, since nodes take time to
    start."""
    limit = 60 * parameters.policy.wait_minutes
    least = fewest(stories(SEEDS[0]), parameters, limit)
    found = [found for aim in AIMS if (found := smallest(stories, changed(parameters, policy={"aim": aim}), least, limit))]
    return min(found, key=lambda each: (each.cost, each.nodes), default=None)


def smallest(stories: Stories, parameters: GkeConfig, least: int, limit: float) -> Plan | None:
    """Add nodes, a tenth at a time, until every day is kept; only the first day is simulated until it is kept."""
    kinds = len(parameters.node_pools)
    most = max(1, min(room(parameters) // kinds, 4 * least + 20, largest_quota(parameters)))
    nodes = min(most, max(1, ceil(least / kinds), parameters.policy.warm_nodes))
    while nodes <= most:
        outcomes: list[Outcome] = []
        for seed, offered in days(with_most(parameters, nodes)):
            outcome = simulate(stories(seed), offered, seed)
            outcomes.append(outcome)
            if outcome.stranded or percentile(outcome.waits, 0.99) > limit:
                break
        else:
            worst = max(percentile(outcome.waits, 0.99) for outcome in outcomes)
            cost = fmean(outcome.cost_a_video for outcome in outcomes[-len(SEEDS) :])
            return Plan(nodes=nodes, aim=parameters.policy.aim, wait=worst, cost=cost, least=least)
        nodes = max(nodes + 1, round(nodes * 1.1))
    return None


def days(parameters: GkeConfig) -> Iterator[tuple[int, GkeConfig]]:
    """The days, hardest first: a pool that fails on it is tried on no other."""
    if len(parameters.node_pools) > 1:
        yield SEEDS[0], offering(parameters, parameters.node_pools[1:])
    yield from ((seed, parameters) for seed in SEEDS)


def fewest(arrivals: Sequence[Arrival], parameters: GkeConfig, limit: float) -> int:
    """Bisect the number of nodes that, always there and never failing, keep the promise."""
    low, high = 1, room(parameters)
    while low < high:
        middle = (low + high) // 2
        one_kind = with_most(offering(parameters, parameters.node_pools[:1]), middle)
        if percentile(bound_waits(arrivals, one_kind), 0.99) <= limit:
            high = middle
        else:
            low = middle + 1
    return low


def room(parameters: GkeConfig) -> int:
    """How many story nodes the cluster's network has addresses for, at most as many as one kind may have."""
    return min(1000, parameters.site.network.machines - parameters.site.system.most)


def largest_quota(parameters: GkeConfig) -> int:
    """More nodes of a kind than this are of no use."""
    return max(parameters.market.quotas.get(offer.quota or "", room(parameters)) for offer in parameters.node_pools)


def with_most(parameters: GkeConfig, nodes: int) -> GkeConfig:
    return offering(parameters, [offer.model_copy(update={"most": nodes}) for offer in parameters.node_pools])


def offering(parameters: GkeConfig, offers: Sequence[NodePoolOption]) -> GkeConfig:
    """The same configuration with these node pools alone, and their quotas."""
    quotas = {name: most for name, most in parameters.market.quotas.items() if name in {offer.quota for offer in offers}}
    return changed(parameters, node_pools=[offer.model_dump(mode="json") for offer in offers], market={"quotas": quotas})


def first_frame(parameters: GkeConfig, trials: int = 200) -> str:
    """One story from zero, by phase, until the generator renders its first frame. Mean and p95 of so many trials."""
    random = Random(7)  # noqa: S311
    quiet = changed(parameters, market={"preemptions_an_hour": 0, "stock_out_hours": 0})
    story = [Arrival(random.uniform(600, 4200), parameters.work.video_seconds.usual) for _ in range(trials)]
    first = [simulate([arrival], quiet, seed).first_waits[0] for seed, arrival in enumerate(story)]
    speed = speed_of(quiet, quiet.node_pools[0].speed)
    steps = speed.seconds(parameters.work.video_seconds.usual, parameters.work.pod_seconds)
    before = []
    for name, seconds in steps.items():
        # The generator's first frame comes when it has started and loaded its weights, not when it is done.
        if name == "pix2pixhd":
            before.append(parameters.work.pod_seconds / 2 + speed.fixed.get(name, 0))
            break
        before.append(seconds)
    named = {
        "message seen, cluster made where there is none": [each[0] for each in first],
        "machine": [each[1] for each in first],
        "driver": [each[2] for each in first],
        "images": [each[3] for each in first],
        "steps before the generator, and its start": [sum(before)] * trials,
    }
    named["in all"] = [sum(values) for values in zip(*named.values(), strict=True)]
    rows = [(name, span(fmean(values)), span(percentile(values, 0.95))) for name, values in named.items()]
    return "\n".join(aligned(("from zero to the first frame", "mean", "p95"), rows))
