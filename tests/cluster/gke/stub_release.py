"""A release in small: as Argo's are laid out, with files that a test can tell apart."""

import hashlib

from cluster.gke.argo import Release

__all__ = ["CONTROLLER", "EVENTS", "FILES", "digest", "events_release", "release"]

CONTROLLER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: workflow-controller}
spec:
  selector: {matchLabels: {app: workflow-controller}}
  template:
    metadata: {labels: {app: workflow-controller}}
    spec:
      nodeSelector: {kubernetes.io/os: linux}
      containers:
      - name: workflow-controller
        image: example/workflow-controller:latest
        args: []
        env: [{name: LEADER_ELECTION_IDENTITY, value: a}]
"""
SERVER = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: argo-server}
spec:
  selector: {matchLabels: {app: argo-server}}
  template:
    metadata: {labels: {app: argo-server}}
    spec:
      containers:
      - {name: argo-server, image: "example/argocli:latest", args: [server]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: argo-server}
"""
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: workflow-controller-configmap}\n"
EVENTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller-manager, namespace: argo-events}
spec:
  selector: {matchLabels: {controller: eventsource-controller}}
  template:
    metadata: {labels: {controller: eventsource-controller}}
    spec:
      containers:
      - {name: controller-manager, image: "example/argo-events:v1.9.9", imagePullPolicy: Always}
"""
FILES = {
    "base/controller.yaml": CONTROLLER,
    "base/server.yaml": SERVER,
    "base/settings.yaml": SETTINGS,
    "install/kustomization.yaml": "kind: Kustomization\nnamespace: argo\nresources: [../base]\n",
    "base/kustomization.yaml": "kind: Kustomization\nresources: [controller.yaml, server.yaml, settings.yaml]\n",
}


def digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def release(origin: str = "https://example.org/") -> Release:
    return Release(
        name="argo-workflows",
        version="v4.0.5",
        origin=origin,
        namespace="argo",
        build="install",
        files={path: digest(content) for path, content in FILES.items()},
    )


def events_release() -> Release:
    files = {"install.yaml": digest(EVENTS)}
    return Release(
        name="argo-events",
        version="v1.9.9",
        origin="https://example.org/",
        namespace="argo-events",
        build="install.yaml",
        files=files,
    )
