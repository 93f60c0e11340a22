"""Our own programs beside the message trigger: `python -m cluster.controllers.submitter letters` and `watch`."""

from typing import Any

from cluster.manifests.accounts import account, binding, role, rule
from newsreel.config.model import Events
from newsreel.config.names import EVENTS_ACCOUNT, WATCH_ACCOUNT
from newsreel.config.settings import Settings
from workflows.container import WEBHOOK_SECRET_VARIABLE, notification_variables, webhook_secret_key
from workflows.deployment import Deployed

MESSAGES_IMAGE = "messages"
COMMAND = ("python", "-m", "cluster.controllers.submitter")
LETTERS_PORT = HEALTH_PORT = 8080
LETTERS_URL = f"http://letters:{LETTERS_PORT}"
WATCH = [rule("argoproj.io", "workflows", "list", "get", "create"), rule("", "pods", "list")]


def programs(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    return [*letters(settings, chosen), *watch(settings, chosen)]


def letters(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """Where the Sensor takes what it cannot submit. While it is away the Sensor waits for it."""
    deployed = Deployed(
        name="letters",
        image=MESSAGES_IMAGE,
        command=COMMAND,
        arguments=("letters", "--project", chosen.project, "--port", str(LETTERS_PORT)),
        port=LETTERS_PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="20m",
        memory="256Mi",
        account=EVENTS_ACCOUNT,
    )
    own = account(EVENTS_ACCOUNT, settings, google=chosen.google_account)
    return [own, *deployed.build(settings), deployed.service(settings, LETTERS_PORT)]


def watch(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """Submits what was lost, tells what failed and what no run could tell. One is enough, two do no harm, and a story under way
    needs none."""
    name = WATCH_ACCOUNT
    buckets = ("--stories", settings.stories, "--finals", settings.finals)
    deployed = Deployed(
        name="watch",
        image=MESSAGES_IMAGE,
        command=COMMAND,
        arguments=("watch", "--namespace", settings.namespace, *buckets, "--health-port", str(HEALTH_PORT)),
        port=HEALTH_PORT,
        alive="/alive",
        ready="/ready",
        replicas=1,
        cpu="50m",
        memory="512Mi",
        account=name,
        token=True,
        environment=(("NEWSREEL_ADDRESSES", f"{settings.stories},{settings.finals}"), *notification_variables(settings).items()),
        secrets=((WEBHOOK_SECRET_VARIABLE, *secret),) if (secret := webhook_secret_key(settings)) else (),
    )
    return [
        account(name, settings, google=chosen.watch_google_account),
        role(name, settings.namespace, WATCH),
        binding(name, settings.namespace, settings),
        *deployed.build(settings),
    ]
