"""Argo as we install it: its release, but for where it runs, how it is told things, and that all its images have a version."""

from collections.abc import Callable, Iterable
from typing import Any

from cluster.gke.releases import Release
from newsreel.config.model import GkeConfig
from newsreel.config.names import Account
from newsreel.config.settings import Settings

__all__ = ["CERTIFICATE", "installation"]

Document = dict[str, Any]
CERTIFICATE = "argo-server-tls"
"""Secret with the Argo server's certificate: in its namespace with the key, in ours without."""
OURS = "workflow-controller-configmap"
"""The controller's settings are among our own manifests; the release's would take them away again."""
PART_OF = {"app.kubernetes.io/part-of": "newsreel"}
ASKS = {
    "workflow-controller": {"cpu": "200m", "memory": "512Mi"},
    "argo-server": {"cpu": "50m", "memory": "256Mi"},
    "controller-manager": {"cpu": "50m", "memory": "128Mi"},
}
"""What the release leaves open: without it, a full machine takes these first."""
TOLD = {
    # Seen: 10 s from step to step without it, 6 s with it.
    "workflow-controller": {"DEFAULT_REQUEUE_TIME": "2s", "ARGO_PROGRESS_PATCH_TICK_DURATION": "5s"},
    # Posters and captions are shown in Argo's page, and still no script of an artifact's runs there.
    "argo-server": {
        "ARGO_ARTIFACT_CONTENT_SECURITY_POLICY": "sandbox allow-same-origin; base-uri 'none'; default-src 'none'; "
        "img-src 'self' data:; style-src 'self' 'unsafe-inline'"
    },
}


def installation(release: Release, given: Iterable[Document], parameters: GkeConfig, settings: Settings) -> list[Document]:
    """The release's objects, changed; its namespace first."""
    changes: dict[str, Callable[[Document], Document]] = {
        "Deployment": lambda one: deployed(one, release, settings),
        "ServiceAccount": lambda one: known_to_google(one, parameters),
    }
    kept = [one for one in given if one["metadata"]["name"] != OURS]
    return [namespace(release), *(changes.get(one["kind"], as_it_is)(one) for one in kept)]


def as_it_is(one: Document) -> Document:
    return one


def namespace(release: Release) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": release.namespace, "labels": PART_OF}}


def deployed(one: Document, release: Release, settings: Settings) -> Document:
    key, value = settings.system_pool.selector
    pod = one["spec"]["template"]["spec"]
    changed = pod | {
        "nodeSelector": pod.get("nodeSelector", {}) | {key: value},
        "containers": [container(each, release) for each in pod["containers"]],
    }
    return one | {"spec": one["spec"] | {"template": one["spec"]["template"] | {"spec": changed}}}


def container(one: Document, release: Release) -> Document:
    name = one["name"]
    asks = ASKS[name]
    environment = [*one.get("env", []), *({"name": key, "value": value} for key, value in TOLD.get(name, {}).items())]
    arguments = [*one.get("args", []), *((f"--tls-certificate-secret-name={CERTIFICATE}",) if name == "argo-server" else ())]
    return one | {
        # A release's own files name the newest there is.
        "image": one["image"].removesuffix(":latest") + (f":{release.version}" if one["image"].endswith(":latest") else ""),
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "env": environment,
        "resources": {"requests": asks, "limits": {"memory": f"{4 * int(asks['memory'].removesuffix('Mi'))}Mi"}},
    }


def known_to_google(one: Document, parameters: GkeConfig) -> Document:
    """The server shows what lies in the bucket of previews."""
    if one["metadata"]["name"] != "argo-server":
        return one
    google = parameters.cluster.names.account(Account.ARGO)
    return one | {"metadata": one["metadata"] | {"annotations": {"iam.gke.io/gcp-service-account": google}}}
