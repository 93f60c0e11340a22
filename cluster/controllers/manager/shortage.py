"""Nodes that cannot be had: a kind out of stock is left alone for a while, twice as long each time, and others are taken."""

from datetime import datetime, timedelta

from cluster.controllers.manager.world import Asked, Memory, Pool, Rules, Shortage

RECENT = timedelta(minutes=10)
"""What Google said longer ago is over."""
CLOCKS = timedelta(seconds=30)
"""That Google's may be behind ours: what it said before we asked says nothing of what we asked for."""


def still_asked(pools: tuple[Pool, ...], memory: Memory, now: datetime) -> dict[str, Asked]:
    """What was asked for and has not come, though nothing of it may be asked for any more: GKE's autoscaler, where it is on,
    takes back what it finds cannot be had."""
    waiting = {pool.name: memory.asked[pool.name] for pool in pools if pool.name in memory.asked}
    there = {pool.name: len(pool.nodes) for pool in pools}
    return {name: Asked(to=ask.to, at=min(ask.at, now)) for name, ask in waiting.items() if there[name] < ask.to}


def since_when_late(pools: tuple[Pool, ...], memory: Memory, now: datetime, away: bool) -> dict[str, datetime]:
    """Since when each pool has been waiting for nodes; a span that nobody watched begins anew."""
    waiting = [pool.name for pool in pools if pool.size > len(pool.nodes)]
    return {name: now if away else min(memory.late.get(name, now), now) for name in waiting}


def with_shortages(pools: tuple[Pool, ...], memory: Memory, now: datetime, rules: Rules) -> dict[str, Shortage]:
    """What is short, brought up to date with what is seen."""
    found = {name: bounded(shortage, now, rules) for name, shortage in memory.short.items()}
    for pool in pools:
        known, lacking = found.get(pool.name), lacks(pool, memory, now, rules)
        if lacking and (known is None or (known.tried and not pool.busy)):
            found[pool.name] = short_of(lacking, known, now, rules)
        elif known and known.tried and has_come(pool, memory):
            del found[pool.name]
    return found


def has_come(pool: Pool, memory: Memory) -> bool:
    """Whether all nodes are there that are asked for, or were when we asked."""
    ask = memory.asked.get(pool.name)
    return len(pool.nodes) >= max(pool.size, ask.to if ask else 0)


def lacks(pool: Pool, memory: Memory, now: datetime, rules: Rules) -> str | None:
    if has_come(pool, memory):
        return None
    ask = memory.asked.get(pool.name)
    if pool.lack and (ask is None or pool.lack.at > ask.at - CLOCKS):
        return pool.lack.why
    waited = now - memory.late.get(pool.name, now)
    return f"nodes asked for {waited.seconds // 60} minutes ago have not come" if waited > rules.start else None


def short_of(why: str, known: Shortage | None, now: datetime, rules: Rules) -> Shortage:
    """One more try has failed."""
    tries = known.tries + 1 if known else 1
    return Shortage(tries=tries, until=now + pause(tries, rules), why=why)


def pause(tries: int, rules: Rules) -> timedelta:
    return min(rules.backoff * (1 << min(tries - 1, 20)), rules.backoff_most)


def bounded(shortage: Shortage, now: datetime, rules: Rules) -> Shortage:
    """A clock that was turned back must not make us wait for years."""
    most = now + pause(shortage.tries, rules)
    return shortage if shortage.until <= most else shortage.model_copy(update={"until": most})


def available(name: str, short: dict[str, Shortage], now: datetime) -> bool:
    return name not in short or now >= short[name].until
