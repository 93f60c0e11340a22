"""The client against servers that are slow, busy, broken or hostile; recorded answers of lowerquality's gentle are in
test_gentle_conversations.py."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from newsreel.errors import BadInput, Unavailable
from steps.gentle.alignment import read_alignment
from steps.gentle.client import GentleClient, HttpClient
from steps.gentle.step import check_end_time, check_missing_words, require_aligner

WORD = {"case": "success", "word": "hi", "start": 0.1, "end": 0.3}
ALIGNED = json.dumps({"transcript": "hi", "words": [WORD]}).encode()
HERE = {"Location": "/transcriptions/0a1b2c3d"}
LATE = "no alignment after|does not end|does not answer"
"""Whichever of the three timeouts a busy machine reaches first."""
BUSY = (503, {"Retry-After": "0"}, b"full\nup")


@contextmanager
def answering(*answers):
    """A server that gives one answer (status, headers, body) per call, the last one forever; yields address and calls."""
    remaining, calls = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            calls.append((self.command, self.path, body))
            status, headers, text = remaining.pop(0) if len(remaining) > 1 else remaining[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()


def status(name, **more):
    return 200, {"Content-Type": "application/json"}, json.dumps({"status": name, **more}).encode()


def with_short_timeout(address, **more):
    return GentleClient(HttpClient(address, tries=0), **{"seconds": 0.5, **more})


def test_polling_is_the_default_and_sends_audio_and_transcript():
    with answering((302, HERE, b""), status("STARTED"), status("OK"), (200, {}, ALIGNED)) as (address, calls):
        assert GentleClient.at(address).align(b"RIFF...", "hi there") == ALIGNED
    method, path, body = calls[0]
    assert (method, path) == ("POST", "/transcriptions")
    assert b'name="audio"; filename="scene.wav"' in body
    assert b"RIFF..." in body
    assert b'name="transcript"\r\n\r\nhi there' in body


def test_a_busy_server_is_asked_again_after_retry_after():
    with answering(BUSY, BUSY, (302, HERE, b""), status("OK"), (200, {}, ALIGNED)) as (address, calls):
        assert with_short_timeout(address, seconds=20).align(b"RIFF", "hi") == ALIGNED
    assert [method for method, _, _ in calls[:3]] == ["POST"] * 3


def test_a_retry_after_beyond_the_deadline_is_not_waited_for():
    began = time.monotonic()
    with answering((503, {"Retry-After": "604800"}, b"full")) as (address, calls), pytest.raises(Unavailable, match="503 full"):
        with_short_timeout(address).align(b"RIFF", "hi")
    assert time.monotonic() - began < 20
    assert len(calls) == 1


def test_a_recording_that_was_sent_is_not_sent_again():
    """The server may be working on the first."""
    with answering((200, {"Content-Length": "999"}, ALIGNED)) as (address, calls), pytest.raises(Unavailable):
        GentleClient(HttpClient(address, tries=3), seconds=1).align(b"RIFF", "hi")
    assert [method for method, _, _ in calls] == ["POST"]


def test_a_status_request_is_retried_after_a_bad_gateway():
    with answering((302, HERE, b""), (502, {}, b"bad gateway"), status("OK"), (200, {}, ALIGNED)) as (address, _):
        assert GentleClient(HttpClient(address, tries=3), seconds=20).align(b"RIFF", "hi") == ALIGNED


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([BUSY], "503 full up"),
        ([(500, {}, b"boom")], "500 boom"),
        ([(204, {}, b"")], "answers 204"),
        ([(302, HERE, b""), status("ERROR", error="the alignment took more than 1 s")], "took more than"),
        ([(302, HERE, b""), status("TRANSCRIBING")], LATE),
        ([(302, HERE, b""), status("TRANSCRIBING"), (404, {}, b"")], "has forgotten"),
        ([(302, HERE, b""), status("TRANSCRIBING"), (200, {}, b"{}"), (404, {}, b"")], "has forgotten"),
        ([(302, HERE, b""), (403, {}, b"no")], "403 no"),
        ([(302, HERE, b""), (200, {}, b"{}")], LATE),
        ([(302, HERE, b""), (200, {}, b"<html>")], "not JSON"),
        ([(302, HERE, b""), (200, {}, b"[1]")], "no status"),
        ([(302, {"Location": "http://elsewhere.example/transcriptions/x"}, b"")], "another server"),
        ([(302, {"Location": "//elsewhere.example/transcriptions/x"}, b"")], "another server"),
        ([(302, {"Location": "file:///transcriptions/x"}, b"")], "another server"),
        ([(302, {"Location": "http://["}, b"")], "another server"),
        ([(302, {"Location": "/admin/shutdown"}, b"")], "no transcription"),
        ([(302, {"Location": "/transcriptions/../x"}, b"")], "no transcription"),
        ([(302, {}, b"")], "no transcription"),
        ([(307, HERE, b"")], "answers 307"),
    ],
)
def test_a_failing_server_is_unavailable_in_one_line(answers, says):
    with answering(*answers) as (address, _), pytest.raises(Unavailable, match=says) as caught:
        with_short_timeout(address).align(b"RIFF", "hi")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b'{"words": "none"}',
        b"[1]",
        b"{",
        b"\xff\xfe",
        json.dumps({"words": [{"case": "found", "word": "hi"}]}).encode(),
        json.dumps({"words": [{"case": "success", "word": "hi"}]}).encode(),
        json.dumps({"words": [WORD | {"end": 0.05}]}).encode(),
        json.dumps({"words": [WORD | {"start": -1}]}).encode(),
        json.dumps({"words": [WORD | {"end": float("inf")}]}).encode(),
        json.dumps({"words": [WORD | {"start": "0.1"}]}).encode(),
        json.dumps({"words": [WORD | {"phones": [{"phone": "hh_B", "duration": float("nan")}]}]}).encode(),
    ],
)
def test_an_invalid_alignment_is_refused_in_one_line(body):
    with answering((200, {}, body)) as (address, _), pytest.raises(Unavailable, match="no alignment") as caught:
        with_short_timeout(address).align(b"RIFF", "hi")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_response_that_is_too_long_is_cut_off(monkeypatch):
    monkeypatch.setattr("steps.gentle.client.MAX_RESPONSE_BYTES", 1000)
    with answering((200, {}, b" " * 2000)) as (address, _), pytest.raises(Unavailable, match="more than 1000 bytes"):
        with_short_timeout(address, seconds=20).align(b"RIFF", "hi")


def test_a_server_that_does_not_run_is_unavailable():
    with answering((200, {}, b"")) as (address, _):
        pass
    with pytest.raises(Unavailable, match="is the server running"):
        with_short_timeout(address).align(b"RIFF", "hi")


def test_a_refusal_is_bad_input_with_the_servers_message():
    with answering((400, {}, b"audio: this is no WAV\n")) as (address, _), pytest.raises(BadInput, match="this is no WAV"):
        with_short_timeout(address).align(b"RIFF", "hi")


def test_a_recording_that_is_too_large_is_bad_input():
    with answering((413, {}, b"Too Large\r\n")) as (address, _), pytest.raises(BadInput, match="4 bytes is more than"):
        with_short_timeout(address).align(b"RIFF", "hi")


@pytest.mark.parametrize(
    "address",
    ["", "gentle:8765", "file:///etc/passwd", "http://", "http://[", "http://g:99999999", "http://g/x", "http://u:secret@g"],
)
def test_an_invalid_address_is_refused_without_its_password(address):
    with pytest.raises(BadInput, match="GENTLE_URL") as caught:
        GentleClient.at(address)
    assert "secret" not in str(caught.value)


def test_the_servers_aligner_must_be_the_configured_one():
    with answering((200, {"Newsreel-Aligner": "newsreel"}, b"")) as (address, _):
        ours = with_short_timeout(address).aligner()
    require_aligner(ours, "newsreel", address)
    require_aligner(None, "gentle-0.11", address)
    with pytest.raises(BadInput, match="GENTLE_ALIGNER=gentle"):
        require_aligner(None, "newsreel", address)
    with pytest.raises(BadInput, match="leave GENTLE_ALIGNER out"):
        require_aligner(ours, "gentle-0.11", address)


def alignment(found, missing):
    words = [{"case": "success", "word": "a", "start": 0, "end": 1}] * found
    words += [{"case": "not-found-in-audio", "word": "lost"}] * missing
    return read_alignment(json.dumps({"words": [*words, {"case": "not-found-in-transcript", "word": "uh"}]}).encode(), "it")


def test_a_few_words_may_be_missing_but_many_are_refused():
    check_missing_words(alignment(1, 2), "voice/00.wav")
    check_missing_words(alignment(14, 6), "voice/00.wav")
    with pytest.raises(BadInput, match=r"voice/00\.wav: 7 of 20 words were not found .*lost"):
        check_missing_words(alignment(13, 7), "voice/00.wav")


def test_words_after_the_end_of_the_audio_are_refused():
    check_end_time(alignment(3, 0), 1.0, "http://gentle:8765")
    with pytest.raises(Unavailable, match=r"words until 1\.0 s in a sound of 0\.5 s"):
        check_end_time(alignment(3, 0), 0.5, "http://gentle:8765")
