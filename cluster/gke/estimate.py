"""What a month and a video cost, told before anything is bought: the simulation's word, at the prices of newsreel.yaml."""

from dataclasses import dataclass
from random import Random

from cluster.simulate.arrivals import DAY, Rate, poisson, require_so_few
from cluster.simulate.report import aligned, bound_cost, caveat, percentile, span
from cluster.simulate.run import simulate
from newsreel.config.model import GkeConfig

__all__ = ["Estimate", "estimate"]

HOURS_A_MONTH = 730
DAYS_A_MONTH = HOURS_A_MONTH / 24
SEED = 11


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """In the currency of newsreel.yaml."""

    stories_a_day: float
    idle_month: float
    """With no story at all."""
    video: float
    """Story machines alone, with their start, their idle minutes and what the market takes away."""
    least_video: float
    """Were nothing paid but the work itself."""
    month: float
    """All of it, at so many stories a day."""
    wait: float
    """Seconds from message to machine, p99."""

    def table(self, parameters: GkeConfig) -> str:
        money = parameters.prices.currency
        rows = [
            ("a month without a story", f"{self.idle_month:,.2f} {money}"),
            (f"a video, at {self.stories_a_day:,.0f} stories a day", f"{self.video:.4f} {money}"),
            ("... its work alone", f"{self.least_video:.4f} {money}"),
            ("a month with them", f"{self.month:,.2f} {money}"),
            ("queueing, 99 of 100 stories at most", span(self.wait)),
        ]
        head = (f"{parameters.cluster.name}, mode {parameters.cluster.mode}", "simulated")
        return "\n".join([*aligned(head, rows), caveat(parameters), "Traffic and storage are not in them."])


def estimate(parameters: GkeConfig, stories: str | None = None) -> Estimate:
    """`stories` such as 3000/day; else as `site.expected` says. Raises BadInput."""
    rate = Rate.parse(stories or parameters.site.expected)
    require_so_few(rate.count * DAY / rate.seconds)
    arrivals = list(poisson(rate, DAY, parameters.work.video_seconds, Random(SEED)))  # noqa: S311
    day = simulate(arrivals, parameters, SEED)
    lasting = HOURS_A_MONTH * parameters.prices.lasting_an_hour
    always_on, warm = HOURS_A_MONTH * parameters.always_on_an_hour, warm_cost(parameters)
    stays = parameters.cluster.mode == "pool"
    return Estimate(
        stories_a_day=rate.count * DAY / rate.seconds,
        idle_month=lasting + (always_on + warm if stays else 0.0),
        video=day.nodes_cost / max(1, len(arrivals)),
        least_video=bound_cost(arrivals, parameters),
        month=lasting + DAYS_A_MONTH * day.nodes_cost + (always_on if stays else DAYS_A_MONTH * day.always_on_cost),
        wait=percentile(day.waits, 0.99),
    )


def warm_cost(parameters: GkeConfig) -> float:
    """A month of the story machines that stay when nothing is to do."""
    return HOURS_A_MONTH * parameters.policy.warm_nodes * parameters.node_pools[0].an_hour
