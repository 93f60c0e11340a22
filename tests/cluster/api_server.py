"""As much of a Kubernetes API server as our programs call: objects in memory, over real HTTP, with RBAC that is really asked.

Who calls is told by the bearer token, an account's or a group's name; what it may do is read from the manifests we emit. So a
right that is missing fails a test, and one that nobody uses can be found (`used`).
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

__all__ = ["ApiServer", "Right", "kubeconfig", "serving"]

PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>v\w+)(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?"
)
Right = tuple[str, str, str, str]
"""Namespace (empty for what lies in none), group, resource and verb."""


@dataclass
class ApiServer:
    rights: dict[str, set[Right]] = field(default_factory=dict)
    """By account or group."""
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    """By namespace, resource and name."""
    logs: dict[str, str] = field(default_factory=dict)
    """By pod."""
    used: set[Right] = field(default_factory=set)
    down: bool = False
    """Whether every call is answered with 503."""
    port: int = 0

    def obey(self, documents: list[dict[str, Any]]) -> None:
        """Take roles and bindings over, as `kubectl apply` would."""
        rules = {key(document): document["rules"] for document in documents if document["kind"] in ("Role", "ClusterRole")}
        for binding in documents:
            if binding["kind"] in ("RoleBinding", "ClusterRoleBinding"):
                namespace = binding["metadata"].get("namespace", "")
                for subject in binding["subjects"]:
                    mine = self.rights.setdefault(subject["name"], set())
                    for rule in rules[(binding["roleRef"]["kind"], namespace, binding["roleRef"]["name"])]:
                        mine |= {
                            (namespace, group, resource, verb)
                            for group in rule["apiGroups"]
                            for resource in rule["resources"]
                            for verb in rule["verbs"]
                        }

    def put(self, resource: str, name: str, namespace: str = "newsreel", **content: Any) -> dict[str, Any]:
        """What another program has made."""
        metadata = {"name": name, "creationTimestamp": now(), **content.pop("metadata", {})}
        made = {"metadata": metadata, **content}
        self.objects[(namespace, resource, name)] = made
        return made

    def workflow(self, name: str, namespace: str = "newsreel") -> dict[str, Any]:
        return self.objects[(namespace, "workflows", name)]

    def names(self, resource: str, namespace: str = "newsreel") -> list[str]:
        return [name for where, what, name in self.objects if (where, what) == (namespace, resource)]

    def kubeconfig(self, folder: Path, user: str) -> Path:
        """A file by which a person of this name, or of this group, calls here."""
        return kubeconfig(f"http://127.0.0.1:{self.port}", folder, user)

    def answer(self, method: str, target: str, user: str, body: Any) -> tuple[int, Any]:
        split = urlsplit(target)
        asked = PATH.fullmatch(split.path)
        if asked is None:
            return refusal(404, "the server could not find the requested resource")
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        if self.down:
            return refusal(503, "the server is going down")
        verb = {"GET": "get" if asked["name"] else "list", "POST": "create", "PATCH": "patch", "DELETE": "delete"}[method]
        what = "/".join(filter(None, [asked["resource"], asked["sub"]]))
        namespace = asked["namespace"] or ""
        right = (namespace, asked["group"] or "", what, verb)
        if right not in self.rights.get(user, set()):
            return refusal(
                403, f'{what} is forbidden: User "{user}" cannot {verb} resource "{what}" in the namespace "{namespace}"'
            )
        self.used.add(right)
        return self.do(verb, (namespace, asked["resource"]), asked["name"] or "", asked["sub"], query, body)

    def do(
        self, verb: str, where: tuple[str, str], name: str, sub: str | None, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        there = (*where, name)
        if verb == "list":
            found = [made for (*place, _), made in self.objects.items() if tuple(place) == where]
            return 200, {
                "kind": "List",
                "apiVersion": "v1",
                "metadata": {},
                "items": [one for one in found if chosen(one, query)],
            }
        if verb == "create":
            name = body["metadata"]["name"]
            if (*where, name) in self.objects:
                return refusal(409, f'{where[1]}.argoproj.io "{name}" already exists')
            body["metadata"]["creationTimestamp"] = now()
            self.objects[(*where, name)] = body
            return 201, body
        if there not in self.objects:
            return refusal(404, f'{where[1]} "{name}" not found')
        if sub == "log":
            return 200, self.logs.get(name, "")
        if verb == "patch":
            self.objects[there] = merged(self.objects[there], body)
        return 200, self.objects.pop(there) if verb == "delete" else self.objects[there]


@contextmanager
def serving() -> Iterator[ApiServer]:
    """A server without objects, in which nobody may do anything."""
    api = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            user = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, said = api.answer(self.command, self.path, user, body)
            content = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(said, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig(server: str, folder: Path, user: str) -> Path:
    """A file by which somebody of this name calls a server."""
    path = folder / f"kubeconfig-{user.partition('@')[0]}"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "clusters": [{"name": "it", "cluster": {"server": server}}],
        "users": [{"name": user, "user": {"token": user}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": user}}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def key(role: dict[str, Any]) -> tuple[str, str, str]:
    return role["kind"], role["metadata"].get("namespace", ""), role["metadata"]["name"]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def refusal(code: int, message: str) -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code}


def chosen(made: dict[str, Any], query: dict[str, str]) -> bool:
    """By labels as `a=b`, `a!=b`, `a in (b,c)` and `a`, joined by commas; by a field of two names, `status.phase=Pending`."""
    labels = made["metadata"].get("labels") or {}
    part, _, field = query.get("fieldSelector", "").partition("=")[0].partition(".")
    if part and query["fieldSelector"] != f"{part}.{field}={made.get(part, {}).get(field)}":
        return False
    for term in re.findall(r"[^,(]+(?:\([^)]*\))?", query.get("labelSelector", "")):
        name, sign, value = re.fullmatch(r"([^!= ]+)(!?=| in )?(.*)", term).groups()
        wanted = value.strip("()").split(",") if sign else [labels.get(name, "")]
        if (name in labels and labels[name] in wanted) is (sign == "!="):
            return False
    return True


def merged(old: Any, change: Any) -> Any:
    """A JSON merge patch (RFC 7386)."""
    if not isinstance(change, dict):
        return change
    whole = dict(old) if isinstance(old, dict) else {}
    for name, value in change.items():
        if value is None:
            whole.pop(name, None)
        else:
            whole[name] = merged(whole.get(name), value)
    return whole
