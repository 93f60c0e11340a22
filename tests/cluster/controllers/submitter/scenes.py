"""Stories, runs and notifications for the tests of the submitter."""

import json
from datetime import timedelta

import standardwebhooks

from cluster.controllers.loop import JsonLog
from newsreel.submission.revision_store import Revision
from tests.chaos.argo import Workflow
from tests.cluster.controllers.rounds import run_round

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
ONE = Revision("budget", 1)
OURS = {"app.kubernetes.io/part-of": "newsreel", "newsreel/story": "budget", "newsreel/revision": "1"}
MANIFEST = {
    "id": "budget",
    "revision": 1,
    "title": "The budget",
    "origin": {"story_digest": "a", "software_digest": "b", "release": "0.1.0"},
    "created": "2026-05-03T12:00:00Z",
    "files": [
        {"name": "landscape.mp4", "path": f"{'0' * 16}/landscape.mp4", "size": 1, "sha256": "c", "content_type": "video/mp4"}
    ],
}


def save(desk, revision=ONE):
    address = desk.address(revision)
    desk.storage.create(address, b"{}", "application/json")
    return str(address)


def publish(desk, revision=ONE):
    home = desk.finals.child(f"{revision.id}/r{revision.number}")
    desk.storage.create(home.child("manifest.json"), json.dumps(MANIFEST).encode(), "application/json")
    return f"{home}/{'0' * 16}/landscape.mp4"


def ended(argo, phase="Failed", name="budget-r1", uid="uid-1", **labels):
    return argo.create(Workflow(name, OURS | labels, {}, 0, phase=phase, uid=uid))


def heard(cms):
    """What the receiver's own library takes."""
    return [standardwebhooks.Webhook(SECRET).verify(body, headers) for _, headers, body in cms.heard]


def rounds_of(submitter, argo, number=2):
    for _ in range(number):
        assert run_round(submitter, argo.clock.now)
        argo.clock.now += timedelta(seconds=30)


def logging_to(lines):
    """A log whose lines are kept as action, workflow and reason."""
    return JsonLog(write=lambda line: lines.append((line["action"], line["workflow"], line["why"])))
