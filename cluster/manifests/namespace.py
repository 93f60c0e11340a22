"""The namespace: what its pods may be, how much they may take together, and whose story goes first."""

from typing import Any

from newsreel.config.settings import Settings
from newsreel.story.priority import PRIORITY_VALUE
from workflows.placement import SERVICE_PRIORITY


def namespace(settings: Settings) -> list[dict[str, Any]]:
    classes = [
        priority_class(f"newsreel-{name}", value, f"Stories of priority `{name}`") for name, value in PRIORITY_VALUE.items()
    ]
    service = priority_class(SERVICE_PRIORITY, 2 * max(PRIORITY_VALUE.values()), "What all stories need")
    return [the_namespace(settings), *classes, service, quota(settings)]


def the_namespace(settings: Settings) -> dict[str, Any]:
    """No level of pod security can be enforced, since a story's hostPath is beyond `baseline`. 30-admission.yaml enforces all
    else of `restricted`, and the audit log has what is beyond it."""
    levels = {"enforce": "privileged", "warn": "privileged", "audit": "restricted"}
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": settings.namespace, "labels": {"app.kubernetes.io/part-of": "newsreel"} | labels},
    }


def priority_class(name: str, value: int, described: str) -> dict[str, Any]:
    """Breaking news takes the next node that is free. It takes none from a story under way: that would cost both."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "newsreel"}},
        "description": described,
        "value": value,
        "preemptionPolicy": "Never",
        "globalDefault": False,
    }


def quota(settings: Settings) -> dict[str, Any]:
    """A bound on what a mistake can cost: no more GPUs and pods than the stories the installation is made for can use."""
    stories = settings.stories_at_once
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "newsreel", "namespace": settings.namespace},
        "spec": {
            "hard": {
                "requests.nvidia.com/gpu": str(stories * GPUS_A_NODE),
                "pods": str(stories * PODS_A_STORY),
            }
        },
    }


GPUS_A_NODE = 1
PODS_A_STORY = 40
"""Far more than one ever has, finished ones included until they are collected."""
