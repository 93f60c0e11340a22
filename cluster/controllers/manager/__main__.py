"""`python -m cluster.controllers.manager`: round after round until SIGTERM, as a Deployment does it; `--once` for a cron job or
by hand.

Between two rounds it hears of messages: the first after a while ends the wait, so that nodes are on their way before the message
has become a pod. `--dry-run` looks, decides and explains, and changes nothing. One JSON line a round. With `--health-port` it
answers GET /alive, /ready and /metrics.
"""

import argparse
import logging
import os
import socket
import sys
from datetime import UTC, datetime, timedelta

from cluster.controllers.health import Health
from cluster.controllers.manager import inside
from cluster.controllers.manager.announced import Announcements
from cluster.controllers.manager.bell import Bell
from cluster.controllers.manager.google import Google, connect
from cluster.controllers.manager.memory import Notebook
from cluster.controllers.manager.metrics import Metrics
from cluster.controllers.manager.observe import Services
from cluster.controllers.manager.rounds import Manager, printed
from newsreel.config.file import DEFAULT, read_gke_config
from newsreel.config.model import GkeConfig
from newsreel.config.option import declare_config_option
from newsreel.errors import NewsreelError
from newsreel.storage.address import Address

SECONDS_TO_CONNECT_AND_ANSWER = (5, 30)
SECONDS_STUCK = 1800.0
"""A round that has not ended after so long never will: an installation, the longest of all actions, may take 20 minutes."""
SECONDS_STALE = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.controllers.manager", description=__doc__.partition("\n")[0])
    declare_config_option(parser, "--parameters", DEFAULT, "what to buy when (cluster/newsreel.yaml)")
    parser.add_argument("--once", action="store_true", help="one round, then end")
    parser.add_argument("--health-port", type=int, metavar="PORT", help="answer GET /alive, /ready and /metrics there")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and why, and do nothing")
    options = parser.parse_args()
    try:
        parameters = read_gke_config(options.config)
        bell = Bell(parameters.policy.round_seconds)
        google = connect()
        # A dry run takes no message from the manager beside it, and one round waits for none.
        heard = None if options.once or options.dry_run else announcements(google, parameters, bell)
        return run(manager_of(google, parameters, heard, options.dry_run), bell, heard, options.once, options.health_port)
    except NewsreelError as fault:
        print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status
    except OSError as fault:
        print(f"{fault.filename or 'network'}: {(fault.strerror or str(fault)).lower()} (exit 2)", file=sys.stderr)
        return 2


def announcements(google: Google, parameters: GkeConfig, bell: Bell) -> Announcements:
    from google.cloud.pubsub_v1 import SubscriberClient

    # What ends its stream is told with the next round, in a line.
    for name in ("google.cloud.pubsub_v1", "google.api_core.bidi"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return Announcements(SubscriberClient(credentials=google.credentials), parameters.cluster.heard, bell.ring)


def manager_of(google: Google, parameters: GkeConfig, heard: Announcements | None, dry_run: bool) -> Manager:
    from google.cloud.storage import Client
    from google.cloud.storage.retry import DEFAULT_RETRY

    lease = timedelta(seconds=max(180.0, 4 * parameters.policy.round_seconds))
    calls = {"timeout": SECONDS_TO_CONNECT_AND_ANSWER, "retry": DEFAULT_RETRY.with_timeout(60.0)}
    bucket = Client(project=parameters.cluster.project, credentials=google.credentials)
    return Manager(
        services=Services(google=google, parameters=parameters, streams=inside.streams(), listener=heard),
        notebook=Notebook(bucket, Address.parse(parameters.cluster.memory), name(), lease, calls),
        clock=lambda: datetime.now(UTC),
        say=printed,
        metrics=Metrics(parameters.prices.currency),
        dry_run=dry_run,
    )


def name() -> str:
    """Of a manager: it keeps its lease from round to round, and another does not take it for its own."""
    return f"{socket.gethostname()}-{os.getpid()}"


def run(manager: Manager, bell: Bell, heard: Announcements | None, once: bool, health_port: int | None) -> int:
    """Until SIGTERM or SIGINT; after one round with `once`, and 75 where that was not ours to hold."""
    bell.end_on_signals()
    seconds = manager.services.parameters.policy.round_seconds
    # One that waits for another's lease is as ready as it can be: a rollout must not wait for the lease, nor the lease for it.
    health = Health(
        stuck=SECONDS_STUCK + seconds,
        stale=max(SECONDS_STALE, 3 * seconds),
        unready="the bucket with the manager's memory does not answer",
        metrics=manager.metrics.text,
    )
    if health_port is not None:
        health.serve(health_port)
    while True:
        result = manager.round()
        health.round(result != "failed")
        if heard:
            # What one hears the other does not: only the manager who may act is to.
            heard.listen() if result == "held" else heard.close()
        if once or bell.ended_after(seconds):
            break
    if heard:
        heard.close()
    manager.release()
    return 75 if once and result != "held" else 0


if __name__ == "__main__":
    sys.exit(main())
