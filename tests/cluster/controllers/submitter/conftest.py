"""Fixtures: a submitter with cluster and storage, and a webhook receiver over TLS."""

import pytest
from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.controllers.submitter.__main__ import notifier_of
from cluster.controllers.submitter.controller import Metrics, SubmitterController
from tests.chaos.argo import Argo
from tests.chaos.faults import Clock, Faults
from tests.cluster.controllers.submitter.scenes import SECRET, logging_to
from tests.https_receiver import receiving


@pytest.fixture
def argo():
    return Argo(Clock(), Faults(0, often=0), lambda workflow: "Succeeded")


@pytest.fixture
def cms(tmp_path, monkeypatch):
    with receiving(tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        monkeypatch.setenv("NEWSREEL_WEBHOOK_SECRET", SECRET)
        monkeypatch.setenv("NEWSREEL_WEBHOOK", f"https://{server.host}/ends")
        yield server


@pytest.fixture
def begin(argo, desk, cms):
    """Another submitter with the same cluster and storage; its log is `said`."""
    server = argo.serve()
    host = f"http://127.0.0.1:{server.server_address[1]}"

    def new():
        said = []
        api = client.ApiClient(client.Configuration(host=host))
        rounds = SubmitterController(
            api=api, namespace="newsreel", store=desk, log=logging_to(said), metrics=Metrics(CollectorRegistry())
        )
        rounds.notifier = notifier_of(rounds)
        rounds.said = said
        return rounds

    yield new
    server.shutdown()
    server.server_close()
