"""`newsreel submit` that got no further than the bucket: what was saved is found there, and made as it was asked for."""

from datetime import timedelta

import pytest
from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.messages.desk import Desk, Revision
from cluster.messages.policy import PATIENCE
from cluster.messages.rounds import Rounds, Watch
from steps.address import Address, AllowList
from steps.storage import Storage
from tests.chaos.argo import Argo
from tests.chaos.faults import Clock, Faults


@pytest.fixture
def saved(desk):
    stories, finals = (Address.parse(desk.environment[name]) for name in ("NEWSREEL_STORIES", "NEWSREEL_FINALS"))
    return Desk(Storage(AllowList(prefixes=(stories, finals))), stories, finals)


def test_a_submission_that_no_cluster_heard_of_is_submitted_by_the_watch(desk, saved):
    desk.server.down = True
    assert desk.submit("--priority", "breaking")[0] == 75
    argo = Argo(Clock(), Faults(0, often=0), lambda workflow: "Succeeded")
    server = argo.serve()
    api = client.ApiClient(client.Configuration(host=f"http://127.0.0.1:{server.server_address[1]}"))
    rounds = Rounds(api, "newsreel", saved, lambda *_: None, Watch(CollectorRegistry()))
    for now in (argo.clock.now, argo.clock.now + PATIENCE + timedelta(seconds=1)):
        assert rounds.round(now)
    server.shutdown()
    server.server_close()
    [workflow] = argo.workflows.values()
    assert (workflow.name, workflow.priority, workflow.parameters["finals"]) == ("budget-r1", 1000, str(saved.finals))


def test_a_revision_keeps_the_priority_it_was_given_out_with(desk, saved):
    assert desk.submit()[0] == 0
    status, _, told = desk.submit("--priority", "breaking")
    assert (status, told) == (3, "budget-r1: was given out as normal before; raise the revision to change that (exit 3)\n")
    assert saved.order(Revision("budget", 1), saved.saved()[Revision("budget", 1)]).priority == "normal"
