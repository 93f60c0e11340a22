"""`python -m cluster.controllers.manager`: scale story nodes, or the whole cluster, to the demand, until SIGTERM.

Between two rounds it listens to messages: the first one after a while starts a round at once, so that nodes are requested before
a pod is pending. Logs one JSON line a round. `--once` runs one round, for a cron job or by hand.
"""

import argparse
import logging
import os
import socket
import sys
from datetime import timedelta

from cluster.controllers.health import Health
from cluster.controllers.loop import ControlLoop, JsonLog, Wakeup, add_loop_arguments, utc_now
from cluster.controllers.manager.controller import ManagerController, Metrics, Observed
from cluster.controllers.manager.google_cloud import GoogleClients, connect
from cluster.controllers.manager.kube_queries import jetstream_reader
from cluster.controllers.manager.observe import Services
from cluster.controllers.manager.pubsub_listener import PubSubListener
from cluster.controllers.manager.state_store import StateStore
from cluster.controllers.manager.types import Decision
from newsreel.config.file import DEFAULT, read_gke_config
from newsreel.config.model import GkeConfig
from newsreel.config.option import declare_config_option
from newsreel.errors import NewsreelError
from newsreel.storage.address import Address

CONNECT_AND_READ_TIMEOUT_SECONDS = (5, 30)
STUCK_SECONDS = 1800.0
"""The longest action, an installation, may take 20 minutes."""
STALE_SECONDS = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.controllers.manager", description=__doc__.partition("\n")[0])
    declare_config_option(parser, "--parameters", DEFAULT, "pools and policy (cluster/newsreel.yaml)")
    add_loop_arguments(parser)
    options = parser.parse_args()
    try:
        parameters = read_gke_config(options.config)
        wakeup = Wakeup(parameters.policy.round_seconds)
        google = connect()
        # A dry run takes no message from the manager beside it, and a single round waits for none.
        listener = None if options.once or options.dry_run else listen(google, parameters, wakeup)
        loop = control_loop(controller_of(google, parameters, listener, options.dry_run))
        return loop.run(wakeup, once=options.once, health_port=options.health_port)
    except NewsreelError as fault:
        print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status
    except OSError as fault:
        print(f"{fault.filename or 'network'}: {(fault.strerror or str(fault)).lower()} (exit 2)", file=sys.stderr)
        return 2


def listen(google: GoogleClients, parameters: GkeConfig, wakeup: Wakeup) -> PubSubListener:
    from google.cloud.pubsub_v1 import SubscriberClient

    # The next round logs in one line why a stream has ended.
    for name in ("google.cloud.pubsub_v1", "google.api_core.bidi"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return PubSubListener(SubscriberClient(credentials=google.credentials), parameters.cluster.manager_subscription, wakeup.wake)


def controller_of(
    google: GoogleClients, parameters: GkeConfig, listener: PubSubListener | None, dry_run: bool
) -> ManagerController:
    from google.cloud.storage import Client
    from google.cloud.storage.retry import DEFAULT_RETRY

    lease = timedelta(seconds=max(180.0, 4 * parameters.policy.round_seconds))
    calls = {"timeout": CONNECT_AND_READ_TIMEOUT_SECONDS, "retry": DEFAULT_RETRY.with_timeout(60.0)}
    bucket = Client(project=parameters.cluster.project, credentials=google.credentials)
    return ManagerController(
        services=Services(google=google, parameters=parameters, jetstream=jetstream_reader(), listener=listener),
        store=StateStore(bucket, Address.parse(parameters.cluster.manager_state), instance_name(), lease, calls),
        clock=utc_now,
        log=JsonLog(dry_run=dry_run),
        metrics=Metrics(parameters.prices.currency),
        listener=listener,
        dry_run=dry_run,
    )


def instance_name() -> str:
    """Holder of the lease: the same in every round, different from any other manager's."""
    return f"{socket.gethostname()}-{os.getpid()}"


def control_loop(controller: ManagerController) -> ControlLoop[Observed, Decision]:
    seconds = controller.services.parameters.policy.round_seconds
    health = Health(
        stuck=STUCK_SECONDS + seconds,
        stale=max(STALE_SECONDS, 3 * seconds),
        unready="the bucket with the manager's state does not answer",
    )
    return ControlLoop(controller=controller, interval=seconds, health=health, clock=controller.clock)


if __name__ == "__main__":
    sys.exit(main())
