"""What `newsreel simulate` and `newsreel plan` do; `options` says what they are asked with."""

import argparse
from collections.abc import Callable, Iterator
from random import Random

from cluster.simulate.arrivals import DAY, Arrival, Rate, batches, burst, poisson, read_trace, require_so_few, seconds_in, viral
from cluster.simulate.report import bound_cost, caveat, picture, span, svg, table
from cluster.simulate.run import simulate
from cluster.simulate.studies import SEEDS, Plan, first_frame, plan, sweep
from newsreel.config.file import DEFAULT, changed, read_gke_config
from newsreel.config.gke import NodePoolOption
from newsreel.config.model import GkeConfig
from newsreel.errors import BadInput
from newsreel.files import write_atomically

EXAMPLES = "give --stories 3000/day, --burst 1000/10min, --batch 40/12h or --trace FILE, and 1 to 366 days"


def run_simulate(options: argparse.Namespace) -> int:
    parameters = parameters_of(options)
    if options.mode:
        parameters = changed(parameters, cluster={"mode": options.mode}, manager=None)
    if options.first_frame:
        print(caveat(parameters), first_frame(parameters), sep="\n\n")
        return 0
    stories = stories_of(options, parameters)
    if options.sweep:
        print(caveat(parameters), sweep(stories, parameters), sep="\n\n")
        return 0
    arrivals = stories(options.seed)
    outcome = simulate(arrivals, parameters, options.seed)
    print(table(outcome, arrivals, parameters), picture(outcome), sep="\n\n")
    if options.svg:
        write_atomically(options.svg, svg(outcome))
    return 0


def run_plan(options: argparse.Namespace) -> int:
    parameters = parameters_of(options)
    stories = stories_of(options, parameters)
    found, minutes = plan(stories, parameters), parameters.policy.wait_minutes
    if found is None:
        within = " within market.quotas" if parameters.market.quotas else ""
        print(f"No number of nodes keeps {minutes:g} minutes at p99{within}: set policy.warm_nodes, or promise more minutes.")
        return 1
    print(*in_sentences(found, parameters, bound_cost(stories(SEEDS[0]), parameters)), sep="\n")
    return 0


def in_sentences(found: Plan, parameters: GkeConfig, bound: float) -> Iterator[str]:
    """The result in sentences; `bound` is the cost of a video's work alone."""
    minutes, currency = parameters.policy.wait_minutes, parameters.prices.currency
    yield f"Buy at most {counted(found.nodes)} of each kind, {found.nodes * len(parameters.node_pools)} in all, in this order:"
    yield from (f"  {place}. {in_words(offer)}" for place, offer in enumerate(parameters.node_pools, 1))
    yield f"In newsreel.yaml: most: {found.nodes} in each node pool, aim: {found.aim:g}, wait_minutes: {minutes:g}."
    yield f"Queueing at p99: {span(found.wait)}, promised {span(60 * minutes)}; on the worst of {len(SEEDS)} days"
    yield "and of one more with none of the first kind to be had."
    yield f"A video: {found.cost:.4f} {currency}, {found.cost / bound:.2f} times what its work alone costs ({bound:.4f})."
    yield f"With fewer than {counted(found.least)} in all no policy keeps that."
    yield caveat(parameters)


def counted(nodes: int) -> str:
    return f"{nodes} node" + "s" * (nodes != 1)


def in_words(offer: NodePoolOption) -> str:
    return f"{offer.pool}: {offer.machine} in {offer.zone}, {'spot' if offer.spot else 'on demand'}"


def parameters_of(options: argparse.Namespace) -> GkeConfig:
    parameters = read_gke_config(options.config or DEFAULT)
    if options.wait is None:
        return parameters
    return changed(parameters, policy={"wait_minutes": seconds_in(options.wait) / 60})


def stories_of(options: argparse.Namespace, parameters: GkeConfig) -> Callable[[int], list[Arrival]]:
    """The arrivals of a seed. Raises BadInput for none, or more than fit into memory."""
    given = {name: Rate.parse(text) for name in ("stories", "burst", "viral", "batch") if (text := getattr(options, name))}
    video = parameters.work.video_seconds
    if options.trace:
        if given:
            raise BadInput("--trace is all there is: leave out --stories, --burst, --viral and --batch")
        trace = read_trace(options.trace, video, Random(1))  # noqa: S311
        return lambda _: trace
    if not given or not 1 <= options.days <= 366:
        raise BadInput(f"nothing to simulate: {EXAMPLES}")
    most = sum(rate.count * (options.days * DAY / rate.seconds if name in ("stories", "batch") else options.days)
               for name, rate in given.items())  # fmt: skip
    require_so_few(most)

    def generated(seed: int) -> list[Arrival]:
        return sorted(generators(given, options.days, parameters, Random(seed)))  # noqa: S311

    return generated


def generators(given: dict[str, Rate], days: int, parameters: GkeConfig, random: Random) -> Iterator[Arrival]:
    video, length = parameters.work.video_seconds, days * DAY
    if "stories" in given:
        yield from poisson(given["stories"], length, video, random)
    if "batch" in given:
        yield from batches(given["batch"], length, video, random)
    for name, generator in (("burst", burst), ("viral", viral)):
        if name in given:
            for day in range(days):
                yield from generator(given[name], (day + 0.5) * DAY, video, random)
