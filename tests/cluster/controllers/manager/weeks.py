"""`python -m tests.cluster.controllers.manager.weeks`: the manager, whole, against a fake cloud for simulated weeks full of
faults.

Prints what happened and ends with 1 where anything was done that never may be, a story was not made, or something was left over.
"""

import argparse
import sys
import time
from random import Random

from tests.cluster.controllers.manager.fake_world import START
from tests.cluster.controllers.manager.managed import bucket_server, managed

SOURCES = ("metric", "kubernetes", "gke", "compute", "events", "credentials", "no points", "announcements")


def campaign(setup, hours, seed, every=120.0):
    """Stories in bursts, hours of nothing, and a fault now and then; in the end all speaks again. Returns the manager."""
    random, world = Random(seed), setup.world  # noqa: S311
    manager = setup.manager()
    for number in range(round(hours * 6)):
        world.silent = {random.choice(SOURCES)} if random.random() < 0.15 else set()
        world.fault_share = random.choice([0, 0, 0.05, 0.2])
        world.half_done_share = random.choice([0, 0, 0.3])
        world.stale_share = random.choice([0, 0, 0.5])
        for pool in world.pools.values():
            pool.in_stock = random.random() > 0.15
        world.quota = random.choice([1000, 1000, 4])
        if random.random() < 0.08:
            world.arrive(random.choice([1, 3, 12]))
        if random.random() < 0.1:
            world.lose_a_node()
        if random.random() < 0.03:
            manager = setup.manager(holder=f"manager-{number}")
        setup.run(manager, 10, every)
    world.silent, world.fault_share, world.half_done_share, world.stale_share, world.quota = set(), 0, 0, 0, 1000
    for pool in world.pools.values():
        pool.in_stock = True
    setup.run(manager, 240, every)
    return manager


def verdict(world, mode):
    wrong = list(world.harm)
    wrong += [f"{len(world.stories)} stories were not made"] if world.stories else []
    wrong += [f"{world.nodes} nodes were left"] if world.nodes else []
    wrong += [f"the cluster is {world.state}"] if world.state != {"pool": "there", "cluster": "absent"}[mode] else []
    return wrong


def accounts(setup, manager):
    """What the ledger has not, or has twice."""
    counted = sum(day.stories for day in manager.store.read(setup.world.clock(), to_act=False).ledger.days.values())
    made = len(setup.world.over)
    return [] if counted == made else [f"{counted} stories are in the accounts, {made} were made"]


def told(setup):
    world = setup.world
    days, made = (world.now - START).days, len(world.over)
    return (
        f"{days} days, {len(setup.lines):,} rounds, {world.calls:,} calls, {made:,} stories made, "
        f"clusters made {world.created}, deleted {world.deleted}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--weeks", type=float, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    with bucket_server() as url:
        for mode in ("pool", "cluster"):
            began = time.monotonic()
            with managed(url, mode, seed=options.seed, state={"pool": "there", "cluster": "absent"}[mode]) as setup:
                manager = campaign(setup, options.weeks * 7 * 24, options.seed)
                wrong = verdict(setup.world, mode) + accounts(setup, manager)
                failed |= bool(wrong)
                print(f"mode {mode}, seed {options.seed}: {told(setup)}, {time.monotonic() - began:.0f} s:", end=" ")
                print("; ".join(wrong) or "no harm, nothing left over", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
