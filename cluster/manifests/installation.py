"""What a cluster must hold before the first story: emitted beside the story's own manifests, applied in the order of the names.

00-namespace.yaml   the namespace, what pods in it may be, how much they may take, whose story goes first
10-accounts.yaml    who a pod is, and what it may do
20-network.yaml     whom a pod may talk to
30-admission.yaml   what no pod in the namespace may do with the node's disk, whoever submits it
40-controller.yaml  Argo's controller: how many stories at once, how soon it looks, what it keeps
50-reconciler.yaml  what begins a story elsewhere when its node is lost
"""

from typing import Any

from cluster.manifests.accounts import accounts
from cluster.manifests.admission import admission
from cluster.manifests.controller import controller
from cluster.manifests.namespace import namespace
from cluster.manifests.network import network
from cluster.manifests.reconciler import reconciler
from newsreel.config.settings import Settings


def installation(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The objects of each file, by its name."""
    return {
        "00-namespace.yaml": namespace(settings),
        "10-accounts.yaml": accounts(settings),
        "20-network.yaml": network(settings),
        "30-admission.yaml": admission(settings),
        "40-controller.yaml": controller(settings),
        "50-reconciler.yaml": reconciler(settings),
    }
