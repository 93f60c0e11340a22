"""`newsreel submit`, `status` and `logs`: what a person says, and what it means. Nothing is imported before one of them runs."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steps.errors import BadInput, MissingProgram
from workflows.priorities import PRIORITIES

if TYPE_CHECKING:
    from workflows.submission.cluster import Cluster

__all__ = ["declare"]

STORIES, FINALS = "NEWSREEL_STORIES", "NEWSREEL_FINALS"


def declare(commands: Any) -> None:
    """Add the subcommands to a parser's."""
    submit = commands.add_parser("submit", help="give a story to a cluster")
    submit.add_argument("story", type=Path, help="a story file, YAML or JSON")
    submit.add_argument("--priority", choices=sorted(PRIORITIES), default="normal", help="breaking takes the next free node")
    submit.add_argument("--to", metavar="ADDRESS", default=os.environ.get(FINALS, "gs://newsreel-finals"), help=said(FINALS))
    submit.add_argument(
        "--stories", metavar="ADDRESS", default=os.environ.get(STORIES, "gs://newsreel-stories"), help=said(STORIES)
    )
    submit.add_argument("--wait", action="store_true", help="until it is over, and end with its exit status")
    submit.set_defaults(command=run_submit)

    status = commands.add_parser("status", help="where the stories of a cluster stand")
    status.add_argument("name", nargs="?", help="of one story, such as budget-r1: its steps as well")
    status.set_defaults(command=run_status)

    logs = commands.add_parser("logs", help="what the steps of a story have written")
    logs.add_argument("name", help="of the story, such as budget-r1")
    logs.add_argument("step", nargs="?", help="one step alone, such as compose")
    logs.add_argument("--follow", action="store_true", help="until the story is over")
    logs.set_defaults(command=run_logs)

    for command in (submit, status, logs):
        command.add_argument("--namespace", default="newsreel", help="where stories run (newsreel)")


def said(variable: str) -> str:
    return f"a bucket, or a prefix in one (${variable}, else %(default)s)"


def connected(options: argparse.Namespace) -> "Cluster":
    """Raises MissingProgram, and what `Cluster.connect` raises."""
    try:
        from workflows.submission.cluster import Cluster
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install 'newsreel[reconciler]'") from fault
    return Cluster.connect(options.namespace)


def run_submit(options: argparse.Namespace) -> int:
    from steps.address import Address
    from workflows.submission.submit import Buckets, submit

    cluster = connected(options)
    buckets = Buckets(stories=Address.parse(options.stories), finals=Address.parse(options.to))
    return submit(options.story, buckets, cluster, options.priority, wait=options.wait)


def run_status(options: argparse.Namespace) -> int:
    from workflows.submission.order import PART_OF
    from workflows.submission.runs import newest, run_of
    from workflows.submission.table import steps_table, stories_table

    cluster, now = connected(options), datetime.now(UTC)
    width = os.get_terminal_size().columns if sys.stdout.isatty() else None
    if options.name is None:
        runs = newest(cluster.listed(PART_OF))
        print("\n".join(stories_table(runs, now, width) if runs else [f"no stories in namespace {options.namespace}"]))
        return 0
    workflow = cluster.workflow(options.name)
    if workflow is None:
        raise BadInput(f"{options.name}: there is no such story in namespace {options.namespace}; `newsreel status` lists them")
    run = run_of(workflow)
    print("\n".join([*stories_table([run], now, width), "", *steps_table(run, now, width)]))
    return 0


def run_logs(options: argparse.Namespace) -> int:
    from workflows.submission.logs import logs

    for line in logs(connected(options), options.name, options.step, follow=options.follow):
        print(line, flush=options.follow)
    return 0
