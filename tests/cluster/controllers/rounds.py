"""One round of a controller, as its control loop runs it."""

from cluster.controllers.health import Health
from cluster.controllers.loop import ControlLoop, RoundResult


def control_loop(controller, **options):
    health = Health(stuck=60, stale=60, unready="something does not answer")
    return ControlLoop(**{"controller": controller, "interval": 1.0, "health": health} | options)


def run_round(controller, now=None):
    """Whether it succeeded."""
    return control_loop(controller).round(now) is RoundResult.DONE
