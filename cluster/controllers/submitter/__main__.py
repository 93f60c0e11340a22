"""`python -m cluster.controllers.submitter setup|letters|watch`: what is to stay up beside the message trigger.

setup     make the topics and subscriptions of a project
letters   keep what the Sensor cannot submit
watch     submit saved stories that nobody has heard of, say which have failed, tell ends that nobody has told
(`newsreel.notifications.notifier`);
          one JSON line for each thing done
"""

import argparse
import json
import signal
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from cluster.controllers.submitter.policy import PATIENCE
from newsreel.errors import BadInput, NewsreelError
from newsreel.submission.message import subject_of

if TYPE_CHECKING:
    from cluster.controllers.submitter.notifier import Teller
    from newsreel.submission.revision_store import RevisionStore

ENDS = {signal.SIGTERM, signal.SIGINT}
SECONDS_A_ROUND = 30.0
A_DAY = 86_400.0
SECONDS_STUCK = 900.0
"""A round that has not ended after so long never will: it lists two buckets, and each call is given up after a minute."""
SECONDS_STALE = 300.0
"""Without a sound round for so long a story whose message is lost may be waiting for us."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.controllers.submitter", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    setup = commands.add_parser("setup", help="make the topics and subscriptions that are not there yet")
    setup.add_argument("--dry-run", action="store_true", help="print the gcloud lines that would do the same")
    setup.set_defaults(run=run_setup)
    letters = commands.add_parser("letters", help="serve POST /not-ours and /held")
    letters.add_argument("--port", type=int, default=8080)
    letters.set_defaults(run=run_letters)
    for command in (setup, letters):
        command.add_argument("--project", required=True, help="Google Cloud project of the topics")
    watch = commands.add_parser("watch", help="submit saved stories that were lost, tell which have failed")
    watch.add_argument("--namespace", default="newsreel", help="where stories run (newsreel)")
    watch.add_argument("--stories", required=True, metavar="ADDRESS", help="prefix that stories are saved under")
    watch.add_argument("--finals", required=True, metavar="ADDRESS", help="prefix that videos are published under")
    times = {
        "--every": (SECONDS_A_ROUND, SECONDS_STALE / 2, "between two looks"),
        "--patience": (PATIENCE.total_seconds(), A_DAY, "how long a saved story is left to its message"),
    }
    for name, (usual, most, told) in times.items():
        watch.add_argument(name, type=partial(seconds, most=most), default=usual, metavar="SECONDS", help=f"{told} ({usual:g})")
    watch.add_argument("--health-port", type=int, metavar="PORT", help="answer GET /alive, /ready and /metrics there")
    watch.add_argument("--once", action="store_true", help="one round, then end")
    watch.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    watch.set_defaults(run=run_watch)
    options = parser.parse_args()
    try:
        return int(options.run(options))
    except NewsreelError as fault:
        print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status


def seconds(text: str, most: float) -> float:
    """Of an option. Raises ArgumentTypeError, which argparse tells, for what is no time or too long a one."""
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


def run_letters(options: argparse.Namespace) -> int:
    from cluster.controllers.submitter.dead_letter_server import Letters, serve
    from newsreel.submission.publisher import Publisher
    from newsreel.submission.topics import DEAD, topic_path

    server = serve(Letters(Publisher.connect(topic_path(options.project, DEAD))), options.port)
    for end in ENDS:
        signal.signal(end, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    return 0


def run_watch(options: argparse.Namespace) -> int:
    from prometheus_client import generate_latest

    from cluster.controllers.health import Health
    from cluster.controllers.submitter.loop import Rounds
    from newsreel.argo.client import NoCluster, connected
    from newsreel.storage.address import Address
    from newsreel.storage.store import Storage
    from newsreel.submission.revision_store import RevisionStore

    try:
        api = connected()
    except NoCluster as fault:
        raise BadInput(str(fault)) from fault
    desk = RevisionStore(Storage.from_environment(), Address.parse(options.stories), Address.parse(options.finals))
    patience = timedelta(seconds=options.patience)
    rounds = Rounds(api, options.namespace, desk, say, patience=patience, teller=teller_of(desk))
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    health = Health(
        stuck=SECONDS_STUCK,
        stale=SECONDS_STALE,
        unready="storage or the API server does not answer",
        metrics=lambda: generate_latest(rounds.watch.registry),
    )
    if options.health_port is not None:
        health.serve(options.health_port)
    while True:
        sound = rounds.round(datetime.now(UTC), options.dry_run)
        health.round(sound)
        if options.once:
            return 0 if sound else 75
        if signal.sigtimedwait(ENDS, options.every):
            return 0


def teller_of(desk: "RevisionStore") -> "Teller | None":
    """As the environment names whom to tell; None where it names nobody. Raises BadInput."""
    from cluster.controllers.submitter.notifier import ONCE, Teller
    from newsreel.notifications.delivery_log import has_targets
    from newsreel.notifications.notifier import Notifier

    return Teller(desk, replace(Notifier.from_environment(), retry_pauses=ONCE), say) if has_targets() else None


def say(what: str, workflow: str, why: str) -> None:
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "action": what, "workflow": workflow, "why": why}
    print(json.dumps(line | subject_of(workflow)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
