"""The program that keeps what the Sensor cannot submit: `python -m cluster.messages letters`."""

from typing import Any

from workflows.deployment import Deployed
from workflows.events.settings import Events
from workflows.installation.accounts import account
from workflows.installation.reconciler import RECONCILER_IMAGE
from workflows.settings import Settings

__all__ = ["LETTERS_URL", "letters"]

PORT = 8080
LETTERS_URL = f"http://letters:{PORT}"


def letters(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    deployed = Deployed(
        name="letters",
        image=RECONCILER_IMAGE,
        command=("python", "-m", "cluster.messages"),
        arguments=("letters", "--project", chosen.project, "--port", str(PORT)),
        port=PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="20m",
        memory="256Mi",
        account=chosen.events_account,
    )
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": deployed.metadata(settings),
        "spec": {"selector": deployed.labels(), "ports": [{"name": "http", "port": PORT, "targetPort": "http"}]},
    }
    return [account(chosen.events_account, settings, google=chosen.google_account), *deployed.build(settings), service]
