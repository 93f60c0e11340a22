"""`python -m cluster.controllers.submitter setup|watch|dead-letters`: submits what is saved and has no Workflow.

setup          create the topics and subscriptions of a project
watch          the control loop: submit saved revisions without a Workflow, record failures, send missing notifications;
               logs one JSON line for each action
dead-letters   receive from the Sensor what it cannot submit (formerly `letters`)
"""

import argparse
import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from cluster.controllers.loop import JsonLog, Wakeup, add_loop_arguments
from cluster.controllers.submitter.policy import PATIENCE
from newsreel.errors import BadInput, NewsreelError

if TYPE_CHECKING:
    from cluster.controllers.submitter.controller import SubmitterController
    from cluster.controllers.submitter.notifier import PendingNotifier

FORMER_NAME = "letters"
INTERVAL_SECONDS = 30.0
A_DAY = 86_400.0
STUCK_SECONDS = 900.0
"""A round lists two buckets, and each call is given up after a minute."""
STALE_SECONDS = 300.0
"""After this time without a successful round a story whose message is lost may be waiting."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.controllers.submitter", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    setup = commands.add_parser("setup", help="create missing topics and subscriptions")
    setup.add_argument("--dry-run", action="store_true", help="print the gcloud commands that would do the same")
    setup.set_defaults(run=run_setup)
    dead_letters = commands.add_parser("dead-letters", aliases=[FORMER_NAME], help="serve POST /not-ours and /held")
    dead_letters.add_argument("--port", type=int, default=8080)
    dead_letters.set_defaults(run=run_dead_letters)
    for command in (setup, dead_letters):
        command.add_argument("--project", required=True, help="Google Cloud project of the topics")
    watch = commands.add_parser("watch", help="submit saved stories without a Workflow, record failures")
    watch.add_argument("--namespace", default="newsreel", help="namespace of the stories (newsreel)")
    watch.add_argument("--stories", required=True, metavar="ADDRESS", help="prefix of saved stories")
    watch.add_argument("--finals", required=True, metavar="ADDRESS", help="prefix of published videos")
    times = {
        "--every": (INTERVAL_SECONDS, STALE_SECONDS / 2, "interval of rounds"),
        "--patience": (PATIENCE.total_seconds(), A_DAY, "time that a message has to become a workflow"),
    }
    for name, (default, most, described) in times.items():
        watch.add_argument(
            name, type=partial(seconds, most=most), default=default, metavar="SECONDS", help=f"{described} ({default:g})"
        )
    add_loop_arguments(watch)
    watch.set_defaults(run=run_watch)
    options = parser.parse_args()
    if options.command == FORMER_NAME:
        print(f"{FORMER_NAME} is now dead-letters; the old name goes with the next release", file=sys.stderr)
    try:
        return int(options.run(options))
    except NewsreelError as fault:
        print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status


def seconds(text: str, most: float) -> float:
    """Value of an option. Raises ArgumentTypeError for no number, or one out of range."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= most:
        raise argparse.ArgumentTypeError(f"{text[:20]!a}: must be seconds, more than 0 and at most {most:g}")
    return number


def run_setup(options: argparse.Namespace) -> int:
    from newsreel.submission.publisher import Publisher
    from newsreel.submission.topics import DEAD, ensure, gcloud_lines, topic_path

    if options.dry_run:
        print(*gcloud_lines(options.project), sep="\n")
        return 0
    from google.cloud.pubsub_v1 import SubscriberClient

    publisher = Publisher.connect(topic_path(options.project, DEAD))
    for name in ensure(options.project, publisher.client, SubscriberClient()):
        print(name)
    return 0


def run_dead_letters(options: argparse.Namespace) -> int:
    from cluster.controllers.http_server import HttpServer
    from cluster.controllers.submitter.dead_letter_server import MAX_BODY_BYTES, DeadLetters
    from newsreel.submission.publisher import Publisher
    from newsreel.submission.topics import DEAD, topic_path

    wakeup = Wakeup(quiet=0)
    wakeup.stop_on_signals()
    dead_letters = DeadLetters(Publisher.connect(topic_path(options.project, DEAD)))
    server = HttpServer(dead_letters.routes(), options.port, max_body_bytes=MAX_BODY_BYTES, option="--port")
    wakeup.wait(None)
    server.close()
    return 0


def run_watch(options: argparse.Namespace) -> int:
    from cluster.controllers.health import Health
    from cluster.controllers.loop import ControlLoop

    health = Health(stuck=STUCK_SECONDS, stale=STALE_SECONDS, unready="storage or the API server does not answer")
    loop = ControlLoop(controller=controller_of(options), interval=options.every, health=health)
    return loop.run(Wakeup(options.every), once=options.once, health_port=options.health_port)


def controller_of(options: argparse.Namespace) -> "SubmitterController":
    """Raises BadInput."""
    from cluster.controllers.submitter.controller import SubmitterController
    from newsreel.argo.client import NoCluster, connect_api
    from newsreel.storage.address import Address
    from newsreel.storage.store import Storage
    from newsreel.submission.revision_store import RevisionStore

    try:
        api = connect_api()
    except NoCluster as fault:
        raise BadInput(str(fault)) from fault
    controller = SubmitterController(
        api=api,
        namespace=options.namespace,
        store=RevisionStore(Storage.from_environment(), Address.parse(options.stories), Address.parse(options.finals)),
        log=JsonLog(dry_run=options.dry_run),
        patience=timedelta(seconds=options.patience),
        dry_run=options.dry_run,
    )
    controller.notifier = notifier_of(controller)
    return controller


def notifier_of(controller: "SubmitterController") -> "PendingNotifier | None":
    """As configured by the environment; None without a receiver. Raises BadInput."""
    from dataclasses import replace

    from cluster.controllers.submitter.notifier import ONCE, PendingNotifier
    from newsreel.notifications.delivery_log import has_targets
    from newsreel.notifications.notifier import Notifier

    if not has_targets():
        return None
    return PendingNotifier(controller.store, replace(Notifier.from_environment(), retry_pauses=ONCE), controller.log_action)


if __name__ == "__main__":
    sys.exit(main())
