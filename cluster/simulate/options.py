"""The subcommands `newsreel simulate` and `newsreel plan`: nothing is imported for them before they run."""

import argparse
from pathlib import Path

from newsreel.config.option import declare_config_option


def declare_simulate(parser: argparse.ArgumentParser) -> None:
    demand(parser)
    parser.add_argument("--mode", choices=("pool", "cluster"), help="what comes and goes (as the configuration says)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, another day (1)")
    parser.add_argument("--sweep", action="store_true", help="the price of each promise, from 2 minutes to an hour")
    parser.add_argument("--first-frame", action="store_true", help="from zero to the first frame, by phase")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw queue and nodes there")
    parser.set_defaults(command=simulate)


def declare_plan(parser: argparse.ArgumentParser) -> None:
    demand(parser)
    parser.set_defaults(command=plan)


def demand(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stories", metavar="RATE", help="that know nothing of each other, such as 3000/day")
    parser.add_argument("--burst", metavar="RATE", help="once a day at noon, such as 1000/10min")
    parser.add_argument("--viral", metavar="RATE", help="once a day at noon, most of it at first, such as 500/2h")
    parser.add_argument("--batch", metavar="RATE", help="at once, again and again, such as 40/12h")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="a line a story: time[,seconds of video]")
    parser.add_argument("--days", type=int, default=1, metavar="N", help="of generated stories (1)")
    parser.add_argument("--wait", metavar="TIME", help="longest queueing time to be kept for 99 of 100, such as 15min")
    declare_config_option(parser, "--parameters", None, "prices, nodes, times (cluster/newsreel.yaml)")


def simulate(options: argparse.Namespace) -> int:
    from cluster.simulate.program import run_simulate

    return run_simulate(options)


def plan(options: argparse.Namespace) -> int:
    from cluster.simulate.program import run_plan

    return run_plan(options)
