"""Argo Workflows and Argo Events as they are installed on GKE.

Their releases are downloaded once and verified by checksum; the objects are changed only in where they run, how they are
configured and
that every image has a version. The Argo server gets a self-signed certificate by which the Sensor recognises it.
"""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cluster.gke.programs import Programs
from newsreel.argo.documents import documents_of
from newsreel.config.model import GkeConfig
from newsreel.config.names import Account
from newsreel.config.settings import Settings
from newsreel.errors import BadInput, Unavailable
from newsreel.files import write_atomically

LIFE = timedelta(days=825)
CLOCKS = timedelta(hours=1)
"""That two machines' may differ."""


def secrets(name: str, server: str, theirs: str, ours: str, now: datetime) -> list[dict[str, Any]]:
    """A Secret in the server's namespace with certificate and key, and one in ours to know it by. `server` is its Service."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = encoded(made(key, server, theirs, now).public_bytes(serialization.Encoding.PEM))
    private = encoded(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return [
        secret(name, theirs, "kubernetes.io/tls", {"tls.crt": certificate, "tls.key": private}),
        secret(name, ours, "Opaque", {"ca.crt": certificate}),
    ]


def made(key: ec.EllipticCurvePrivateKey, server: str, namespace: str, now: datetime) -> x509.Certificate:
    names = (f"{server}.{namespace}.svc", f"{server}.{namespace}.svc.cluster.local", f"{server}.{namespace}", server)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


def secret(name: str, namespace: str, kind: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "newsreel"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "data": data}


def good_until(data: str) -> datetime | None:
    """Expiry of the certificate in a Secret's `tls.crt`; None if it is none."""
    try:
        return x509.load_pem_x509_certificate(b64decode(data, validate=True)).not_valid_after_utc
    except (ValueError, Error):
        return None


FILE = Path(__file__).with_name("releases.yaml")
SECONDS = 60.0
MOST_BYTES = 16 << 20
"""The largest is 3 MB: the schema of a workflow."""
Fetch = Callable[[str], bytes]


@dataclass(frozen=True, kw_only=True)
class Release:
    name: str
    version: str
    """Of the programs' images."""
    origin: str
    namespace: str
    build: str
    """A file, or a folder that `kubectl kustomize` makes one of."""
    files: dict[str, str]
    """sha256 by path below the origin."""


def releases() -> tuple[Release, Release]:
    """The releases of Workflows and Events that are known by checksum."""
    listed = yaml.safe_load(FILE.read_bytes())
    workflows, events = (Release(name=name, origin=told.pop("from"), **told) for name, told in listed.items())
    return workflows, events


def fetch(address: str) -> bytes:
    """Download a release. Raises Unavailable."""
    try:
        with urlopen(Request(address, headers={"User-Agent": "newsreel"}), timeout=SECONDS) as answer:  # noqa: S310 - https, from our own list
            content: bytes = answer.read(MOST_BYTES + 1)
    except (URLError, OSError, ValueError) as fault:
        raise Unavailable(f"{address}: {fault}; with no way there, lay the file where it is kept yourself") from fault
    return content


def fetched(release: Release, folder: Path, fetch: Fetch = fetch) -> Path:
    """The release's files in a folder of their own, verified. Raises Unavailable, BadInput for an unexpected checksum."""
    home = folder / f"{release.name}-{release.version}"
    for path, known in release.files.items():
        kept = home / path
        if kept.is_file() and digest(kept.read_bytes()) == known:
            continue
        content = fetch(release.origin + path)
        if digest(content) != known:
            raise BadInput(f"{release.origin}{path}: is not the file that {release.name} {release.version} was tried with")
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, content.decode())
    return home


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def documents(release: Release, home: Path, programs: Programs) -> list[dict[str, Any]]:
    """All objects of the release. Raises MissingProgram, Unavailable."""
    source = home / release.build
    text = programs.read("kubectl", "kustomize", str(source)) if source.is_dir() else source.read_text()
    return documents_of(text, str(source))


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
    """Let the server read the bucket of previews by Workload Identity."""
    if one["metadata"]["name"] != "argo-server":
        return one
    google = parameters.cluster.names.account(Account.ARGO)
    return one | {"metadata": one["metadata"] | {"annotations": {"iam.gke.io/gcp-service-account": google}}}
