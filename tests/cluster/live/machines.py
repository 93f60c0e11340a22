"""The machines under the cluster: what lies on their disks, and what kills them."""

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kubernetes import client
from kubernetes.stream import stream

from tests.cluster.live.cluster import Cluster

__all__ = ["Lab", "directories", "inspector", "repaired"]

NAMESPACE = "newsreel-live"
"""Beside the stories' own: in theirs no pod may look at the whole directory of stories."""


@dataclass(frozen=True)
class Lab:
    program: Path

    def node(self, name: str, verb: str, *arguments: str) -> str:
        return self.run("node", name, verb, *arguments)

    def run(self, *arguments: str) -> str:
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=300, env=dict(os.environ))
        if done.returncode:
            raise RuntimeError(f"{self.program.name} {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
        return done.stdout


def repaired(cluster: Cluster, machines: Lab) -> bool:
    """Whether all are up; those that are not are started, again if need be: a kubelet gives up on a containerd that is late."""
    for node in cluster.story_nodes():
        with suppress(RuntimeError):
            machines.node(node, "netjoin")
        machines.node(node, "up")
    time.sleep(10)  # a kubelet speaks this often
    return all(ready(node) and heard(node, cluster) for node in cluster.core.list_node().items)


def heard(node: client.V1Node, cluster: Cluster) -> bool:
    """Whether its kubelet speaks: a node that has died is Ready for most of a minute."""
    lease = client.CoordinationV1Api(cluster.api).read_namespaced_lease(node.metadata.name, "kube-node-lease")
    return datetime.now(UTC) - lease.spec.renew_time < timedelta(seconds=20)


def ready(node: client.V1Node) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in node.status.conditions)


def inspector(cluster: Cluster) -> dict[str, Any]:
    """A DaemonSet whose pods see the directory of stories of each node, and change nothing."""
    settings = cluster.place.settings
    container = {
        "name": "look",
        "image": f"{settings.image_prefix}/core:0.1.0",
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "securityContext": {"runAsUser": 0},
        "volumeMounts": [{"name": "ssd", "mountPath": "/ssd", "readOnly": True, "mountPropagation": "HostToContainer"}],
    }
    labels = {"newsreel/test": "inspector"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "inspector", "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "nodeSelector": dict([settings.story_pool.selector]),
                    "tolerations": [{"operator": "Exists"}],
                    "terminationGracePeriodSeconds": 0,
                    "containers": [container],
                    "volumes": [{"name": "ssd", "hostPath": {"path": settings.ssd_root, "type": "DirectoryOrCreate"}}],
                },
            },
        },
    }


def directories(cluster: Cluster) -> dict[str, list[str]]:
    """The stories' directories on each node that can be asked."""
    pods = cluster.core.list_namespaced_pod(NAMESPACE, label_selector="newsreel/test=inspector").items
    ready = [pod for pod in pods if pod.status.container_statuses and pod.status.container_statuses[0].ready]
    return {pod.spec.node_name: listing(pod, cluster) for pod in ready}


def listing(pod: client.V1Pod, cluster: Cluster) -> list[str]:
    # A client of its own: `stream` changes the one it is given.
    api = client.CoreV1Api(client.ApiClient(cluster.api.configuration))
    said = stream(
        api.connect_get_namespaced_pod_exec,
        pod.metadata.name,
        NAMESPACE,
        command=["ls", "-A", "/ssd"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    )
    return sorted(name for name in said.split() if not name.startswith(".anchors"))
