"""The EventSource: pulls messages from our subscription and acknowledges each once the EventBus has it."""

from typing import Any

from cluster.manifests.events.bus import BUS
from cluster.manifests.events.pods import template
from newsreel.config.model import Events
from newsreel.config.names import EVENTS_ACCOUNT
from newsreel.config.settings import Settings

SOURCE, EVENT = "pubsub", "story"


def source(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """One pod, which is replaced when it dies; two would only share the subscription.

    Without `jsonBody`: with it, whatever is not JSON is refused and delivered again until it is a dead letter without a reason,
    and the subscription is kept busy by it. As bytes all arrive at the Sensor, which says what is wrong.
    """
    return [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "EventSource",
            "metadata": {
                "name": SOURCE,
                "namespace": settings.namespace,
                "labels": {"app.kubernetes.io/part-of": "newsreel"},
            },
            "spec": {
                "eventBusName": BUS,
                "replicas": 1,
                "template": template("eventsource", EVENTS_ACCOUNT, settings),
                "pubSub": {
                    EVENT: {
                        "projectID": chosen.project,
                        # Ours and lasting. Without it there is a new one for every change of this file, and what the old one held
                        # is lost. No topic is named: then the pod needs no right but to pull.
                        "subscriptionID": chosen.subscription,
                        "jsonBody": False,
                        "deleteSubscriptionOnFinish": False,
                    }
                },
            },
        },
    ]
