"""The EventBus: what the EventSource has taken from Pub/Sub and the Sensor has not yet submitted."""

from typing import Any

import yaml

from cluster.manifests.events.pods import CONFINED, POD_SECURITY, described, labels, on_system_pool, resources
from newsreel.config.model import Events
from newsreel.config.names import STEP_ACCOUNT
from newsreel.config.settings import Settings
from workflows.placement import SERVICE_PRIORITY

BUS = "stories"
NATS_VERSION = "2.10.10"
"""One that Argo Events' controller knows (argo-events, `controller-config.yaml`)."""
REPLICAS = 3
STREAM = {
    "replicas": REPLICAS,
    "retention": 1,
    "discard": 1,
    "maxMsgs": 50000,
    "maxBytes": 2_000_000_000,
    "maxAge": "168h",
    "duplicates": "300s",
}
"""Interest: what all listeners have had is gone, so that a flood drains. DiscardNew: a full stream refuses what comes, and
Pub/Sub keeps it; by default it would drop the oldest, which nobody has read yet.

Source: argo-events 1.9, `manifests/base/controller-manager/controller-config.yaml`, for the names and numbers."""
CONTAINERS = ("containerTemplate", "reloaderContainerTemplate", "metricsContainerTemplate")


def bus(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    storage = {"storageClassName": chosen.storage_class} if chosen.storage_class else {}
    sizes = (resources("200m", "512Mi"), resources("20m", "64Mi"), resources("20m", "64Mi"))
    return [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "EventBus",
            "metadata": {
                "name": BUS,
                "namespace": settings.namespace,
                "labels": {"app.kubernetes.io/part-of": "newsreel"},
            },
            "spec": {
                "jetstream": {
                    "version": NATS_VERSION,
                    "replicas": REPLICAS,
                    "persistence": {**storage, "accessMode": "ReadWriteOnce", "volumeSize": chosen.disk},
                    "streamConfig": yaml.safe_dump(STREAM, sort_keys=False),
                    "maxPayload": "1MB",
                    "metadata": described("eventbus", settings),
                    # Nobody's: by default it would be given the token of the namespace's own account.
                    "serviceAccountName": STEP_ACCOUNT,
                    "priorityClassName": SERVICE_PRIORITY,
                    "securityContext": POD_SECURITY,
                    **on_system_pool(settings),
                    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [APART]}},
                    **{
                        name: {"resources": size, "securityContext": CONFINED}
                        for name, size in zip(CONTAINERS, sizes, strict=True)
                    },
                }
            },
        },
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "eventbus", "namespace": settings.namespace},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels("eventbus")}},
        },
    ]


APART = {"labelSelector": {"matchLabels": labels("eventbus")}, "topologyKey": "kubernetes.io/hostname"}
"""Two of three on one machine would go with it, and the third alone takes nothing."""
