"""The Argo server and the API server's workflows and anchors, in one HTTP server that keeps their promises.

A name is there once: 409. What was created stays through restarts. No more than so many workflows run at once, those of the
highest priority first. What has ended is collected after a while. That an answer arrives is not promised.
"""

import json
import re
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.chaos.faults import Clock, Faults
from tests.cluster.api_server import chosen

SUBMIT = re.compile(r"/api/v1/workflows/([a-z0-9-]+)/submit")
WORKFLOWS = re.compile(r"/apis/argoproj.io/v1alpha1/namespaces/([a-z0-9-]+)/workflows(?:/([a-z0-9-]+))?")
PODS = re.compile(r"/api/v1/namespaces/[a-z0-9-]+/pods")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
AT_ONCE = 20
MINUTE = timedelta(minutes=1)


@dataclass
class Workflow:
    name: str
    labels: dict[str, str]
    parameters: dict[str, str]
    priority: int
    uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    phase: str = ""
    ends: datetime | None = None
    created: datetime = datetime(2026, 5, 3, 12, tzinfo=UTC)
    anchored: datetime | None = None
    """When its anchor's pod was created."""
    anchor: str = "Running"
    """That pod's phase."""
    by_watch: bool = False
    """Whether it was created as an object, and no message asked for it."""

    @property
    def story(self) -> tuple[str, str]:
        """Its id and the revision's number; one made by hand may have neither."""
        return self.labels.get("newsreel/story", ""), self.labels.get("newsreel/revision", "")

    @property
    def over(self) -> bool:
        return self.phase in ("Succeeded", "Failed", "Error")

    def metadata(self) -> dict[str, Any]:
        over = {"workflows.argoproj.io/phase": self.phase} if self.phase else {}
        return {"name": self.name, "uid": self.uid, "creationTimestamp": written(self.created), "labels": self.labels | over}

    def pods(self) -> list[dict[str, Any]]:
        if self.anchored is None:
            return []
        labels = {"newsreel/system": "anchor", "newsreel/role": "anchor"}
        metadata = {"name": f"{self.name}-anchor", "creationTimestamp": written(self.anchored), "labels": labels}
        return [{"metadata": metadata, "status": {"phase": self.anchor}}]


