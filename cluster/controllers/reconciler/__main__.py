"""`python -m cluster.controllers.reconciler`: submit running stories again when their node is lost, until SIGTERM.

Logs one JSON line for each action.
"""

import argparse
import sys

from cluster.controllers.health import Health
from cluster.controllers.loop import ControlLoop, JsonLog, Wakeup, add_loop_arguments
from cluster.controllers.reconciler.controller import ReconcilerController
from newsreel.argo.client import NoCluster, connect_api
from newsreel.errors import NewsreelError

STUCK_SECONDS = 120.0
"""No call of a round takes more than 20 s."""
STALE_SECONDS = 60.0
"""After this time without a successful round a story on a lost node may be waiting."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.controllers.reconciler", description=__doc__.partition("\n")[0])
    parser.add_argument("--namespace", default="newsreel", help="namespace of the stories (newsreel)")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="interval of rounds (5)")
    add_loop_arguments(parser)
    options = parser.parse_args()
    try:
        controller = ReconcilerController(
            api=connect_api(), namespace=options.namespace, log=JsonLog(dry_run=options.dry_run), dry_run=options.dry_run
        )
        health = Health(stuck=STUCK_SECONDS, stale=STALE_SECONDS, unready="the API server does not answer")
        loop = ControlLoop(controller=controller, interval=options.every, health=health)
        return loop.run(Wakeup(options.every), once=options.once, health_port=options.health_port)
    except NoCluster as fault:
        print(f"reconciler: {fault} (exit 2)", file=sys.stderr)
        return 2
    except NewsreelError as fault:
        print(f"reconciler: {fault} (exit {fault.exit_status})", file=sys.stderr)
        return fault.exit_status


if __name__ == "__main__":
    sys.exit(main())
