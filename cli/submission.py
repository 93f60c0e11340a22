"""`newsreel submit`, `status` and `logs`: their options and what they run. Nothing heavy is imported before one of them runs."""

import argparse
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsreel.errors import BadInput, MissingProgram
from newsreel.story.priority import PRIORITY_VALUE

if TYPE_CHECKING:
    from newsreel.argo.client import Cluster
    from newsreel.story_loader import LoadedStory
    from newsreel.submission.submit import Buckets, SubmittedStory


STORIES, FINALS, TOPIC = "NEWSREEL_STORIES", "NEWSREEL_FINALS", "NEWSREEL_TOPIC"
USUAL_STORIES, USUAL_FINALS = "gs://newsreel-stories", "gs://newsreel-finals"


def declare(commands: Any) -> None:
    """Add the subcommands."""
    submit = commands.add_parser("submit", help="submit a story to a cluster")
    submit.add_argument("story", type=Path, help="a story file, YAML or JSON")
    submit.add_argument("--priority", choices=sorted(PRIORITY_VALUE), default="normal", help="breaking takes the next free node")
    submit.add_argument("--to", metavar="ADDRESS", help=f"{bucket_help(FINALS, USUAL_FINALS)}; only with --direct")
    submit.add_argument(
        "--stories", metavar="ADDRESS", default=os.environ.get(STORIES, USUAL_STORIES), help=bucket_help(STORIES, USUAL_STORIES)
    )
    submit.add_argument(
        "--topic",
        default=os.environ.get(TOPIC),
        help=f"projects/NAME/topics/stories of Pub/Sub (${TOPIC}; without one --direct)",
    )
    submit.add_argument("--direct", action="store_true", help="create the workflow at once, without a message")
    submit.add_argument("--wait", action="store_true", help="wait for the end, and exit with its status")
    submit.set_defaults(command=run_submit)

    status = commands.add_parser("status", help="list the stories of a cluster and their states")
    status.add_argument("name", nargs="?", help="one story with its steps, such as budget-r1")
    status.set_defaults(command=run_status)

    step_logs = commands.add_parser("logs", help="print the logs of a story's steps")
    step_logs.add_argument("name", help="the story, such as budget-r1")
    step_logs.add_argument("step", nargs="?", help="only this step, such as compose")
    step_logs.add_argument("--follow", action="store_true", help="follow until the story is over")
    step_logs.set_defaults(command=run_logs)

    for command in (submit, status, step_logs):
        command.add_argument("--namespace", default="newsreel", help="Kubernetes namespace (newsreel)")


def bucket_help(variable: str, usual: str) -> str:
    return f"a bucket, or a prefix in one (${variable}, else {usual})"


def connect(options: argparse.Namespace) -> "Cluster":
    """Raises MissingProgram, and what `Cluster.connect` raises."""
    try:
        from newsreel.argo.client import Cluster
    except ImportError as fault:
        raise MissingProgram(f"{fault.name} is not installed; pip install 'newsreel[reconciler]'") from fault
    return Cluster.connect(options.namespace)


def run_submit(options: argparse.Namespace) -> int:
    from newsreel.story_loader import load_local_story

    topic = None if options.direct else options.topic
    with load_local_story(options.story) as story:
        story.require_valid()  # before a cluster or a topic is looked for
        submitted, cluster = submit_by_message(options, topic, story) if topic else submit_directly(options, story)
    if cluster is None or not options.wait:
        return 0
    from cli.runs import wait_for_run

    return wait_for_run(cluster, submitted.story, submitted.finals, announced=bool(topic))


def submit_directly(options: argparse.Namespace, story: "LoadedStory") -> "tuple[SubmittedStory, Cluster]":
    from newsreel.submission.submit import create, save_revision

    cluster = connect(options)
    submitted = save_revision(story, buckets_of(options), options.priority)
    print(create(submitted, cluster), flush=True)
    return submitted, cluster


def submit_by_message(options: argparse.Namespace, topic: str, story: "LoadedStory") -> "tuple[SubmittedStory, Cluster | None]":
    """The cluster is asked for nothing, unless one waits."""
    from newsreel.config.values import TOPIC_NAME
    from newsreel.submission.publisher import Publisher
    from newsreel.submission.submit import publish, save_revision

    if not re.fullmatch(TOPIC_NAME, topic):
        raise BadInput(f"{topic}: is no topic; name one as projects/PROJECT/topics/stories, or say --direct")
    if options.to:
        raise BadInput("--to: a message cannot say where a video goes; leave it out, or say --direct")
    cluster = connect(options) if options.wait else None
    publisher = Publisher.connect(topic)
    submitted = save_revision(story, buckets_of(options), options.priority)
    print(publish(submitted, publisher), flush=True)
    return submitted, cluster


def buckets_of(options: argparse.Namespace) -> "Buckets":
    from newsreel.storage.address import Address
    from newsreel.submission.submit import Buckets

    finals = options.to or os.environ.get(FINALS, USUAL_FINALS)
    return Buckets(stories=Address.parse(options.stories), finals=Address.parse(finals))


def run_status(options: argparse.Namespace) -> int:
    from newsreel.argo.runs import newest_runs, run_of
    from newsreel.argo.table import steps_table, stories_table
    from newsreel.argo.workflow import PART_OF

    cluster, now = connect(options), datetime.now(UTC)
    width = os.get_terminal_size().columns if sys.stdout.isatty() else None
    if options.name is None:
        runs = newest_runs(cluster.list_workflows(PART_OF))
        print("\n".join(stories_table(runs, now, width) if runs else [f"no stories in namespace {options.namespace}"]))
        return 0
    workflow = cluster.find_workflow(options.name)
    if workflow is None:
        raise BadInput(f"{options.name}: there is no such story in namespace {options.namespace}; `newsreel status` lists them")
    run = run_of(workflow)
    print("\n".join([*stories_table([run], now, width), "", *steps_table(run, now, width)]))
    return 0


def run_logs(options: argparse.Namespace) -> int:
    from cli.runs import step_logs

    for line in step_logs(connect(options), options.name, options.step, follow=options.follow):
        print(line, flush=options.follow)
    return 0