@dataclass
class Argo:
    clock: Clock
    faults: Faults
    work: Callable[[Workflow], str]
    """What a story's workflow does when its time is over: its phase."""
    takes_a_name_twice: bool = False
    """As no Argo does: what a campaign must notice."""
    deleted: float = 0.0
    """Of ended workflows, at each look: somebody tidies up, whether or not anybody has seen the end of them."""
    minute: timedelta = MINUTE
    """How long a minute of a workflow's work, or of an outage, is here."""
    workflows: dict[str, Workflow] = field(default_factory=dict)
    """By name; the second of a name by its uid."""
    down_until: datetime | None = None
    most_at_once: int = 0
    most_of_a_story: int = 0
    """Workflows of one revision that were unfinished at once: each of them would make its video."""
    submitted: int = 0
    by_submitter: int = 0
    """Of these, those created as objects."""
    conflicts: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    """How often the trigger has asked for a workflow of this name and has heard that it is there."""
    met_the_watchs: int = 0
    """Of these, the workflow that was there already was one of the submitter's."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self) -> ThreadingHTTPServer:
        server = Listening(("127.0.0.1", 0), type("Answering", (Answering,), {"argo": self}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def pass_by(self) -> None:
        """What has happened since the last look: outages, starts, ends, collections."""
        with self.lock:
            self.go_on()

    def go_on(self) -> None:
        if self.faults.happens("Argo restarted", 0.05):
            self.down_until = self.clock.now + self.faults.dice("outage").choice([1 / 3, 2, 15]) * self.minute
        running = [one for one in self.workflows.values() if one.phase == "Running"]
        for one in running:
            if one.ends and one.ends <= self.clock.now:
                one.phase = self.work(one)
                one.ends = self.clock.now
        waiting = sorted((one for one in self.workflows.values() if not one.phase), key=lambda one: (-one.priority, one.name))
        free = AT_ONCE - sum(one.phase == "Running" for one in self.workflows.values())
        for one in waiting[: max(free, 0)]:
            one.phase, one.ends = "Running", self.clock.now + self.faults.dice("duration", one.name).uniform(0.5, 3) * self.minute
        self.most_at_once = max(self.most_at_once, sum(one.phase == "Running" for one in self.workflows.values()))
        for place, one in list(self.workflows.items()):
            if not one.over or not one.ends:
                continue
            old = one.ends + 60 * MINUTE < self.clock.now
            what, rate = ("workflow collected", 0.2) if old else ("workflow deleted", self.deleted)
            if self.faults.happens(what, rate, one.name):
                del self.workflows[place]

    def create(self, workflow: Workflow) -> tuple[int, dict[str, Any]]:
        with self.lock:
            if not NAME.fullmatch(workflow.name):
                return 400, {"message": "a bad name"}
            taken = workflow.name in self.workflows
            if taken and not self.takes_a_name_twice:
                self.conflicts += 1
                return 409, {"message": "already exists"}
            self.submitted += 1
            workflow.created = self.clock.now
            self.workflows[workflow.uid if taken else workflow.name] = workflow
            unfinished = sum(one.story == workflow.story and not one.over for one in self.workflows.values())
            self.most_of_a_story = max(self.most_of_a_story, unfinished)
            return 200, {"metadata": workflow.metadata()}

    def made(self) -> set[tuple[str, str]]:
        """The stories that have a workflow, each with its revision."""
        with self.lock:
            return {one.story for one in self.workflows.values()}

    def found_by_the_watch(self) -> list[tuple[str, str]]:
        """The stories whose workflow no message has made."""
        with self.lock:
            return [one.story for one in self.workflows.values() if one.by_watch]

    def submit(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if (body.get("resourceKind"), body.get("resourceName")) != ("WorkflowTemplate", "story"):
            return 404, {"message": "no such template"}
        options = body["submitOptions"]
        labels = dict(pair.split("=") for pair in options["labels"].split(","))
        parameters = dict(pair.split("=", 1) for pair in options["parameters"])
        status, told = self.create(Workflow(options["name"], OURS | labels, parameters, options["priority"]))
        with self.lock:
            self.asked[options["name"]] += status in (HTTPStatus.OK, HTTPStatus.CONFLICT)
            there = self.workflows.get(options["name"])
            self.met_the_watchs += bool(there and there.by_watch)
        return status, told

    def create_object(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        parameters = {one["name"]: one["value"] for one in body["spec"]["arguments"]["parameters"]}
        metadata, priority = body["metadata"], body["spec"]["priority"]
        status, told = self.create(Workflow(metadata["name"], metadata["labels"], parameters, priority, by_watch=True))
        self.by_submitter += status == HTTPStatus.OK
        return status, told

    def listed(self, query: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            return paged([{"metadata": one.metadata()} for one in sorted(self.workflows.values(), key=by_name)], query)

    def pods(self, query: dict[str, str]) -> dict[str, Any]:
        with self.lock:
            found = [pod for one in sorted(self.workflows.values(), key=by_name) for pod in one.pods()]
        return paged([{"metadata": pod["metadata"]} for pod in found if chosen(pod, query)], query)


def by_name(workflow: Workflow) -> tuple[str, str]:
    return workflow.name, workflow.uid


def paged(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """By pages, as they were asked for; of nothing Kubernetes says null."""
    begin, limit = int(query.get("continue", 0)), int(query["limit"])
    more = {"continue": str(begin + limit)} if begin + limit < len(items) else {}
    return {"kind": "PartialObjectMetadataList", "metadata": more, "items": items[begin : begin + limit] or None}


def written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


OURS = {"app.kubernetes.io/part-of": "newsreel"}
"""What the controller adds from the template's workflowMetadata."""


class Listening(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked may have been killed over it: that is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Answering(BaseHTTPRequestHandler):
    argo: Argo
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(split.query).items()}
        if self.refuses(self.path):
            return
        if PODS.fullmatch(split.path):
            return self.answer(200, self.argo.pods(query))
        found = WORKFLOWS.fullmatch(split.path)
        if not found:
            return self.answer(404, {"message": "not found"})
        if found[2] is None:
            return self.answer(200, self.argo.listed(query))
        workflow = self.argo.workflows.get(found[2])
        if workflow is None:
            return self.answer(404, {"message": "not found"})
        told = {"message": "Error (exit code 5)"} if workflow.phase == "Failed" else {}
        self.answer(200, {"metadata": workflow.metadata(), "status": {"phase": workflow.phase} | told})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        submitted = SUBMIT.fullmatch(urlsplit(self.path).path)
        name = body["submitOptions"]["name"] if submitted else body["metadata"]["name"]
        if self.refuses(name):
            return
        status, told = self.argo.submit(body) if submitted else self.argo.create_object(body)
        if status == 200 and self.argo.faults.happens("Argo answer lost", 0.05, name):
            status, told = 500, {"message": "chaos"}
        self.answer(status, told)

    def refuses(self, concerning: str) -> bool:
        down = self.argo.down_until is not None and self.argo.clock.now < self.argo.down_until
        self.argo.faults.counted["Argo away"] += down
        if down or self.argo.faults.happens("Argo 500", 0.05, concerning):
            self.answer(503 if down else 500, {"message": "chaos"})
            return True
        return False

    def answer(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:
        """The campaign counts."""
