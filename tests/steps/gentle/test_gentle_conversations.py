"""Recorded conversations with lowerquality's gentle: our client accepts its answers, our server gives the same."""

import csv
import io
import json
import zipfile

import pytest
from conversations import HOME, NAMES, Exchange, Message, conversation, replaying, send

from newsreel.errors import BadInput, Unavailable
from steps.gentle.client import GentleClient, HttpClient

pytestmark = pytest.mark.slow

SENTENCE = "The mayor said that Volodymyr visited the school."
RESULTS = {
    "synchronous", "polled", "disfluency", "disfluency-in-query", "conservative", "async-in-form", "not-found-in-audio",
    "non-ascii", "no-words", "silence", "waiting", "restarted",
}  # fmt: skip
FAILURES = {
    "empty-transcript": (BadInput, "No transcript provided"),
    "started": (BadInput, "No transcript provided"),
    "no-transcript": (BadInput, "No transcript provided"),
    "not-audio": (BadInput, "Encoding failed"),
    "no-audio": (Unavailable, "500"),
    "aligner-fails": (Unavailable, "no alignment after 1 s|does not end|does not answer"),  # whichever comes first
    "empty-transcript-synchronous": (Unavailable, "does not answer; did its work fail"),
    "not-audio-synchronous": (Unavailable, "does not answer; did its work fail"),
    "aligner-fails-synchronous": (Unavailable, "does not answer; did its work fail"),
}
NO_ALIGNMENTS = {"front", "unknown-transcription"}


def result_of(exchanges):
    """The recorded alignment."""
    for exchange in reversed(exchanges):
        method, path = exchange.request_line
        if (method == "POST" and exchange.response.start[1] == "200") or (method == "GET" and path.endswith("align.json")):
            return exchange.response.body
    raise AssertionError("no result")


def of_original(address, exchanges, seconds=20.0):
    return GentleClient(HttpClient(address, tries=0), seconds=seconds, synchronous="async=false" in exchanges[0].request_line[1])


def test_every_conversation_is_checked():
    assert set(NAMES) == RESULTS | FAILURES.keys() | NO_ALIGNMENTS


# Our client with the original's answers


@pytest.mark.parametrize("name", sorted(RESULTS - {"restarted"}))
def test_the_client_accepts_the_originals_result(name):
    exchanges = conversation(name)
    with replaying(exchanges) as (address, calls):
        assert of_original(address, exchanges).align(b"RIFF", SENTENCE) == result_of(exchanges)
    asked = [tuple(call.start[:2]) for call in calls]
    paths = [path.partition("?")[0] for _, path in asked]
    assert (asked[0][0], paths[0]) == ("POST", "/transcriptions")
    assert set(paths) <= {exchange.request_line[1].partition("?")[0] for exchange in exchanges}


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_the_client_reports_the_originals_failures_in_one_line(name):
    exchanges = conversation(name)
    kind, says = FAILURES[name]
    with replaying(exchanges) as (address, _), pytest.raises(kind, match=says) as caught:
        of_original(address, exchanges, seconds=1).align(b"RIFF", SENTENCE)
    assert "\n" not in str(caught.value)


def test_the_result_of_a_restarted_server_is_still_fetched():
    exchanges = [one for one in conversation("restarted") if b'"OK"' not in one.response.body]
    assert json.loads(exchanges[-2].response.body) == {}
    with replaying(exchanges) as (address, calls):
        assert of_original(address, exchanges).align(b"RIFF", SENTENCE) == result_of(exchanges)
    assert calls[-1].start[1].endswith("/align.json")


def test_a_transcription_the_original_forgot_is_not_awaited():
    never = conversation("unknown-transcription")
    begun = [one for one in conversation("waiting") if one.request_line[0] == "POST" or b"TRANSCRIBING" in one.response.body]
    uid = begun[0].response.headers["location"].split("/")[-1]
    lost = [Exchange(Message(one.request.raw.replace(b"00000000", uid.encode())), one.response) for one in never]
    with replaying([*begun, *lost]) as (address, _), pytest.raises(Unavailable, match="forgotten"):
        of_original(address, begun).align(b"RIFF", SENTENCE)


def test_the_client_distinguishes_the_original_server():
    with replaying(conversation("front")) as (address, _):
        assert GentleClient.at(address).aligner() is None


# Our server with the requests that the original got

