"""`python -m cluster.manager`: round after round until SIGTERM, as a Deployment does it; `--once` for a cron job or by hand.

`--dry-run` looks, decides and explains, and changes nothing. One JSON line a round. With `--health-port` it answers GET /alive,
/ready and /metrics.
"""

import argparse
import os
import signal
import socket
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cluster.health import Health
from cluster.manager import inside
from cluster.manager.google import connect
from cluster.manager.memory import Notebook
from cluster.manager.metrics import Metrics
from cluster.manager.observe import Services
from cluster.manager.parameters import DEFAULT, Parameters, read_parameters
from cluster.manager.rounds import Manager, printed
from steps.address import Address
from steps.errors import NewsreelError

ENDS = {signal.SIGTERM, signal.SIGINT}
SECONDS_TO_CONNECT_AND_ANSWER = (5, 30)
SECONDS_STUCK = 1800.0
"""A round that has not ended after so long never will: an installation, the longest of all actions, may take 20 minutes."""
SECONDS_STALE = 300.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.manager", description=__doc__.partition("\n")[0])
    parser.add_argument("--parameters", type=Path, default=DEFAULT, metavar="FILE", help="what to buy when (cluster/pool.yaml)")
    parser.add_argument("--once", action="store_true", help="one round, then end")
    parser.add_argument("--health-port", type=int, metavar="PORT", help="answer GET /alive, /ready and /metrics there")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and why, and do nothing")
    options = parser.parse_args()
    try:
        parameters = read_parameters(options.parameters)
        return run(manager_of(parameters, options.dry_run), parameters, options.once, options.health_port)
    except NewsreelError as fault:
        print(f"{fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status
    except OSError as fault:
        print(f"{fault.filename or 'network'}: {(fault.strerror or str(fault)).lower()} (exit 2)", file=sys.stderr)
        return 2


def manager_of(parameters: Parameters, dry_run: bool) -> Manager:
    from google.cloud.storage import Client
    from google.cloud.storage.retry import DEFAULT_RETRY

    google = connect()
    lease = timedelta(seconds=max(180.0, 4 * parameters.policy.round_seconds))
    calls = {"timeout": SECONDS_TO_CONNECT_AND_ANSWER, "retry": DEFAULT_RETRY.with_timeout(60.0)}
    bucket = Client(project=parameters.cluster.project, credentials=google.credentials)
    return Manager(
        services=Services(google=google, parameters=parameters, streams=inside.streams()),
        notebook=Notebook(bucket, Address.parse(parameters.cluster.memory), name(), lease, calls),
        clock=lambda: datetime.now(UTC),
        say=printed,
        metrics=Metrics(parameters.prices.currency),
        dry_run=dry_run,
    )


def name() -> str:
    """Of a manager: it keeps its lease from round to round, and another does not take it for its own."""
    return f"{socket.gethostname()}-{os.getpid()}"


def run(manager: Manager, parameters: Parameters, once: bool, health_port: int | None) -> int:
    """Until SIGTERM or SIGINT; after one round with `once`, and 75 where that was not ours to hold."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    # One that waits for another's lease is as ready as it can be: a rollout must not wait for the lease, nor the lease for it.
    health = Health(
        stuck=SECONDS_STUCK + parameters.policy.round_seconds,
        stale=max(SECONDS_STALE, 3 * parameters.policy.round_seconds),
        unready="the bucket with the manager's memory does not answer",
        metrics=manager.metrics.text,
    )
    if health_port is not None:
        health.serve(health_port)
    while True:
        result = manager.round()
        health.round(result != "failed")
        if once or signal.sigtimedwait(ENDS, parameters.policy.round_seconds):
            manager.release()
            return 75 if once and result != "held" else 0


if __name__ == "__main__":
    sys.exit(main())
