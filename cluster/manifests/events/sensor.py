"""The Sensor: a message of ours is submitted, once; any other goes to the letters.

Both dependencies are the same event, looked at by the same program (`verdict`); one takes what is ours, the other the rest, so
that every message goes one of the two ways.
"""

from typing import Any

from cluster.manifests.accounts import account, binding, role, rule, token
from cluster.manifests.events.bus import BUS
from cluster.manifests.events.message_filter import verdict
from cluster.manifests.events.pods import template
from cluster.manifests.events.programs import LETTERS_URL
from cluster.manifests.events.source import EVENT, SOURCE
from newsreel.config.model import Events
from newsreel.config.names import SUBMITTER_ACCOUNT
from newsreel.config.settings import Settings

SENSOR = "stories"
OURS, NOT_OURS = "ours", "not-ours"
AS_WRITTEN_BACK = {"host": ""}
"""Argo Events' controller writes a Sensor back with what its own type has beside ours; without it each look at what would change
finds something (argo-events 1.9, pkg/apis/events/v1alpha1/http_trigger_types.go)."""
SUBMIT = [rule("argoproj.io", "workflows", "create"), rule("argoproj.io", "workflowtemplates", "get")]


def sensor(settings: Settings, chosen: Events) -> list[dict[str, Any]]:
    name = SUBMITTER_ACCOUNT
    return [
        # The Sensor's program ends at once where it finds no token, though it asks the API server for nothing.
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
                "template": template("sensor", name, settings),
                "dependencies": [dependency(OURS, settings), dependency(NOT_OURS, settings)],
                "triggers": [submit(settings, chosen), bury()],
            },
        },
    ]


def dependency(which: str, settings: Settings) -> dict[str, Any]:
    """The filter looks at what the transformation has made, where `verdict` is always there: a filter for a path that is not
    there drops the event."""
    return {
        "name": which,
        "eventSourceName": SOURCE,
        "eventName": EVENT,
        "transform": {"jq": verdict(settings)},
        "filters": {"data": [{"path": "verdict", "type": "string", "value": [f"^{which}$"]}]},
    }


def submit(settings: Settings, chosen: Events) -> dict[str, Any]:
    """409: the name is taken, so the story is under way already. Without it a message that comes twice would be a failure."""
    return {
        "template": {
            "name": "submit",
            "conditions": OURS,
            "http": {
                **AS_WRITTEN_BACK,
                "url": f"{chosen.argo_server}/api/v1/workflows/{settings.namespace}/submit",
                "method": "POST",
                "timeout": 30,
                "tls": {"caCertSecret": {"name": chosen.argo_server_authority, "key": "ca.crt"}},
                "headers": {"Content-Type": "application/json"},
                "secureHeaders": [
                    {"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": BEARER, "key": "authorization"}}}
                ],
                "payload": [
                    said("namespace", settings.namespace),
                    said("resourceKind", "WorkflowTemplate"),
                    said("resourceName", "story"),
                    {
                        "src": {"dependencyName": OURS, "dataKey": "submitOptions", "useRawData": True},
                        "dest": "submitOptions",
                    },
                ],
            },
        },
        "atLeastOnce": True,
        "policy": {"status": {"allow": [200, 201, 409]}},
        "retryStrategy": again(8),
        "dlqTrigger": letter("held", OURS, "/held", {"name": "submitOptions.name"}, steps=5),
    }


BEARER = "newsreel-submitter-bearer"
"""Secret whose key `authorization` is "Bearer " and the submitter's token: made by `newsreel apply`."""


def said(where: str, value: str) -> dict[str, Any]:
    """A fixed part of the body."""
    return {"src": {"dependencyName": OURS, "value": value}, "dest": where}


def bury() -> dict[str, Any]:
    """Patient: while the letters are away the next message that is not ours waits, which hurts nobody."""
    keys = {name: name for name in ("reason", "message", "published", "body")}
    return letter("bury", NOT_OURS, "/not-ours", keys, steps=12)


def letter(name: str, which: str, path: str, keys: dict[str, str], *, steps: int) -> dict[str, Any]:
    """400: no letter at all, and none the next time either; it is counted there, and keeps nobody waiting here."""
    payload = [{"src": {"dependencyName": which, "dataKey": source}, "dest": key} for key, source in keys.items()]
    http = {
        **AS_WRITTEN_BACK,
        "url": f"{LETTERS_URL}{path}",
        "method": "POST",
        "timeout": 30,
        "headers": {"Content-Type": "application/json"},
        "payload": payload,
    }
    return {
        "template": {"name": name, "conditions": which, "http": http},
        "atLeastOnce": True,
        "policy": {"status": {"allow": [200, 400]}},
        "retryStrategy": again(steps),
    }


def again(steps: int) -> dict[str, Any]:
    """So many tries, each after twice the time. The numbers are numbers: of text the Sensor can make nothing, and does nothing.

    Source: argo-events 1.9, pkg/apis/events/v1alpha1/amount.go.
    """
    return {"steps": steps, "duration": "1s", "factor": 2, "jitter": 0.2}
