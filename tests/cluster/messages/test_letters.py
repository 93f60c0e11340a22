"""The letters: what is not ours is published as it was, with the reason; a good message is counted, and nothing else."""

import base64
import threading
from concurrent.futures import Future

import pytest
import requests
from google.api_core.exceptions import ServiceUnavailable

from cluster.messages.letters import MOST_BYTES, Letters, serve
from cluster.messages.publisher import Publisher

EVENT = {"reason": "is no JSON object", "message": "7", "published": "now", "body": base64.b64encode(b"\xff{{").decode()}


class Topic:
    """What `Publisher` uses of google.cloud.pubsub_v1.PublisherClient."""

    def __init__(self):
        self.sent, self.away = [], False

    def publish(self, topic, content, ordering_key="", timeout=0, **attributes):
        answer = Future()
        if self.away:
            answer.set_exception(ServiceUnavailable("away"))
        else:
            self.sent.append((content, attributes))
            answer.set_result("1")
        return answer


@pytest.fixture
def topic():
    return Topic()


@pytest.fixture
def url(topic):
    server = serve(Letters(Publisher(topic, "projects/p/topics/stories-dead", 1)), 0)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def post(url, **options):
    return requests.post(url, timeout=5, **options).status_code


def test_a_message_that_is_not_ours_is_kept_byte_for_byte_with_its_reason(url, topic):
    assert post(f"{url}/not-ours", json=EVENT) == 200
    assert topic.sent == [(b"\xff{{", {"reason": "is no JSON object", "message": "7", "published": "now"})]


def test_while_pubsub_is_away_the_sensor_is_told_to_come_again(url, topic):
    topic.away = True
    assert post(f"{url}/not-ours", json=EVENT) == 503
    topic.away = False
    assert post(f"{url}/not-ours", json=EVENT) == 200


def test_a_good_message_is_counted_and_never_a_dead_letter(url, topic):
    assert post(f"{url}/held", json={"name": "budget-r3"}) == 200
    assert topic.sent == []
    counted = requests.get(f"{url}/metrics", timeout=5).text
    assert "newsreel_held_messages_total 1.0" in counted and "newsreel_dead_letters_total 0.0" in counted


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"[" * 100_000, b'{"reason": 5}', b'{"reason":"","message":"","published":"","body":"%%%"}', b"\xff"],
)
def test_what_no_sensor_sends_is_refused_and_the_next_one_served(url, topic, content):
    assert post(f"{url}/not-ours", data=content) == 400
    assert post(f"{url}/not-ours", json=EVENT) == 200


def test_too_much_is_refused_unread(url, topic):
    assert post(f"{url}/not-ours", headers={"Content-Length": str(MOST_BYTES + 1)}, data=b"") == 413
    assert post(f"{url}/elsewhere", data=b"x") == 404
    assert topic.sent == []


def test_a_long_reason_fits_into_an_attribute(url, topic):
    assert post(f"{url}/not-ours", json=EVENT | {"reason": "\u00e9" * 5000}) == 200
    assert len(topic.sent[0][1]["reason"].encode()) <= 1024
