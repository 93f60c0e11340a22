"""A watch at a cluster and a storage, and over TLS a real receiver that it tells."""

import pytest
from kubernetes import client
from prometheus_client import CollectorRegistry

from cluster.controllers.submitter.__main__ import teller_of
from cluster.controllers.submitter.loop import Rounds, Watch
from tests.chaos.argo import Argo
from tests.chaos.faults import Clock, Faults
from tests.cluster.controllers.submitter.telling import SECRET
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
    """Another watch at the same cluster and storage; what it said is `said`."""
    server = argo.serve()
    host = f"http://127.0.0.1:{server.server_address[1]}"

    def new():
        said = []
        api = client.ApiClient(client.Configuration(host=host))
        rounds = Rounds(
            api, "newsreel", desk, lambda *line: said.append(line), Watch(CollectorRegistry()), teller=teller_of(desk)
        )
        if rounds.teller:
            rounds.teller.say = rounds.say
        rounds.said = said
        return rounds

    yield new
    server.shutdown()
    server.server_close()
