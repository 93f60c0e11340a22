"""The dead-letter server: publishes invalid messages unchanged with the reason, counts valid ones."""

import base64
import http.client
import json
from concurrent.futures import Future

import pytest
import requests
from google.api_core.exceptions import NotFound, PermissionDenied, ServiceUnavailable

from cluster.controllers.http_server import HttpServer
from cluster.controllers.submitter.__main__ import main
from cluster.controllers.submitter.dead_letter_server import MAX_BODY_BYTES, DeadLetters
from newsreel.submission.publisher import Publisher

EVENT = {"reason": "is no JSON object", "message": "7", "published": "now", "body": base64.b64encode(b"\xff{{").decode()}


class Topic:
    """What `Publisher` uses of google.cloud.pubsub_v1.PublisherClient."""

    def __init__(self):
        self.sent, self.fault = [], None

    def publish(self, topic, content, ordering_key="", timeout=0, **attributes):
        answer = Future()
        if self.fault:
            answer.set_exception(self.fault)
        else:
            self.sent.append((content, attributes))
            answer.set_result("1")
        return answer


@pytest.fixture
def topic():
    return Topic()


@pytest.fixture
def url(topic):
    dead_letters = DeadLetters(Publisher(topic, "projects/p/topics/stories-dead", 1))
    server = HttpServer(dead_letters.routes(), 0, max_body_bytes=MAX_BODY_BYTES)
    yield f"http://127.0.0.1:{server.port}"
    server.close()


def post(url, **options):
    return requests.post(url, timeout=5, **options).status_code


def test_an_invalid_message_is_published_unchanged_with_reason(url, topic):
    assert post(f"{url}/not-ours", json=EVENT) == 200
    assert topic.sent == [(b"\xff{{", {"reason": "is no JSON object", "message": "7", "published": "now"})]


@pytest.mark.parametrize("fault", [NotFound("stories-dead"), PermissionDenied("no"), ServiceUnavailable("away")])
def test_pubsub_errors_are_retryable(url, topic, fault):
    topic.fault = fault
    assert post(f"{url}/not-ours", json=EVENT) == 503
    topic.fault = None
    assert post(f"{url}/not-ours", json=EVENT) == 200
    assert len(topic.sent) == 1


def test_a_held_message_is_logged_with_its_story(url, capfd):
    for name in ("budget-r3", "not a story"):
        assert post(f"{url}/held", json={"name": name}) == 200
    ours, other = map(json.loads, capfd.readouterr().err.splitlines())
    assert ours == {"action": "held", "workflow": "budget-r3", "story": "budget", "revision": 3}
    assert other == {"action": "held", "workflow": "not a story"}


def test_a_held_message_is_counted_and_not_published(url, topic):
    assert post(f"{url}/held", json={"name": "budget-r3"}) == 200
    assert topic.sent == []
    counted = requests.get(f"{url}/metrics", timeout=5).text
    assert "newsreel_held_messages_total 1.0" in counted and "newsreel_dead_letters_total 0.0" in counted


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"reason": 5}', b'{"reason":"","message":"","published":"","body":"%%%"}', b"\xff"],
)
def test_malformed_requests_are_refused(url, topic, content):
    assert post(f"{url}/not-ours", data=content) == 400
    assert post(f"{url}/not-ours", json=EVENT) == 200
    assert "newsreel_refused_letters_total 1.0" in requests.get(f"{url}/metrics", timeout=5).text


def test_a_held_message_without_a_name_is_refused(url):
    assert post(f"{url}/held", json={"name": None}) == 400
    assert "newsreel_held_messages_total 0.0" in requests.get(f"{url}/metrics", timeout=5).text


def test_wrong_methods_and_paths_are_refused(url):
    answer = requests.get(f"{url}/held", timeout=5)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert requests.get(f"{url}/", timeout=5).status_code == 404
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/not-ours")
    connection.endheaders()
    assert connection.getresponse().status == 411, "a body without a length"
    connection.close()


def test_a_chunked_body_is_read_like_any_other(url, topic):
    assert post(f"{url}/not-ours", data=iter([b"{}"])) == 400
    assert post(f"{url}/not-ours", data=iter([json.dumps(EVENT).encode()])) == 200
    assert post(f"{url}/not-ours", data=iter([b"x" * (MAX_BODY_BYTES + 1)])) == 413
    assert len(topic.sent) == 1


def test_a_port_in_use_is_one_line_with_exit_status_2(url, monkeypatch, capsys):
    port = url.rpartition(":")[2]
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.setattr("sys.argv", ["cluster.controllers.submitter", "dead-letters", "--project", "p", "--port", port])
    assert main() == 2
    assert capsys.readouterr().err == f"port {port}: address already in use; choose another with --port (exit 2)\n"


def test_too_much_is_refused_unread(url, topic):
    assert post(f"{url}/not-ours", headers={"Content-Length": str(MAX_BODY_BYTES + 1)}, data=b"") == 413
    assert post(f"{url}/elsewhere", data=b"x") == 404
    assert topic.sent == []


def test_a_long_reason_fits_into_an_attribute(url, topic):
    assert post(f"{url}/not-ours", json=EVENT | {"reason": "\u00e9" * 5000}) == 200
    assert len(topic.sent[0][1]["reason"].encode()) <= 1024


def test_the_former_name_of_the_command_says_so(url, monkeypatch, capsys):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    port = url.rpartition(":")[2]
    monkeypatch.setattr("sys.argv", ["cluster.controllers.submitter", "letters", "--project", "p", "--port", port])
    assert main() == 2
    assert capsys.readouterr().err.startswith("letters is now dead-letters; the old name goes with the next release\nport ")
