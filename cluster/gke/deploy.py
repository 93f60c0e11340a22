"""`make deploy`: Argo Workflows, Argo Events and our manifests into the cluster of newsreel.yaml; what changes is shown first."""

import json
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cluster.gke import argo as certificate
from cluster.gke.argo import CERTIFICATE, Release, documents, fetched, installation, releases
from cluster.gke.programs import Programs, ask
from cluster.manifests.apply import apply
from cluster.manifests.emit import emit
from newsreel.config.model import GkeConfig
from newsreel.config.settings import Settings, settings_of
from newsreel.errors import BadInput, Unavailable
from newsreel.files import write_atomically
from workflows.lint import lint_files
from workflows.profiles import PROFILES

NAMESPACES, ARGO, EVENTS = "05-argo-namespaces.yaml", "42-argo-workflows.yaml", "44-argo-events.yaml"
"""Between our own files: the controller's settings (40) before the controller, what defines Sensors before the Sensor (62)."""
RENEWED_BEFORE = timedelta(days=90)
NOT_THERE = re.compile(r"no matches for kind|namespaces .* not found|could not find the requested resource|\(NotFound\)")
LINES_SHOWN = 200
"""Of a file's difference."""


class Deployment:
    """The cluster's desired state, as files below a folder of its own."""

    def __init__(
        self, parameters: GkeConfig, programs: Programs, folder: Path, *, argo: tuple[Release, Release] | None = None
    ) -> None:
        """`argo`: Workflows and Events, by default those that we know."""
        self.parameters, self.programs, self.folder = parameters, programs, folder / "manifests"
        self.argo, self.kept = argo or releases(), folder / "releases"
        newsroom = parameters.newsroom
        self.signs_in = bool(newsroom and not newsroom.proxy_namespace)
        self.kubectl = ("kubectl", "--context", context_of(parameters))

    def run(self, *, yes: bool) -> int:
        """Deploy, step by step. Raises the failures of the programs it calls; it may be run again at any time and resumes."""
        credentials(self.parameters, self.programs)
        audience = self.audience()
        settings = settings_of(self.parameters, audience)
        self.write_ours(settings)
        with self.programs.only_told():
            self.require_images(settings)
        self.write_argo(settings)
        changed = self.difference()
        if not changed:
            print("The cluster is as it should be.")
        elif not yes and not self.programs.dry_run:
            ask(f"{changed} of its files change.")
        self.prepare(settings)
        status = apply(self.folder, context_of(self.parameters), self.programs.dry_run)
        if self.signs_in and not audience:
            print("The newsroom's load balancer is being made: run `make deploy` again in 10 minutes; access is denied before.")
        return status

    def write_ours(self, settings: Settings) -> None:
        """Write our manifests. Raises BadInput for manifests that break our own lint rules."""
        shutil.rmtree(self.folder, ignore_errors=True)
        ours = emit(PROFILES[self.parameters.site.profile], self.folder, settings)
        if faults := [str(fault) for fault in lint_files(ours, settings)]:
            raise BadInput("\n".join(faults))

    def write_argo(self, settings: Settings) -> None:
        """Write Argo's manifests. Raises what `fetched` raises."""
        namespaces: list[dict[str, Any]] = []
        for release, name in zip(self.argo, (ARGO, EVENTS), strict=True):
            first, *rest = self.objects(release, settings)
            namespaces.append(first)
            write_atomically(self.folder / name, as_text(rest))
        write_atomically(self.folder / NAMESPACES, as_text(namespaces))

    def objects(self, release: Release, settings: Settings) -> list[dict[str, Any]]:
        given = documents(release, fetched(release, self.kept), self.programs)
        return installation(release, given, self.parameters, settings)

    def require_images(self, settings: Settings) -> None:
        """Raises BadInput that names the images that are not in the registry."""
        prefix = re.escape(settings.image_prefix)
        texts = [file.read_text() for file in self.folder.glob("*.yaml")]
        wanted = {found for text in texts for found in re.findall(rf"{prefix}/[a-z0-9-]+:[\w.-]+", text)}
        listing = ("artifacts", "docker", "images", "list", settings.image_prefix, "--include-tags", "--format=json")
        listed = self.programs.read_json("gcloud", *listing) or []
        there = {f"{each['package']}:{tag}" for each in listed for tag in tags(each)}
        if missing := sorted(wanted - there):
            names = ", ".join(image.rpartition("/")[2] for image in missing)
            known = f"gcloud auth configure-docker {settings.image_prefix.partition('/')[0]}"
            raise BadInput(f"no image has been pushed for {names}: {known}; make images push IMAGES={settings.image_prefix}")

    def difference(self) -> int:
        """Show the difference; returns the number of files that would change something."""
        changed = 0
        for file in sorted(self.folder.glob("*.yaml")):
            status, shown, fault = self.programs.status(
                *self.kubectl, "diff", "--server-side", "--force-conflicts", "--filename", str(file)
            )
            if status == 0:
                continue
            changed += 1
            if status == 1:
                lines = shown.splitlines()
                print(*lines[:LINES_SHOWN], sep="\n")
                if len(lines) > LINES_SHOWN:
                    print(f"... {len(lines) - LINES_SHOWN} lines more: kubectl diff --server-side --filename {file}")
            elif NOT_THERE.search(fault):
                print(f"new: {file.name}")
            elif self.programs.dry_run:
                print(f"{file.name}: no cluster to compare it with ({' '.join(fault.split())[:160]})")
            else:
                raise Unavailable(f"{file.name} cannot be compared with the cluster: {' '.join(fault.split())[:300]}")
        return changed

    def prepare(self, settings: Settings) -> None:
        """Create what no file may hold: Secrets, and the namespaces for them."""
        for name in ("00-namespace.yaml", NAMESPACES):
            self.programs.do(*self.kubectl, "apply", "--server-side", "--filename", str(self.folder / name))
        now = datetime.now(UTC)
        if not self.certified(settings, now):
            made = certificate.secrets(CERTIFICATE, "argo-server", settings.argo_namespace, settings.namespace, now)
            self.give(made)
            restart = ("rollout", "restart", "deployment/argo-server", "--namespace", settings.argo_namespace)
            if self.there("deployment/argo-server", settings.argo_namespace):
                self.programs.do(*self.kubectl, *restart)
        if self.signs_in:
            with self.programs.only_told():
                self.give([self.sign_in(settings)])

    def certified(self, settings: Settings, now: datetime) -> bool:
        """Whether both namespaces have the certificate, and it is valid for some time."""
        name = f"secret/{CERTIFICATE}"
        if not (theirs := self.there(name, settings.argo_namespace)) or not (ours := self.there(name, settings.namespace)):
            return False
        held = theirs.get("data", {}).get("tls.crt", "")
        until = certificate.good_until(held)
        same = ours.get("data", {}).get("ca.crt") == held
        return same and until is not None and until - now > RENEWED_BEFORE

    def there(self, what: str, namespace: str) -> dict[str, Any] | None:
        """The object, or None if it does not exist. Raises Unavailable if that is unknown, which a dry run takes for absent."""
        words = (*self.kubectl, "get", what, "--namespace", namespace, "--ignore-not-found", "--output=json")
        found: dict[str, Any] | None = None
        with self.programs.only_told():
            found = self.programs.read_json(*words)
        return found

    def sign_in(self, settings: Settings) -> dict[str, Any]:
        """Create the Secret of IAP's OAuth client from Secret Manager, where a person has stored it."""
        name = f"{self.parameters.cluster.name}-newsroom"
        of_project = f"--project={self.parameters.cluster.project}"
        status, held, fault = self.programs.status(
            "gcloud", "secrets", "versions", "access", "latest", f"--secret={name}", of_project
        )
        if status:
            command = f"gcloud secrets versions add {name} {of_project} --data-file=-"
            raise BadInput(f"the newsroom's sign-in has no secret yet: {command} ({' '.join(fault.split())[:160]})")
        metadata = {"name": "newsroom-iap", "namespace": settings.namespace}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"key": held.strip()}}

    def give(self, objects: list[dict[str, Any]]) -> None:
        content = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.programs.give(content, *self.kubectl, "apply", "--server-side", "--force-conflicts", "--filename", "-")

    def audience(self) -> str | None:
        """The audience of the newsroom's IAP tokens: the load balancer's backend, once it exists."""
        if not self.signs_in:
            return None
        project = f"--project={self.parameters.cluster.project}"
        named = f"--filter=name~{self.parameters.cluster.namespace}-newsroom"
        listed = self.programs.read(
            "gcloud", "compute", "backend-services", "list", "--global", project, named, "--format=value(id)"
        ).split()
        if len(listed) != 1:
            return None
        number = self.programs.read("gcloud", "projects", "describe", project[10:], "--format=value(projectNumber)").strip()
        return f"/projects/{number}/global/backendServices/{listed[0]}"


def context_of(parameters: GkeConfig) -> str:
    """The kubectl context that `gcloud container clusters get-credentials` creates."""
    cluster = parameters.cluster
    return f"gke_{cluster.project}_{cluster.location}_{cluster.name}"


def credentials(parameters: GkeConfig, programs: Programs) -> None:
    """Get credentials for kubectl by the DNS endpoint that IAM guards: the API server has no public address."""
    cluster = parameters.cluster
    where = (f"--location={cluster.location}", f"--project={cluster.project}")
    programs.do("gcloud", "container", "clusters", "get-credentials", cluster.name, *where, "--dns-endpoint")


def as_text(objects: Iterable[dict[str, Any]]) -> str:
    """JSON is YAML too, and the workflow's schema is written in a second instead of a minute."""
    return "".join(f"---\n{json.dumps(each)}\n" for each in objects)


def tags(image: dict[str, Any]) -> list[str]:
    """An image's tags: gcloud has printed them as a list and as one text."""
    tags = image.get("tags") or []
    return [tag.strip() for tag in tags.split(",")] if isinstance(tags, str) else list(tags)
