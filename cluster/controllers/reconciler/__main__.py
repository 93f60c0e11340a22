"""`python -m cluster.controllers.reconciler --namespace newsreel`: round after round, until SIGTERM. One JSON line for each
thing done."""

import argparse
import json
import signal
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from kubernetes import client
from urllib3.exceptions import HTTPError

from cluster.controllers.health import Health
from cluster.controllers.reconciler.act import act
from cluster.controllers.reconciler.metrics import Metrics
from cluster.controllers.reconciler.observe import observe
from cluster.controllers.reconciler.policy import decide
from newsreel.argo.client import NoCluster, connected, refusal

ENDS = {signal.SIGTERM, signal.SIGINT}
FAULTS = (client.ApiException, HTTPError, OSError)
NO_STORY: Mapping[str, str | int] = {}
SECONDS_STUCK = 120.0
"""A round that has not ended after so long never will: no call of it may take more than 20."""
SECONDS_STALE = 60.0
"""Without a sound round for so long a story on a lost node may be waiting for us."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster.controllers.reconciler", description=__doc__)
    parser.add_argument("--namespace", default="newsreel", help="where stories run (newsreel)")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two looks (5)")
    parser.add_argument("--health-port", type=int, metavar="PORT", help="answer GET /alive, /ready and /metrics there")
    parser.add_argument("--once", action="store_true", help="one round, then end")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    options = parser.parse_args()
    try:
        api = connected()
    except NoCluster as fault:
        print(f"reconciler: {fault} (exit 2)", file=sys.stderr)
        return 2
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    metrics = Metrics()
    health = Health(stuck=SECONDS_STUCK, stale=SECONDS_STALE, unready="the API server does not answer", metrics=metrics.text)
    if options.health_port is not None:
        health.serve(options.health_port)
    while True:
        sound = round_of(api, options.namespace, options.dry_run, metrics)
        health.round(sound)
        if options.once:
            return 0 if sound else 75
        if signal.sigtimedwait(ENDS, options.every):
            return 0


def round_of(api: client.ApiClient, namespace: str, dry_run: bool, metrics: Metrics | None = None) -> bool:
    """Look, decide, act; False where the API server did not answer or refused. The next round sees what is left.

    What is refused for one story (a quota, a right that is missing) is no reason to leave the others; but its own next actions
    presuppose it: a story is not ended whose successor could not be submitted.
    """
    now, counted = datetime.now(UTC), metrics or Metrics()
    refused: set[str] = set()
    try:
        actions = decide(observe(api, namespace), now)
    except FAULTS as fault:
        say("wait", namespace, f"the API server: {refusal(fault)}", dry_run)
        counted.round(False, now)
        return False
    for action in actions:
        if action.run.name in refused:
            continue
        try:
            done = not dry_run and act(api, namespace, action, now)
        except FAULTS as fault:
            refused.add(action.run.name)
            say("refused", action.run.name, f"{type(action).__name__.lower()}: {refusal(fault)}", dry_run, action.run.subject)
        else:
            if done:
                counted.act(type(action).__name__.lower())
            if done or dry_run:
                say(type(action).__name__.lower(), action.run.name, action.why, dry_run, action.run.subject)
    counted.round(not refused, now)
    return not refused


def say(what: str, workflow: str, why: str, dry_run: bool, subject: Mapping[str, str | int] = NO_STORY) -> None:
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), "action": what, "workflow": workflow, "why": why}
    print(json.dumps(line | dict(subject) | ({"dry_run": True} if dry_run else {})), flush=True)


if __name__ == "__main__":
    sys.exit(main())
