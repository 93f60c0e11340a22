"""Final notifications: signed, retried, and sent only to configured targets."""

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import standardwebhooks
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from newsreel.errors import BadInput, Unavailable
from newsreel.notifications.notifier import (
    RETRY_PAUSES,
    Notification,
    Notifier,
    parse_secret,
    sign_message,
)

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
NOTICE = Notification(
    run="uid-1", story="gs://newsreel-stories/budget/r1.json", status="Succeeded", video="gs://f/budget/r1/x.mp4"
)
FAILED = Notification(run="uid-2", story="gs://newsreel-stories/budget/r1.json", status="Failed", video=None)


class Receiver(ThreadingHTTPServer):
    """Answers with each of `answers`, then 200; keeps what it was sent."""

    def __init__(self):
        self.answers, self.heard = [], []
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def host(self):
        return f"127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://{self.server.host}/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        """A test says enough."""


@pytest.fixture
def receiver():
    server = Receiver()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class AtReceiver:
    """A client whose every https address is the receiver's, over plain HTTP: certificates are urllib3's to check."""

    def __init__(self, receiver):
        import urllib3

        self.pool, self.receiver, self.addresses = urllib3.PoolManager(), receiver, []

    def request(self, method, address, **options):
        self.addresses.append(address)
        return self.pool.request(method, f"http://{self.receiver.host}/hook", **options)


@pytest.fixture
def notices(receiver):
    waited = []
    client = AtReceiver(receiver)
    made = Notifier(
        webhook="https://hooks.example/done", secret=SECRET, sleep=waited.append, now=lambda: NOW, client=lambda: client
    )
    object.__setattr__(made, "waited", waited)
    return made


def test_a_receivers_library_accepts_our_signature(receiver, notices, monkeypatch):
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Frozen)
    assert list(notices.send(NOTICE)) == []
    [(_, headers, body)] = receiver.heard
    told = standardwebhooks.Webhook(SECRET).verify(body, headers)
    assert told["type"] == "story.done" and told["data"]["video"] == NOTICE.video


class Frozen(datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW.astimezone(tz) if tz else NOW


@pytest.mark.parametrize(
    ("story", "identifier"),
    [
        ("gs://newsreel-stories/budget/r12.json", "budget-r12-Succeeded"),
        ("gs://newsreel-stories/desk/budget/r12.yaml#1700000000", "budget-r12-Succeeded"),
        ("gs://newsreel-stories/budget/story.yaml", "uid-1-Succeeded"),
        ("gs://newsreel-stories/budget/r12.order.json", "uid-1-Succeeded"),
        ("{{workflow.name}}", "uid-1-Succeeded"),
    ],
)
def test_a_saved_revision_has_one_id_for_all_its_runs(story, identifier):
    assert Notification(run="uid-1", story=story, status="Succeeded", video=None).id == identifier
    assert Notification(run="uid-1", story=story, status="Failed", video=None).id == "uid-1-Failed"


def test_a_failure_is_sent_as_a_failure(receiver, notices):
    list(notices.send(FAILED))
    [(_, headers, body)] = receiver.heard
    assert headers["webhook-id"] == "uid-2-Failed"
    assert json.loads(body) == {
        "id": "uid-2-Failed",
        "type": "story.failed",
        "timestamp": "2026-05-03T12:00:00+00:00",
        "data": {"run": "uid-2", "story": FAILED.story, "status": "Failed", "video": None, "why": None},
    }


def test_retries_wait_longer_and_keep_the_id(receiver, notices):
    receiver.answers = [503, 429, 500]
    assert list(notices.send(NOTICE)) == []
    assert tuple(notices.waited) == RETRY_PAUSES[:4]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.heard}) == 1


def test_an_unreachable_receiver_is_an_error_not_an_exception(receiver, notices):
    receiver.answers = [503] * 10
    [fault] = notices.send(NOTICE)
    assert isinstance(fault, Unavailable) and "hooks.example: it answers 503" in str(fault)
    assert len(receiver.heard) == len(RETRY_PAUSES)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_refusals_are_not_retried_nor_redirects_followed(receiver, notices, status):
    receiver.answers = [status]
    [fault] = notices.send(NOTICE)
    assert isinstance(fault, BadInput) and len(receiver.heard) == 1


@pytest.mark.parametrize(
    "address",
    ["http://hooks.example", "file:///etc/passwd", "https://", "gopher://x", "https://u:p@hooks.example/", "hooks.example"],
)
def test_only_an_https_address_is_called(receiver, address):
    [fault] = Notifier(webhook=address, secret=SECRET, client=lambda: AtReceiver(receiver)).send(NOTICE)
    assert isinstance(fault, BadInput) and receiver.heard == []
    assert "u:p" not in str(fault)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "no base64 at all"])
def test_an_invalid_secret_is_not_shown(receiver, secret):
    [fault] = Notifier(webhook="https://hooks.example", secret=secret, client=lambda: AtReceiver(receiver)).send(NOTICE)
    assert isinstance(fault, BadInput) and receiver.heard == []
    assert not (hidden := secret.removeprefix("whsec_")) or hidden not in str(fault)


def test_a_topic_gets_a_pubsub_message(receiver, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", receiver.host)
    assert list(Notifier(topic="projects/p/topics/stories-done", now=lambda: NOW).send(NOTICE)) == []
    [(path, _, body)] = receiver.heard
    assert path == "/v1/projects/p/topics/stories-done:publish"
    [message] = json.loads(body)["messages"]
    assert json.loads(base64.b64decode(message["data"]))["data"]["run"] == "uid-1"
    assert message["attributes"] == {"id": "budget-r1-Succeeded", "run": "uid-1", "status": "Succeeded"}


def test_an_unreachable_sign_in_is_unavailable(tmp_path, monkeypatch):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    account = {
        "type": "service_account",
        "client_email": "report@p.iam.gserviceaccount.com",
        "token_uri": "http://127.0.0.1:9/token",
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    [fault] = Notifier(topic="projects/p/topics/stories-done", retry_pauses=(0,)).send(NOTICE)
    assert isinstance(fault, Unavailable)
    assert str(fault) == "notification to pubsub.googleapis.com: it does not answer (ConnectionError)"


def test_a_failed_webhook_does_not_stop_the_topic(receiver, notices, monkeypatch):
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", receiver.host)
    both = Notifier(topic="projects/p/topics/stories-done", webhook="ftp://x", secret=SECRET)
    assert len(list(both.send(NOTICE))) == 1 and len(receiver.heard) == 1


def test_without_targets_nothing_is_sent(receiver):
    assert list(Notifier.from_environment({}).send(NOTICE)) == []
    assert "whsec" not in repr(Notifier.from_environment({"NEWSREEL_WEBHOOK_SECRET": SECRET}))


def changed(signed, **headers):
    return signed | {name.replace("_", "-"): value for name, value in headers.items()}


def test_id_time_and_body_are_signed(monkeypatch):
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Frozen)
    receiver, now = standardwebhooks.Webhook(SECRET), int(NOW.timestamp())
    signed = sign_message(parse_secret(SECRET), "uid-1", now, b"{}")
    receiver.verify(b"{}", signed)
    for headers, body in [
        (signed, b"{ }"),
        (changed(signed, webhook_id="uid-2"), b"{}"),
        (changed(signed, webhook_timestamp=str(now + 1)), b"{}"),
        (sign_message(parse_secret(SECRET), "uid-1", now - 301, b"{}"), b"{}"),
        (sign_message(bytes(32), "uid-1", now, b"{}"), b"{}"),
    ]:
        with pytest.raises(standardwebhooks.webhooks.WebhookVerificationError):
            receiver.verify(body, headers)


def test_each_attempt_is_signed_anew(receiver, notices):
    receiver.answers = [503]
    times = iter([NOW, NOW, NOW + timedelta(seconds=600)])
    object.__setattr__(notices, "now", lambda: next(times))
    list(notices.send(NOTICE))
    first, second = (headers["webhook-timestamp"] for _, headers, _ in receiver.heard)
    assert int(second) - int(first) == 600
