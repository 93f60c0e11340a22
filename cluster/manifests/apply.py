"""`newsreel apply FOLDER`: apply the files of `newsreel emit`, each when what it depends on is ready.

The order matters only for the message trigger (`cluster.manifests.message_trigger`): the bus keeps a message for existing
consumers, so the EventSource comes after the Sensor, and the Sensor after bus, templates and programs. All other objects may come
in any order: their pods are restarted until they start. It may be run as often as wanted: unchanged objects stay as they are.
"""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsreel.argo.documents import read_documents
from newsreel.errors import BadInput, MissingProgram, Unavailable

SECONDS = 600
"""Timeout of a wait: images are pulled, nodes may have to be started."""
TRIGGER = "60"
"""Files of the message trigger begin with this number or a higher one; they come last."""


@dataclass(frozen=True)
class Apply:
    """Apply a file."""

    file: Path
    forced: bool = False
    """With --force-conflicts: Argo Events' controllers write objects back with defaults of their own, and then own these fields
    (seen with 1.9.10: `host: ""` in a Sensor)."""


@dataclass(frozen=True)
class Wait:
    """Wait until something is ready."""

    words: tuple[str, ...]
    """Arguments of kubectl."""


@dataclass(frozen=True)
class Bearer:
    """A Secret with the Sensor's `Authorization` header: Kubernetes makes the token without the word Bearer."""

    namespace: str
    source: str
    name: str


Step = Apply | Wait | Bearer


def plan(folder: Path) -> list[Step]:
    """All steps, in their order. Raises BadInput for a folder without manifests."""
    files = sorted(folder.glob("*.yaml"), key=lambda file: (file.name[:1].isdigit() and file.name >= TRIGGER, file.name))
    if not files:
        raise BadInput(f"{folder}: no manifests; run `newsreel emit`")
    return [step for file in files for step in steps_of(file)]


def steps_of(file: Path) -> Iterator[Step]:
    documents = [document for document in read_documents(file) if isinstance(document, dict)]
    kinds = {document.get("kind") for document in documents}
    yield Apply(file, forced=bool(kinds & {"EventBus", "EventSource", "Sensor"}))
    for document in documents:
        if document.get("kind") == "Sensor":
            yield from bearers(document)
    for document in documents:
        yield from waits(document)


def waits(document: dict[str, Any]) -> Iterator[Wait]:
    """Waits until an object exists and is ready.

    Source of labels and names: argo-events 1.9, pkg/reconciler/sensor/controller.go and eventbus/installer/jetstream.go.
    """
    metadata = document.get("metadata") or {}
    name, within = metadata.get("name"), ("--namespace", str(metadata.get("namespace")), f"--timeout={SECONDS}s")
    match document.get("kind"):
        case "CustomResourceDefinition":
            yield Wait(("wait", "--for=condition=Established", f"crd/{name}", f"--timeout={SECONDS}s"))
        case "Deployment":
            yield Wait(("rollout", "status", f"deployment/{name}", *within))
        case "EventBus":
            yield Wait(("wait", "--for=condition=Deployed", f"eventbus/{name}", *within))
            yield Wait(("rollout", "status", f"statefulset/eventbus-{name}-js", *within))
        case "Sensor" | "EventSource" as kind:
            label = f"{kind.lower()}-name={name}"
            yield Wait(("wait", "--for=condition=Deployed", f"{kind.lower()}/{name}", *within))
            yield Wait(("wait", "--for=condition=Available", "deployment", "--selector", label, *within))


def bearers(sensor: dict[str, Any]) -> Iterator[Bearer]:
    """One for each Secret in a trigger's headers, made from the token of the Sensor's account."""
    spec = sensor["spec"]
    account = spec["template"]["serviceAccountName"]
    triggers = (trigger["template"].get("http", {}) for trigger in spec["triggers"])
    for header in (header for http in triggers for header in http.get("secureHeaders", [])):
        name = header["valueFrom"]["secretKeyRef"]["name"]
        yield Bearer(sensor["metadata"]["namespace"], f"{account}.service-account-token", name)


def apply(folder: Path, context: str | None, dry_run: bool) -> int:
    """Run the plan, or print it. It may be repeated after a failure. Raises BadInput, MissingProgram, Unavailable."""
    kubectl = ("kubectl", *(("--context", context) if context else ()))
    for step in plan(folder):
        words = [*kubectl, *words_of(step)]
        print(" ".join(words), flush=True)
        if not dry_run:
            if isinstance(step, Bearer):
                run(
                    kubectl, ("apply", "--server-side", "--filename", "-"), json.dumps(secret(step, run(kubectl, words_of(step))))
                )
            else:
                sys.stdout.write(run(kubectl, words_of(step)))
    return 0


def words_of(step: Step) -> tuple[str, ...]:
    match step:
        case Apply(file, forced):
            return ("apply", "--server-side", *(["--force-conflicts"] if forced else []), "--filename", str(file))
        case Wait(words):
            return words
        case Bearer(namespace, source, _):
            return ("get", "secret", source, "--namespace", namespace, "--output", "jsonpath={.data.token}")


def secret(step: Bearer, token: str) -> dict[str, Any]:
    """Raises Unavailable while Kubernetes has not made the token."""
    if not token:
        raise Unavailable(f"secret {step.source}: has no token yet; run it again in a moment")
    bearer = base64.b64encode(b"Bearer " + base64.b64decode(token)).decode()
    metadata = {"name": step.name, "namespace": step.namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"authorization": bearer}}


def run(kubectl: Sequence[str], words: Sequence[str], given: str = "") -> str:
    """Run kubectl and return its output; it prints its own errors. Raises MissingProgram, Unavailable."""
    try:
        done = subprocess.run([*kubectl, *words], input=given, stdout=subprocess.PIPE, text=True, check=False)
    except FileNotFoundError as fault:
        raise MissingProgram("kubectl is not installed; it is needed to apply manifests") from fault
    if done.returncode:
        raise Unavailable(f"kubectl {' '.join(words)}: exited with {done.returncode}; fix it and run `newsreel apply` again")
    return done.stdout
