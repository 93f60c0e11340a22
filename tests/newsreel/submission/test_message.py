"""The message: a good one is read, any other is refused in one line; the Sensor's program thinks the same."""

import base64
import json

import jq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.controllers.submitter.act import workflow_for
from cluster.manifests.message_filter import filter_program
from cluster.manifests.namespace import namespace
from newsreel.config.settings import Settings
from newsreel.errors import BadInput
from newsreel.storage.address import Address, AllowList
from newsreel.story.priority import PRIORITIES, PRIORITY_VALUE
from newsreel.submission.message import Message

ALLOWED = AllowList(prefixes=(Address.parse("gs://newsreel-stories"),))
GOOD = {"story": "gs://newsreel-stories/budget/r3.json#17", "id": "budget", "revision": 3, "priority": "breaking"}
SENSOR = jq.compile(filter_program(Settings()))


def judged(content):
    """What the Sensor's program makes of a message, as the EventSource hands it on."""
    body = base64.b64encode(content).decode()
    return SENSOR.input({"id": "7", "body": body, "attributes": {}, "publishTime": "now"}).first()


def accepted(content):
    try:
        return Message.of(content, ALLOWED)
    except BadInput as fault:
        assert len(str(fault).splitlines()) == 1 and str(fault).isprintable()
        return None


def test_a_message_comes_back_as_it_was_sent():
    message = Message.of(json.dumps(GOOD).encode(), ALLOWED)
    assert Message.of(message.content(), ALLOWED) == message
    assert message.workflow == "budget-r3"


@pytest.mark.parametrize(
    "changed",
    [
        {"story": "gs://newsreel-storiesx/budget/r3.json"},
        {"story": "gs://newsreel-stories/../secrets/r3.json"},
        {"story": "gs://newsreel-stories//r3.json"},
        {"story": "gs://newsreel-stories"},
        {"story": "file:/etc/passwd"},
        {"story": "gs://newsreel-stories/{{workflow.name}}"},
        {"story": "gs://newsreel-stories/a b"},
        {"story": "gs://newsreel-stories/a\n"},
        {"story": "gs://newsreel-stories/" + "a" * 1024},
        {"story": None},
        {"id": "Budget"},
        {"id": "budget\n"},
        {"id": "-budget"},
        {"id": "b" * 41},
        {"id": 3},
        {"revision": 0},
        {"revision": 10000},
        {"revision": 1.5},
        {"revision": "3"},
        {"revision": True},
        {"priority": "urgent"},
        {"priority": None},
        {"narration": "Good evening."},
        {"finals": "gs://elsewhere"},
    ],
)
def test_what_is_not_quite_a_message_is_refused_by_both(changed):
    content = json.dumps(GOOD | changed).encode()
    assert accepted(content) is None
    told = judged(content)
    assert told["verdict"] == "not-ours" and told["reason"]
    assert base64.b64decode(told["body"]) == content


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b"{}" + b" " * 5000, b"[" * 3000])
def test_what_is_no_json_object_is_refused_by_both(content):
    assert accepted(content) is None
    assert judged(content)["verdict"] == "not-ours"


@pytest.mark.parametrize("event", [{"body": None}, {"body": 5}, {"body": {"a": 1}}, {}])
def test_the_sensors_program_cannot_fail(event):
    assert SENSOR.input(event).first()["verdict"] == "not-ours"


values = st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False) | st.text(max_size=50)
stories = st.from_regex(r"gs://newsreel-stories(/[A-Za-z0-9._]{0,5}){0,4}(#[0-9]{0,20})?", fullmatch=True)
messages = st.fixed_dictionaries(
    {"story": stories | values, "id": st.from_regex(r"[a-z0-9-]{0,42}", fullmatch=True) | values, "revision": values},
    optional={"priority": st.sampled_from(["breaking", "normal"]) | values, "else": values},
)


@given(messages)
def test_the_sensor_and_the_newsroom_accept_the_same_messages(message):
    content = json.dumps(message).encode()
    ours, told = accepted(content), judged(content)
    whole = isinstance(message["revision"], float) and message["revision"].is_integer()
    assert (told["verdict"] == "ours") == (ours is not None) or whole, "only 3.0 is a number to jq and no revision to us"


@given(st.binary(max_size=300))
def test_any_bytes_get_a_verdict(content):
    assert judged(content)["verdict"] == "not-ours"
    assert accepted(content) is None


@pytest.mark.parametrize("priority", ["breaking", "normal"])
def test_the_sensor_submits_what_the_submitter_would(priority):
    message = Message(**GOOD | {"priority": priority})
    options = judged(message.content())["submitOptions"]
    ours = workflow_for(message, Address.parse("gs://newsreel-finals"))
    labels = dict(pair.split("=") for pair in options["labels"].split(","))
    parameters = [f"{one['name']}={one['value']}" for one in ours["spec"]["arguments"]["parameters"]]
    assert (options["name"], options["priority"]) == (ours["metadata"]["name"], ours["spec"]["priority"])
    assert options["parameters"] == parameters
    assert labels.items() <= ours["metadata"]["labels"].items()


def test_priorities_are_worth_the_same_everywhere():
    classes = {one["metadata"]["name"]: one["value"] for one in namespace(Settings()) if one["kind"] == "PriorityClass"}
    assert {f"newsreel-{name}": worth for name, worth in PRIORITY_VALUE.items()}.items() <= classes.items()
    assert {
        priority: workflow_for(Message(**GOOD | {"priority": priority}), "gs://finals")["spec"]["priority"]
        for priority in PRIORITIES
    } == PRIORITY_VALUE


def test_no_two_revisions_share_a_workflow():
    names = [
        Message(**GOOD | {"id": name, "revision": number}).workflow for name in ("a", "a-r1", "a-r1-r1") for number in (1, 11)
    ]
    assert len(set(names)) == len(names)
