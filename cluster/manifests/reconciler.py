"""The program that looks at the stories under way and mends what Argo alone does not: `cluster.controllers.reconciler`."""

from typing import Any

from newsreel.config.names import RECONCILER_ACCOUNT
from newsreel.config.settings import Settings
from workflows.deployment import Deployed

RECONCILER_IMAGE = "reconciler"


def reconciler(settings: Settings) -> list[dict[str, Any]]:
    """One is enough: it keeps nothing in memory, a story under way does not need it, and a new one is up in seconds."""
    deployed = Deployed(
        name="reconciler",
        image=RECONCILER_IMAGE,
        command=("python", "-m", "cluster.controllers.reconciler"),
        arguments=("--namespace", settings.namespace, "--health-port", "8080"),
        port=8080,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="50m",
        memory="256Mi",
        account=RECONCILER_ACCOUNT,
        token=True,
    )
    return deployed.build(settings)
