"""The client against recorded conversations: each answer that lowerquality's gentle, ours, or a broken server gives."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3

from steps.errors import BadInput, Unavailable
from steps.gentle.client import Gentle
from steps.gentle.step import refuse_what_was_not_heard

ALIGNED = json.dumps({"transcript": "hi", "words": [{"case": "success", "word": "hi", "start": 0.1, "end": 0.3}]}).encode()
HERE = {"Location": "/transcriptions/0a1b2c3d"}
QUICK = urllib3.Retry(
    3, redirect=0, status_forcelist=(503,), allowed_methods=None, raise_on_redirect=False, raise_on_status=False
)


@contextmanager
def conversation(*answers):
    """A server that gives one answer (status, headers, body) a call, the last one for ever; yields its address and the calls."""
    left, calls = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            calls.append((self.command, self.path, body))
            status, headers, text = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()


def status(name, **more):
    return 200, {"Content-Type": "application/json"}, json.dumps({"status": name, **more}).encode()


def test_the_polled_form_follows_gentle_through_its_stages():
    stages = [status("STARTED"), status("ENCODING"), status("TRANSCRIBING", percent=0.5), status("ALIGNING"), status("OK")]
    with conversation((302, HERE, b""), *stages, (200, {}, ALIGNED)) as (address, calls):
        assert Gentle(address).align(b"RIFF...", "hi there") == ALIGNED
    method, path, body = calls[0]
    assert (method, path) == ("POST", "/transcriptions")
    assert b'name="audio"; filename="scene.wav"' in body
    assert b"RIFF..." in body
    assert b'name="transcript"\r\n\r\nhi there' in body
    assert [path for _, path, _ in calls[1:]] == ["/transcriptions/0a1b2c3d/status.json"] * 5 + [
        "/transcriptions/0a1b2c3d/align.json"
    ]


def test_the_synchronous_form_takes_the_answer_itself():
    with conversation((200, {}, ALIGNED)) as (address, calls):
        assert Gentle(address, synchronous=True).align(b"RIFF", "hi") == ALIGNED
    assert [path for _, path, _ in calls] == ["/transcriptions?async=false"]


def test_a_full_server_is_asked_again_when_it_says():
    full = (503, {"Retry-After": "0"}, b"full")
    with conversation(full, full, (302, HERE, b""), status("OK"), (200, {}, ALIGNED)) as (address, calls):
        assert Gentle(address, retries=QUICK).align(b"RIFF", "hi") == ALIGNED
    assert [method for method, _, _ in calls[:3]] == ["POST"] * 3


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([(503, {"Retry-After": "0"}, b"full\nup")], "503 full up"),
        ([(500, {}, b"boom")], "500 boom"),
        ([(302, HERE, b""), status("ERROR", error="Encoding failed.")], "Encoding failed"),
        ([(302, HERE, b""), status("TRANSCRIBING")], "no alignment after"),
        ([(302, HERE, b""), (200, {}, b"{}")], "no alignment after"),
        ([(302, HERE, b""), (200, {}, b"<html>")], "not JSON"),
        ([(302, {"Location": "http://elsewhere.example/x"}, b"")], "another server"),
        ([(302, {"Location": "http://["}, b"")], "another server"),
        ([(200, {}, b"<html>hello</html>")], "not JSON"),
        ([(200, {}, b'{"words": "none"}')], "no alignment"),
        ([(200, {}, b"[1]")], "no alignment"),
    ],
)
def test_a_server_that_fails_is_unavailable_and_said_so_in_one_line(answers, says):
    with conversation(*answers) as (address, _), pytest.raises(Unavailable, match=says) as caught:
        Gentle(address, seconds=0.3, retries=QUICK).align(b"RIFF", "hi")
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_unavailable():
    with conversation((200, {}, b"")) as (address, _):
        pass
    with pytest.raises(Unavailable, match="is the server running"):
        Gentle(address, retries=urllib3.Retry(1)).align(b"RIFF", "hi")


def test_what_the_server_refuses_is_bad_input_in_its_own_words():
    with conversation((400, {}, b"audio: this is no WAV\n")) as (address, _), pytest.raises(BadInput, match="this is no WAV"):
        Gentle(address).align(b"RIFF", "hi")


@pytest.mark.parametrize("address", ["", "gentle:8765", "file:///etc/passwd", "http://", "http://["])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(BadInput, match="GENTLE_URL"):
        Gentle(address)


def alignment(found, missing):
    words = [{"case": "success", "word": "a"}] * found + [{"case": "not-found-in-audio", "word": "lost"}] * missing
    return json.dumps({"words": [*words, {"case": "not-found-in-transcript", "word": "uh"}]}).encode()


def test_a_scene_whose_words_are_not_heard_is_refused_but_a_few_may_be_missing():
    refuse_what_was_not_heard(alignment(1, 2), "voice/00.wav")
    refuse_what_was_not_heard(alignment(14, 6), "voice/00.wav")
    with pytest.raises(BadInput, match=r"voice/00\.wav: 7 of 20 words were not heard .*lost"):
        refuse_what_was_not_heard(alignment(13, 7), "voice/00.wav")
