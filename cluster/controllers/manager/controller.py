"""The manager as a controller with a lease: store the state before acting, and log each round in one line; its metrics."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from cluster.controllers.loop import JsonLog, RoundResult, Standby
from cluster.controllers.manager.act import act
from cluster.controllers.manager.observe import FAULTS, Look, Services, format_fault, look
from cluster.controllers.manager.policy import Demand, decide, demand_of
from cluster.controllers.manager.pubsub_listener import PubSubListener
from cluster.controllers.manager.state_store import StateStore
from cluster.controllers.manager.types import Action, Decision, DeleteCluster, Empty, Ledger, Observation, Rules, State
from cluster.controllers.manager.usage_ledger import update_ledger
from newsreel.errors import Conflict

DAY_METRICS = {
    "newsreel_day_stories": ("stories", "Stories completed on the day"),
    "newsreel_day_node_seconds": ("node_seconds", "Seconds that story nodes were reserved for stories"),
    "newsreel_day_gpu_seconds": ("gpu_seconds", "GPU seconds requested by steps"),
    "newsreel_day_published_bytes": ("bytes", "Bytes of published videos and their files"),
    "newsreel_day_cost": ("cost", "Cost of the nodes while reserved for stories, at the prices of newsreel.yaml"),
}
"""By name: the field of `Account`, and the help text."""
ROUND_LABELS = {RoundResult.DONE: "held", RoundResult.STANDBY: "waits", RoundResult.FAILED: "failed"}


class DayMetrics(Collector):
    """Usage sums by day; an unknown sum has no sample."""

    def __init__(self, currency: str) -> None:
        self.currency, self.ledger = currency, Ledger()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (account_field, described) in DAY_METRICS.items():
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
        self.rounds = Counter("newsreel_manager_rounds", "Rounds by result", ["result"], registry=to)
        self.last_round = Gauge("newsreel_manager_last_round_timestamp_seconds", "Last successful round", registry=to)
        self.demand = Gauge("newsreel_manager_demand", "Stories to be made, by source", ["source"], registry=to)
        self.unknown = Gauge("newsreel_manager_unknown_sources", "Sources without a count: no node is removed", registry=to)
        self.nodes = Gauge("newsreel_manager_nodes", "Story nodes, requested and ready", ["pool", "state"], registry=to)
        self.alert = Gauge("newsreel_manager_alert", "1 while something needs a person", registry=to)
        self.days = DayMetrics(currency)
        to.register(self.days)

    def ended(self, result: RoundResult, now: datetime) -> None:
        self.rounds.labels(ROUND_LABELS[result]).inc()
        if result is not RoundResult.FAILED:
            self.last_round.set(now.timestamp())

    def observed(self, seen: Observation, demand: Demand, alert: str | None) -> None:
        """A source or pool without a known value has no sample, rather than its last one."""
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


@dataclass(frozen=True)
class Observed:
    state: State
    look: Look


@dataclass(frozen=True, kw_only=True)
class ManagerController:
    """See `cluster.controllers.loop.Controller`."""

    services: Services
    store: StateStore
    clock: Callable[[], datetime]
    log: JsonLog
    metrics: Metrics
    listener: PubSubListener | None = None
    """Started while we hold the lease: a message that one instance receives, no other does."""
    dry_run: bool = False
    faults = FAULTS

    def observe(self, now: datetime) -> Observed:
        """Raises Standby while another manager holds the lease."""
        try:
            state = self.store.read(now, to_act=not self.dry_run)
        except Conflict as fault:
            raise Standby(str(fault)) from fault
        return Observed(state, look(self.services, now))

    def decide(self, seen: Observed, now: datetime) -> Decision:
        return decide(seen.look.seen, seen.state, Rules.of(self.services.parameters))

    def act(self, plan: Decision, seen: Observed, now: datetime) -> bool:
        if not self.dry_run:
            # Before acting: a request that is not stored would be repeated in the next round.
            try:
                self.store.write(plan.state, self.clock())
            except Conflict as fault:
                raise Standby(str(fault)) from fault
        self.metrics.observed(seen.look.seen, demand_of(seen.look.seen, Rules.of(self.services.parameters)), plan.alert)
        results = [self.attempt(action, seen.look, now) for action in plan.actions]
        unknown = seen.look.failed if self.dry_run else seen.look.failed | self.account(seen.look, plan.state)
        more: dict[str, Any] = {"alert": plan.alert, "unknown": unknown, "actions": results}
        self.log(why=plan.why, **{name: value for name, value in more.items() if value})
        return True

    def attempt(self, action: Action, seen: Look, began: datetime) -> dict[str, str]:
        """Action and result, for the log."""
        name = {"action": str(action)}
        if self.dry_run:
            return name | {"result": "not done: dry run"}
        removing = isinstance(action, Empty | DeleteCluster)
        if removing and not began <= self.clock() <= began + self.store.lease:
            return name | {"result": "not done: the lease has expired meanwhile"}
        try:
            return name | {"result": act(self.services, action, seen, self.clock)}
        except FAULTS as fault:
            return name | {"result": f"failed: {format_fault(fault)}"}

    def account(self, seen: Look, state: State) -> dict[str, str]:
        """Enter completed stories into the ledger; return the error, if any, after which the next round tries again."""
        if seen.api is None or seen.seen.pools is None:
            return {}
        try:
            ledger = update_ledger(state.ledger, seen.api, seen.seen.pools, self.services.parameters, self.clock())
            if ledger != state.ledger:
                self.store.write(state.model_copy(update={"ledger": ledger}), self.clock())
            self.metrics.days.ledger = ledger
        except FAULTS as fault:
            return {"accounts": format_fault(fault)}
        return {}

    def skipped(self, why: Exception) -> None:
        reason = str(why) if isinstance(why, Standby) else f"the stored state cannot be read or written: {format_fault(why)}"
        self.log(why=reason, waits=True)

    def ended(self, result: RoundResult, now: datetime) -> None:
        self.metrics.ended(result, now)
        if self.listener:
            self.listener.start() if result is RoundResult.DONE else self.listener.stop()

    def metrics_text(self) -> bytes:
        return self.metrics.text()

    def close(self) -> None:
        """Stop listening and release the lease; if that fails, the next manager waits until it expires."""
        if self.listener:
            self.listener.stop()
        if self.dry_run:
            return
        try:
            now = self.clock()
            self.store.write(self.store.read(now), now, release=True)
        except FAULTS as fault:
            self.log(why=f"the lease was not released: {format_fault(fault)}")
