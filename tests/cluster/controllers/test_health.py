"""What probes and Prometheus are told of a program that goes round after round."""

import time

import pytest
import requests

from cluster.controllers.health import Health


def health(**known):
    return Health(stuck=120, stale=60, unready="the API server does not answer", **known)


def test_it_is_alive_while_rounds_go_on_and_ready_while_they_end_well(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watched = health()
    assert watched.fault("/alive") is None
    assert watched.fault("/ready") is not None
    watched.round(True)
    assert watched.fault("/ready") is None
    clock[0] += 61
    watched.round(False)
    assert (watched.fault("/alive"), watched.fault("/ready")) == (None, "the API server does not answer")
    clock[0] += 121
    assert "no round has ended" in watched.fault("/alive")


@pytest.mark.parametrize(
    ("metrics", "status", "told"), [(lambda: b"a 1\n", 200, "a 1\n"), (None, 404, "/alive and /ready are all")]
)
def test_numbers_are_told_where_there_are_any(metrics, status, told):
    server = health(metrics=metrics).serve(0)
    try:
        answer = requests.get(f"http://127.0.0.1:{server.server_port}/metrics", timeout=5)
        assert (answer.status_code, answer.text.startswith(told)) == (status, True)
        assert requests.get(f"http://127.0.0.1:{server.server_port}/ready", timeout=5).status_code == 503
    finally:
        server.shutdown()
        server.server_close()
