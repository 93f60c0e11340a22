"""`newsreel submit` that got no further than the bucket: what was saved is found there, and made as it was asked for."""

from datetime import timedelta
from functools import partial

from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.controllers.submitter.controller import Metrics, SubmitterController
from cluster.controllers.submitter.policy import PATIENCE
from newsreel.submission.publisher import Publisher
from newsreel.submission.revision_store import Revision
from newsreel.submission.topics import STORIES, topic_path
from tests.chaos.argo import Argo
from tests.chaos.faults import Clock, Faults
from tests.cluster.controllers.rounds import run_round


def test_the_submitter_replaces_a_failed_direct_submission(desk, saved):
    desk.server.down = True
    assert desk.submit("--priority", "breaking")[0] == 75
    assert made_by_the_submitter(saved) == [("budget-r1", 1000, str(saved.finals))]


def test_the_submitter_replaces_a_failed_message(desk, saved, monkeypatch):
    monkeypatch.setattr(Publisher, "connect", partial(Publisher.connect, seconds=0.2))
    options = ("--topic", topic_path("p", STORIES), "--priority", "breaking")
    status, said, told = desk.submit(*options, PUBSUB_EMULATOR_HOST="127.0.0.1:9")
    assert (status, said, told.count("\n")) == (75, "", 1)
    assert "Pub/Sub does not answer" in told and "budget-r1 is saved, and the submitter submits it" in told
    assert made_by_the_submitter(saved) == [("budget-r1", 1000, str(saved.finals))]


def made_by_the_submitter(saved):
    """Name, priority and destination of what it submits when it has seen a story wait for long enough."""
    argo = Argo(Clock(), Faults(0, often=0), lambda workflow: "Succeeded")
    server = argo.serve()
    api = client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{server.server_address[1]}"))
    rounds = SubmitterController(api=api, namespace="newsreel", store=saved, metrics=Metrics(CollectorRegistry()))
    for now in (argo.clock.now, argo.clock.now + PATIENCE + timedelta(seconds=1)):
        assert run_round(rounds, now)
    server.shutdown()
    server.server_close()
    return [(made.name, made.priority, made.parameters["finals"]) for made in argo.workflows.values()]


def test_a_revision_keeps_the_priority_it_was_given_out_with(desk, saved):
    assert desk.submit()[0] == 0
    status, _, told = desk.submit("--priority", "breaking")
    assert (status, told) == (3, "budget-r1: was submitted as normal before; raise the revision to change that (exit 3)\n")
    assert saved.order(Revision("budget", 1), saved.saved()[Revision("budget", 1)]).priority == "normal"
