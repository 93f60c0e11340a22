"""What is told of who does what: to a log or to Mixpanel by its own library, and never a word of a story."""

import json
import threading
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from fastapi.testclient import TestClient
from writing import BROWSER, HOST, STORY, picture

from cluster.newsroom.app import application
from cluster.newsroom.telemetry import MAX_WAITING_EVENTS, ProductEvents, product_events_from
from newsreel.errors import BadInput
from newsreel.runtime.log import JsonFormatter
from tests.https_receiver import receiving

pytestmark = pytest.mark.slow

TOLD = b'{"error": null, "status": 1}'


@pytest.fixture
def mixpanel(tmp_path, monkeypatch):
    with receiving(tmp_path) as server:
        server.says = 200, TOLD
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.authority))
        yield server


def work(newsroom, product):
    """An editor's hour; all of it is told when this is over."""
    room = application(replace(newsroom, product=product))
    with TestClient(room, base_url=f"http://{HOST}", headers=BROWSER) as browser:
        story = browser.post("/stories", json=STORY).json()
        here = f"/stories/{story['id']}"
        added = browser.post(f"{here}/pictures", content=picture(), headers={"content-type": "image/png"}).json()
        story["document"]["scenes"][0]["picture"]["file"] = added["file"]
        story = browser.put(here, json=story["document"], headers={"if-match": story["etag"]}).json()
        assert browser.post(f"{here}/run", json={"priority": "breaking"}, headers={"if-match": story["etag"]}).status_code == 202
        assert browser.post(f"{here}/cancel", json={}).status_code == 202
        return browser.get("/metrics").text, story["id"]


def chosen(newsroom, **environment):
    told = {f"NEWSROOM_{name.upper()}": value for name, value in environment.items()}
    return product_events_from(told, newsroom.metrics)


def at(mixpanel):
    return {"events": "mixpanel", "mixpanel_token": "t0ken", "mixpanel_host": mixpanel.host}


NAMES = ["story begun", "picture added", "story sent off", "run cancelled"]


def test_mixpanel_gets_no_word_of_the_story(newsroom, mixpanel):
    work(newsroom, chosen(newsroom, **at(mixpanel)))
    said = [json.loads(parse_qs(body.decode())["data"][0]) for path, _, body in mixpanel.heard if path == "/track"]
    assert [event["event"] for event in said] == NAMES
    assert {event["properties"]["token"] for event in said} == {"t0ken"}
    assert len({event["properties"]["distinct_id"] for event in said}) == 1
    assert len({event["properties"]["story"] for event in said}) == 1
    sent = said[2]["properties"]
    assert (sent["revision"], sent["priority"], sent["scenes"]) == (1, "breaking", 1)
    everything = json.dumps(said).lower()
    for secret in ("library", "sundays", "archive", "reading", "you@this.machine", "you@"):
        assert secret not in everything
    assert all(parse_qs(body.decode())["ip"] == ["0"] for _, _, body in mixpanel.heard), "where people are is not looked up"


def test_a_log_line_says_the_same(newsroom, caplog):
    with caplog.at_level("INFO", "newsroom"):
        work(newsroom, chosen(newsroom, events="log"))
    said = [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.getMessage() == "product event"]
    assert [line["event"] for line in said] == NAMES
    assert "library" not in json.dumps(said)


def test_who_asks_for_no_events_gets_none(newsroom, mixpanel):
    work(newsroom, chosen(newsroom))
    assert mixpanel.heard == []


@pytest.mark.parametrize("says", [(200, b'{"error": "no", "status": 0}'), (200, b"not JSON"), (404, b"")])
def test_failing_mixpanel_does_not_affect_editors(newsroom, mixpanel, says):
    mixpanel.says = says
    work(newsroom, chosen(newsroom, **at(mixpanel)))
    assert newsroom.metrics.registry.get_sample_value("newsroom_product_events_total", {"outcome": "failed"}) == len(NAMES)


def test_a_hanging_sink_delays_no_request():
    class Hanging:
        stuck = threading.Event()

        def send(self, event):
            self.stuck.wait()

    product = ProductEvents(Hanging())
    product.start()
    for _ in range(MAX_WAITING_EVENTS + 10):
        product.track("anna@example.org", "story begun")
    assert product.metrics.registry.get_sample_value("newsroom_product_events_total", {"outcome": "dropped"}) >= 9
    Hanging.stuck.set()


def test_the_same_person_is_another_one_in_another_project():
    one, other = (ProductEvents(key=key) for key in (b"a", b"b"))
    assert one.digest("anna@example.org") == one.digest("anna@example.org") != one.digest("bert@example.org")
    assert one.digest("anna@example.org") != other.digest("anna@example.org")


@pytest.mark.parametrize(
    "environment",
    [
        {"events": "elsewhere"},
        {"events": "mixpanel"},
        {"events": "mixpanel", "mixpanel_token": "t", "mixpanel_host": "https://api.mixpanel.com"},
        {"events": "mixpanel", "mixpanel_token": "t", "mixpanel_host": "a/b"},
    ],
)
def test_wrong_or_missing_setting_is_named_at_start(newsroom, environment):
    with pytest.raises(BadInput, match="NEWSROOM_"):
        chosen(newsroom, **environment)
