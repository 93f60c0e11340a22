"""Probes and Prometheus at a control loop's HTTP server."""

import socket
import time

import pytest
import requests

from cluster.controllers.health import Health
from cluster.controllers.http_server import THREADS, HttpServer


def make_health():
    return Health(stuck=120, stale=60, unready="the API server does not answer")


@pytest.fixture
def server():
    server = HttpServer(make_health().routes(lambda: b"a 1\n"), 0)
    yield server
    server.close()


def test_alive_while_rounds_end_ready_while_they_succeed(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    health = make_health()
    assert health.liveness_fault() is None
    assert health.readiness_fault() is not None
    health.round_ended(True)
    assert health.readiness_fault() is None
    clock[0] += 61
    health.round_ended(False)
    assert (health.liveness_fault(), health.readiness_fault()) == (None, "the API server does not answer")
    clock[0] += 121
    assert "no round has ended" in health.liveness_fault()


@pytest.mark.parametrize(
    ("path", "status", "content"),
    [
        ("/metrics", 200, "a 1\n"),
        ("/alive", 200, "ok\n"),
        ("/ready", 503, "the API server does not answer\n"),
        ("/x", 404, "not found; there is GET /alive, GET /ready, GET /metrics\n"),
    ],
)
def test_probes_and_metrics_are_served(server, path, status, content):
    answer = requests.get(f"http://127.0.0.1:{server.port}{path}", timeout=5)
    assert (answer.status_code, answer.text) == (status, content)


@pytest.mark.parametrize(
    "sent", [b"", b"GET /alive HT", b"POST /alive HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", b"\xff\x00\r\n\r\n"]
)
def test_slow_and_broken_clients_do_not_block_a_probe(server, sent):
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3 * THREADS)]
    for client in clients:
        client.sendall(sent)
    assert requests.get(f"http://127.0.0.1:{server.port}/alive", timeout=2).status_code == 200
    for client in clients:
        client.close()
