"""What places of pool.yaml must agree on; each disagreement is told of the place that is to be changed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster.manager.parameters import Parameters

__all__ = ["disagreements"]

Place = tuple[str | int, ...]
"""The way to it from the top."""
Disagreement = tuple[Place, str]


def disagreements(parameters: "Parameters") -> Iterator[Disagreement]:
    yield from of_times(parameters)
    yield from of_offers(parameters)
    yield from of_quotas(parameters)
    yield from of_places(parameters)


def of_times(parameters: "Parameters") -> Iterator[Disagreement]:
    policy = parameters.policy
    if policy.backoff_most_minutes < policy.backoff_minutes:
        yield ("policy", "backoff_most_minutes"), f"must be at least backoff_minutes, {policy.backoff_minutes:g}"
    if policy.away_minutes * 60 < 2 * policy.round_seconds:
        yield ("policy", "away_minutes"), "must be at least two rounds, or nothing would ever be seen to be idle"


def of_offers(parameters: "Parameters") -> Iterator[Disagreement]:
    offers, warm = parameters.offers, parameters.policy.warm_nodes
    if not offers:
        yield ("offers",), "must have at least one kind of node"
        return
    for index, offer in enumerate(offers):
        if offer.pool in [other.pool for other in offers[:index]]:
            yield ("offers", index, "pool"), f"two have the same pool, {offer.pool}"
        if offer.speed not in parameters.work.speeds:
            known = ", ".join(parameters.work.speeds)
            yield ("offers", index, "speed"), f"no speed {offer.speed!r} in work.speeds, which has {known}"
        if offer.accelerator and offer.accelerator not in parameters.zones.get(offer.zone, ()):
            has = [zone for zone, kinds in parameters.zones.items() if offer.accelerator in kinds]
            advice = f"; it is in {', '.join(has)}" if has else ""
            yield ("offers", index, "accelerator"), f"{offer.pool}: zone {offer.zone} has no {offer.accelerator}{advice}"
    if warm > offers[0].most:
        yield ("policy", "warm_nodes"), f"{warm} is more than the {offers[0].most} nodes of {offers[0].pool}"


def of_quotas(parameters: "Parameters") -> Iterator[Disagreement]:
    known = sorted({offer.quota for offer in parameters.offers if offer.quota})
    for name in parameters.market.quotas:
        if name not in known:
            yield ("market", "quotas", name), f"no offer counts against it; offers do against {', '.join(known) or 'none'}"


def of_places(parameters: "Parameters") -> Iterator[Disagreement]:
    location, region, site = parameters.cluster.location, parameters.cluster.region, parameters.site
    places: dict[Place, str] = {("site", "system", "zones", index): zone for index, zone in enumerate(site.system.zones)}
    places |= {("offers", index, "zone"): offer.zone for index, offer in enumerate(parameters.offers)}
    for place, zone in places.items():
        if zone[:-2] != region:
            yield place, f"{zone} is not in {region}, where the cluster is"
    if location != region and set(site.system.zones) != {location}:
        yield ("site", "system", "zones"), f"a cluster in the one zone {location} has its machines there"
    machines = site.system.most + sum(offer.most for offer in parameters.offers)
    if machines > site.network.machines:
        yield ("site", "network"), f"has addresses for {site.network.machines} machines, offers and system want {machines}"