DELIBERATE = {
    ("no-audio", "POST"): ("400", "the original's 500 is a traceback of a missing field"),
    ("not-audio", "POST"): ("400", "refused at once"),
    ("not-audio-synchronous", "POST"): ("400", "the original never answers"),
    ("empty-transcript", "POST"): ("400", "refused at once"),
    ("no-transcript", "POST"): ("400", "refused at once"),
    ("started", "POST"): ("400", "refused at once"),
    ("empty-transcript-synchronous", "POST"): ("400", "the original never answers"),
    ("unknown-transcription", "status.json"): ("404", "the original says {} forever, and a client polls forever"),
    ("front", "preloader.gif"): ("404", "a picture of the original's page"),
    ("front", "PUT"): ("405", "the original's 501 is for unknown methods"),
}
"""Where our server answers otherwise on purpose: its status, and why."""
FAILS_INSIDE = {"aligner-fails", "aligner-fails-synchronous"}
"""Their request is valid; the fault was the original's aligner."""


def schema(value):
    """The shape of a JSON value: its keys and kinds; a list is the set of its items' shapes."""
    if isinstance(value, dict):
        return {key: schema(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(schema(item)) for item in value})
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def media_type(message):
    return message.headers.get("content-type", "").partition(";")[0]


def assert_same_csv(ours, theirs):
    """CSV with as many rows, the same first column, and times where they have times."""
    mine, other = (list(csv.reader(io.StringIO(text.decode()))) for text in (ours, theirs))
    assert [row[0] for row in mine] == [row[0] for row in other]
    assert [[cell != "" for cell in row] for row in mine] == [[cell != "" for cell in row] for row in other]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FAILS_INSIDE])
def test_our_server_answers_as_the_original(server, name, wait_until_done):
    theirs = ours = "no transcription yet"
    for exchange in conversation(name):
        method, path = exchange.request_line
        if path.startswith(f"/transcriptions/{theirs}/align"):
            wait_until_done(f"{server.address}/transcriptions/{ours}")
        answer = send(server.address, exchange.request.raw.replace(theirs.encode(), ours.encode()))
        otherwise = DELIBERATE.get((name, method)) or DELIBERATE.get((name, path.rpartition("/")[2]))
        if otherwise:
            assert answer.start[1] == otherwise[0]
            assert answer.body.count(b"\n") == 1
            if method == "POST":
                break  # there is no transcription to ask for
            continue
        response = exchange.response
        assert answer.start[1] == response.start[1], path
        if method == "POST" and "location" in response.headers:
            theirs, ours = (each.headers["location"].removeprefix("/transcriptions/") for each in (response, answer))
            assert len(ours) == len(theirs)
        elif "location" in response.headers:
            assert answer.headers["location"] == response.headers["location"].replace(theirs, ours)
        elif response.start[1] == "200":
            assert media_type(answer) == media_type(response)
            assert (len(answer.body) > 0) == (method != "HEAD")
            compare(path, answer.body, response.body)


def compare(path, ours, theirs):
    """Two bodies, as far as a caller reads them."""
    kind = path.partition("?")[0].rpartition("/")[2]
    if not ours:
        return
    if kind == "status.json":
        assert_status(json.loads(ours))
    elif kind in ("align.json", "transcriptions"):
        assert_same_alignment(json.loads(ours), json.loads(theirs))
    elif kind == "align.csv":
        assert_same_csv(ours, theirs)
    elif kind == "a.wav":
        assert ours.startswith(b"RIFF")
    elif kind.endswith(".zip"):
        assert {"index.html", "align.json", "align.csv", "a.wav", "transcript.txt"} == {
            *zipfile.ZipFile(io.BytesIO(ours)).namelist()
        }
    else:
        assert b"<html" in ours


def assert_status(status):
    """The keys that the original has, of the same kinds; which stage is seen is a matter of time."""
    kinds = {"status": str, "duration": float, "percent": float, "message": str, "error": str}
    assert status["status"] in ("STARTED", "ENCODING", "TRANSCRIBING", "ALIGNING", "OK")
    assert all(isinstance(value, kinds[key]) for key, value in status.items())


def assert_same_alignment(ours, theirs):
    """Key by key what the original has; of the words their cases and offsets. Times are an aligner's own."""
    assert ours.keys() == theirs.keys()
    assert ours["transcript"] == theirs["transcript"]
    mine, other = ours.get("words", []), theirs.get("words", [])
    assert [word["case"] for word in mine] == [word["case"] for word in other]
    for one, two in zip(mine, other, strict=True):
        assert schema(one) == schema(two)
        timeless = {"case", "word", "startOffset", "endOffset", "alignedWord"}
        assert {key: one.get(key) for key in timeless} == {key: two.get(key) for key in timeless}
        assert 0 <= one.get("start", 0) <= one.get("end", 4) <= 4


def test_every_conversation_states_how_it_was_recorded():
    assert all("recorded 2026" in json.loads((HOME / f"{name}.json").read_text())["made"] for name in NAMES)
