"""The message trigger: Pub/Sub, EventSource, EventBus, Sensor, the `submit` call of the Argo server.

60-eventbus.yaml      JetStream with three replicas, on disks that outlive their pods
61-messages.yaml      the submitter, and the dead-letter server
62-sensor.yaml        submits a valid message; sends any other to the dead-letter server, with the reason
63-eventsource.yaml   pulls messages from the subscription and puts them on the bus

They are applied in this order, each when the one before is ready (`newsreel apply`): the stream keeps a message only for existing
consumers, so one that an EventSource puts there before the first Sensor listens is lost. After that either may be down: the bus
and the subscription keep messages. The submitter finds what is lost in spite of this.

Do not rename Sensor, trigger or dependency: the Sensor's position in the stream is stored under their names, and a new name
starts at the next message.
"""

from typing import Any

import yaml

from cluster.manifests.controllers import DEAD_LETTER_URL, submitter
from cluster.manifests.message_filter import filter_program
from cluster.manifests.network import trigger_policies
from cluster.manifests.rbac import account, binding, role, rule, token
from newsreel.config.model import Events
from newsreel.config.names import EVENTS_ACCOUNT, STEP_ACCOUNT, SUBMITTER_ACCOUNT
from newsreel.config.settings import Settings
from workflows.deployment import scrape_annotations, service_labels
from workflows.placement import SERVICE_PRIORITY, USER

CONFINED = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
POD_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}


METRICS_PORT = 7777
"""Of all pods of Argo Events, the EventBus included."""


def resources(cpu: str, memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def on_system_pool(settings: Settings) -> dict[str, Any]:
    key, value = settings.system_pool.selector
    tolerations = [{"key": key, "operator": "Exists"} for key in settings.system_pool.tolerates]
    return {"nodeSelector": {key: value}} | ({"tolerations": tolerations} if tolerations else {})


def spread(name: str) -> dict[str, Any]:
    """Prefer different nodes."""
    term = {"labelSelector": {"matchLabels": service_labels(name)}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}


def pod_metadata(name: str, settings: Settings) -> dict[str, Any]:
    annotations = scrape_annotations(settings, METRICS_PORT)
    return {"labels": service_labels(name)} | ({"annotations": annotations} if annotations else {})


def pod_template(name: str, account: str, settings: Settings) -> dict[str, Any]:
    """Template of the pods of a Sensor or EventSource."""
    return {
        "metadata": pod_metadata(name, settings),
        "serviceAccountName": account,
        "priorityClassName": SERVICE_PRIORITY,
        "securityContext": POD_SECURITY,
        "container": {"resources": resources("100m", "256Mi"), "securityContext": CONFINED},
        **on_system_pool(settings),
        **spread(name),
    }


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
"""Retention by interest: what all consumers have acknowledged is deleted, so that a flood drains. DiscardNew: a full stream
refuses new messages, and Pub/Sub keeps them; by default it would drop the oldest, which are unread.

Source: argo-events 1.9, `manifests/base/controller-manager/controller-config.yaml`, for the names and numbers."""
CONTAINERS = ("containerTemplate", "reloaderContainerTemplate", "metricsContainerTemplate")


def event_bus(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """The EventBus: messages that the EventSource has pulled and the Sensor has not submitted yet."""
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
                    "metadata": pod_metadata("eventbus", settings),
                    # An account without permissions: by default the pod gets the token of the namespace's default account.
                    "serviceAccountName": STEP_ACCOUNT,
                    "priorityClassName": SERVICE_PRIORITY,
                    "securityContext": POD_SECURITY,
                    **on_system_pool(settings),
                    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [ANTI_AFFINITY]}},
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
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": service_labels("eventbus")}},
        },
    ]


ANTI_AFFINITY = {"labelSelector": {"matchLabels": service_labels("eventbus")}, "topologyKey": "kubernetes.io/hostname"}
"""Two of three replicas on one node would fail with it, and the third alone has no quorum."""


SOURCE, EVENT = "pubsub", "story"


