"""How the pods of the message trigger are confined: as all others in the namespace."""

from typing import Any

from newsreel.config.settings import Settings
from workflows.deployment import scraped
from workflows.placement import ROLE, SERVICE_PRIORITY, USER

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


METRICS = 7777
"""Port at which all of Argo Events' pods tell their numbers, the EventBus' too."""


def labels(name: str) -> dict[str, str]:
    return {ROLE: "service", "newsreel/service": name}


def resources(cpu: str, memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def on_system_pool(settings: Settings) -> dict[str, Any]:
    key, value = settings.system_pool.selector
    tolerations = [{"key": key, "operator": "Exists"} for key in settings.system_pool.tolerates]
    return {"nodeSelector": {key: value}} | ({"tolerations": tolerations} if tolerations else {})


def spread(name: str) -> dict[str, Any]:
    """Not two on one machine while there is another."""
    term = {"labelSelector": {"matchLabels": labels(name)}, "topologyKey": "kubernetes.io/hostname"}
    preferred = [{"weight": 100, "podAffinityTerm": term}]
    return {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}


def described(name: str, settings: Settings) -> dict[str, Any]:
    asked = scraped(settings, METRICS)
    return {"labels": labels(name)} | ({"annotations": asked} if asked else {})


def template(name: str, account: str, settings: Settings) -> dict[str, Any]:
    """Of a Sensor's or EventSource's Deployment."""
    return {
        "metadata": described(name, settings),
        "serviceAccountName": account,
        "priorityClassName": SERVICE_PRIORITY,
        "securityContext": POD_SECURITY,
        "container": {"resources": resources("100m", "256Mi"), "securityContext": CONFINED},
        **on_system_pool(settings),
        **spread(name),
    }
