"""Exponential backoff for pools that Google cannot fill (stockout, quota); meanwhile other pools are used."""

from datetime import datetime, timedelta

from cluster.controllers.manager.types import Pool, ResizeRequest, Rules, Shortage, State

RECENT_ERRORS = timedelta(minutes=10)
"""Older errors of Google's are ignored."""
CLOCK_SKEW = timedelta(seconds=30)
"""Google's clock may be behind ours by this much: only errors later than a request belong to it."""


def pending_requests(pools: tuple[Pool, ...], state: State, now: datetime) -> dict[str, ResizeRequest]:
    """Requests whose nodes have not all joined, even if the pool is smaller again: GKE's autoscaler, where it is on, takes back
    what it finds unavailable."""
    waiting = {pool.name: state.asked[pool.name] for pool in pools if pool.name in state.asked}
    joined = {pool.name: len(pool.nodes) for pool in pools}
    return {name: ResizeRequest(to=ask.to, at=min(ask.at, now)) for name, ask in waiting.items() if joined[name] < ask.to}


def late_since(pools: tuple[Pool, ...], state: State, now: datetime, away: bool) -> dict[str, datetime]:
    """Since when each pool has been waiting for nodes; after a pause of the manager the timer restarts."""
    waiting = [pool.name for pool in pools if pool.size > len(pool.nodes)]
    return {name: now if away else min(state.late.get(name, now), now) for name in waiting}


def update_shortages(pools: tuple[Pool, ...], state: State, now: datetime, rules: Rules) -> dict[str, Shortage]:
    """Shortages after this observation: new ones, repeated ones with a longer backoff, without the resolved ones."""
    found = {name: limit_to_backoff(shortage, now, rules) for name, shortage in state.short.items()}
    for pool in pools:
        known, reason = found.get(pool.name), failure_reason(pool, state, now, rules)
        if reason and (known is None or (known.tried and not pool.busy)):
            found[pool.name] = next_shortage(reason, known, now, rules)
        elif known and known.tried and is_complete(pool, state):
            del found[pool.name]
    return found


def is_complete(pool: Pool, state: State) -> bool:
    """Whether all nodes have joined that are requested now or were by our last request."""
    ask = state.asked.get(pool.name)
    return len(pool.nodes) >= max(pool.size, ask.to if ask else 0)


def failure_reason(pool: Pool, state: State, now: datetime, rules: Rules) -> str | None:
    if is_complete(pool, state):
        return None
    ask = state.asked.get(pool.name)
    if pool.lack and (ask is None or pool.lack.at > ask.at - CLOCK_SKEW):
        return pool.lack.why
    waited = now - state.late.get(pool.name, now)
    return f"nodes requested {waited.seconds // 60} minutes ago have not joined" if waited > rules.start else None


def next_shortage(why: str, known: Shortage | None, now: datetime, rules: Rules) -> Shortage:
    """After one more failed try."""
    tries = known.tries + 1 if known else 1
    return Shortage(tries=tries, until=now + backoff_for(tries, rules), why=why)


def backoff_for(tries: int, rules: Rules) -> timedelta:
    return min(rules.backoff * (1 << min(tries - 1, 20)), rules.backoff_most)


def limit_to_backoff(shortage: Shortage, now: datetime, rules: Rules) -> Shortage:
    """After a clock was turned back `until` could be years ahead."""
    most = now + backoff_for(shortage.tries, rules)
    return shortage if shortage.until <= most else shortage.model_copy(update={"until": most})


def is_available(name: str, short: dict[str, Shortage], now: datetime) -> bool:
    return name not in short or now >= short[name].until
