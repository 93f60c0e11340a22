"""What Prometheus is told of the manager: its rounds, what it sees, and what each day's stories took."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from cluster.controllers.manager.accounting import Ledger
from cluster.controllers.manager.demand import Demand
from cluster.controllers.manager.world import Seen

DAYS = {
    "newsreel_day_stories": ("stories", "Stories that ended on the day"),
    "newsreel_day_node_seconds": ("node_seconds", "Seconds that story nodes were held by stories"),
    "newsreel_day_gpu_seconds": ("gpu_seconds", "Seconds of GPUs asked for by steps"),
    "newsreel_day_published_bytes": ("bytes", "Bytes of published videos and what belongs to them"),
    "newsreel_day_cost": ("cost", "Cost of the nodes while stories held them, at the prices of newsreel.yaml"),
}
"""By name: the account's field, and what it says."""


class Days(Collector):
    """The sums of each day; what is unknown has no line."""

    def __init__(self, currency: str) -> None:
        self.currency, self.ledger = currency, Ledger()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (account_field, described) in DAYS.items():
            priced = account_field == "cost"
            family = GaugeMetricFamily(name, described, labels=["day", "currency"] if priced else ["day"])
            for day, account in sorted(self.ledger.days.items()):
                value = getattr(account, account_field)
                if value is not None:
                    family.add_metric([day.isoformat(), *([self.currency] if priced else [])], value)
            yield family


class Metrics:
    def __init__(self, currency: str) -> None:
        self.registry = to = CollectorRegistry()
        self.rounds = Counter("newsreel_manager_rounds", "Rounds, by how they ended", ["result"], registry=to)
        self.looked = Gauge("newsreel_manager_last_round_timestamp_seconds", "When a round last went well", registry=to)
        self.demand = Gauge("newsreel_manager_demand", "Stories to be made, as each source says", ["source"], registry=to)
        self.unknown = Gauge("newsreel_manager_unknown_sources", "Sources that say nothing: no node is given back", registry=to)
        self.nodes = Gauge("newsreel_manager_nodes", "Story nodes, asked for and there", ["pool", "state"], registry=to)
        self.alert = Gauge("newsreel_manager_alert", "1 while there is something that a person should know", registry=to)
        self.days = Days(currency)
        to.register(self.days)

    def round(self, result: str, now: datetime) -> None:
        self.rounds.labels(result).inc()
        if result != "failed":
            self.looked.set(now.timestamp())

    def seen(self, seen: Seen, demand: Demand, alert: str | None) -> None:
        """A source or pool of which nothing is known has no line, rather than its last one."""
        self.demand.clear()
        self.nodes.clear()
        for source, count in demand.counts.items():
            if count is not None:
                self.demand.labels(source).set(count)
        for pool in seen.pools or ():
            self.nodes.labels(pool.name, "asked").set(pool.size)
            self.nodes.labels(pool.name, "there").set(len(pool.nodes))
        self.unknown.set(len(demand.unknown))
        self.alert.set(alert is not None)

    def text(self) -> bytes:
        return generate_latest(self.registry)