def event_source(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """The EventSource: pulls messages from our subscription and acknowledges each once the EventBus has it.

    One pod, which is replaced when it fails; two would only share the subscription.

    Without `jsonBody`: with it, a message that is not JSON is refused and redelivered until it is a dead letter without a reason.
    As bytes every message arrives at the Sensor, which gives the reason.
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
                "template": pod_template("eventsource", EVENTS_ACCOUNT, settings),
                "pubSub": {
                    EVENT: {
                        "projectID": chosen.project,
                        # Without it every change of this file creates a new subscription, and the messages of the old one are
                        # lost. Without a topic the pod needs no permission but to pull.
                        "subscriptionID": chosen.subscription,
                        "jsonBody": False,
                        "deleteSubscriptionOnFinish": False,
                    }
                },
            },
        },
    ]


SENSOR = "stories"
VALID, INVALID = "ours", "not-ours"
CONTROLLER_DEFAULTS = {"host": ""}
"""Argo Events' controller writes a Sensor back with defaults of its own; without them every `newsreel apply` would show a change
(argo-events 1.9, pkg/apis/events/v1alpha1/http_trigger_types.go)."""
SUBMIT = [rule("argoproj.io", "workflows", "create"), rule("argoproj.io", "workflowtemplates", "get")]


def sensor(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    """The Sensor: submits a valid message once, and sends any other to the dead-letter server.

    Both dependencies are the same event with the same filter program: one takes valid messages, the other the rest.
    """
    name = SUBMITTER_ACCOUNT
    return [
        # The Sensor exits without a token, though it does not call the API server.
        account(name, settings) | {"automountServiceAccountToken": True},
        token(name, settings),
        role(name, settings.namespace, SUBMIT),
        binding(name, settings.namespace, settings),
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Sensor",
            "metadata": {
                "name": SENSOR,
                "namespace": settings.namespace,
                "labels": {"app.kubernetes.io/part-of": "newsreel"},
            },
            "spec": {
                "eventBusName": BUS,
                "replicas": 1,
                "template": pod_template("sensor", name, settings),
                "dependencies": [dependency(VALID, settings), dependency(INVALID, settings)],
                "triggers": [submit(settings, chosen), dead_letter_trigger()],
            },
        },
    ]


def dependency(which: str, settings: Settings) -> dict[str, Any]:
    """The filter reads `verdict`, which the transformation always writes: an event without the filter's path is dropped."""
    return {
        "name": which,
        "eventSourceName": SOURCE,
        "eventName": EVENT,
        "transform": {"jq": filter_program(settings)},
        "filters": {"data": [{"path": "verdict", "type": "string", "value": [f"^{which}$"]}]},
    }


def submit(settings: Settings, chosen: Events) -> dict[str, Any]:
    """409: the name is taken, so the story is running already. Otherwise a repeated message would be a failure."""
    return {
        "template": {
            "name": "submit",
            "conditions": VALID,
            "http": {
                **CONTROLLER_DEFAULTS,
                "url": f"{chosen.argo_server}/api/v1/workflows/{settings.namespace}/submit",
                "method": "POST",
                "timeout": 30,
                "tls": {"caCertSecret": {"name": chosen.argo_server_authority, "key": "ca.crt"}},
                "headers": {"Content-Type": "application/json"},
                "secureHeaders": [
                    {"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": BEARER, "key": "authorization"}}}
                ],
                "payload": [
                    constant("namespace", settings.namespace),
                    constant("resourceKind", "WorkflowTemplate"),
                    constant("resourceName", "story"),
                    {
                        "src": {"dependencyName": VALID, "dataKey": "submitOptions", "useRawData": True},
                        "dest": "submitOptions",
                    },
                ],
            },
        },
        "atLeastOnce": True,
        "policy": {"status": {"allow": [200, 201, 409]}},
        "retryStrategy": retries(8),
        "dlqTrigger": dead_letter_request("held", VALID, "/held", {"name": "submitOptions.name"}, steps=5),
    }


BEARER = "newsreel-submitter-bearer"
"""Secret with the key `authorization`: "Bearer " and the token of the Sensor's account. Created by `newsreel apply`."""


def constant(where: str, value: str) -> dict[str, Any]:
    """A constant part of the request body."""
    return {"src": {"dependencyName": VALID, "value": value}, "dest": where}


def dead_letter_trigger() -> dict[str, Any]:
    """With many retries: while the dead-letter server is down only further invalid messages wait."""
    keys = {name: name for name in ("reason", "message", "published", "body")}
    return dead_letter_request("bury", INVALID, "/not-ours", keys, steps=12)


def dead_letter_request(name: str, which: str, path: str, keys: dict[str, str], *, steps: int) -> dict[str, Any]:
    """400 counts as delivered: the dead-letter server refuses the request permanently, and has counted it."""
    payload = [{"src": {"dependencyName": which, "dataKey": source}, "dest": key} for key, source in keys.items()]
    http = {
        **CONTROLLER_DEFAULTS,
        "url": f"{DEAD_LETTER_URL}{path}",
        "method": "POST",
        "timeout": 30,
        "headers": {"Content-Type": "application/json"},
        "payload": payload,
    }
    return {
        "template": {"name": name, "conditions": which, "http": http},
        "atLeastOnce": True,
        "policy": {"status": {"allow": [200, 400]}},
        "retryStrategy": retries(steps),
    }


def retries(steps: int) -> dict[str, Any]:
    """Exponential backoff. The values must be numbers: with text the Sensor does not start.

    Source: argo-events 1.9, pkg/apis/events/v1alpha1/amount.go.
    """
    return {"steps": steps, "duration": "1s", "factor": 2, "jitter": 0.2}


def message_trigger(settings: Settings, chosen: Events) -> dict[str, list[dict[str, Any]]]:
    """The objects of each file, by its name."""
    return {
        "60-eventbus.yaml": [*trigger_policies(settings, chosen), *event_bus(settings, chosen)],
        "61-messages.yaml": submitter(settings, chosen),
        "62-sensor.yaml": sensor(settings, chosen),
        "63-eventsource.yaml": event_source(settings, chosen),
    }
