"""Recorded conversations with lowerquality's gentle, and a server that replays its side of one, byte for byte.

A file holds `exchanges`: request and response line by line, latin-1 for bytes. `{sentence.wav}` stands for the file's bytes,
`{15578 bytes left out}` for a body that is a page or file of theirs. `silent_seconds` says that no answer came.
"""

import json
import re
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

HOME = Path(__file__).parent / "conversations"
LEFT_OUT = re.compile(rb"\{(\d+) bytes left out\}")


@dataclass(frozen=True)
class Message:
    raw: bytes

    @cached_property
    def parts(self):
        return self.raw.partition(b"\r\n\r\n")

    @property
    def start(self):
        return self.raw.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)

    @property
    def headers(self):
        lines = self.parts[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def body(self):
        """Without the frames of a chunked transfer."""
        body = self.parts[2]
        if self.headers.get("transfer-encoding") != "chunked":
            return body
        whole = b""
        while size := int(body.partition(b"\r\n")[0], 16):
            body = body.partition(b"\r\n")[2]
            whole, body = whole + body[:size], body[size + 2 :]
        return whole


@dataclass(frozen=True)
class Exchange:
    request: Message
    response: Message | None

    @property
    def request_line(self):
        """`("GET", "/transcriptions/0a1b2c3d/status.json")`."""
        return tuple(self.request.start[:2])


def message(lines):
    raw = "".join(lines).encode("latin-1")
    raw = LEFT_OUT.sub(lambda found: bytes(int(found[1])), raw)
    return Message(raw.replace(b"{sentence.wav}", (HOME / "sentence.wav").read_bytes()))


def conversation(name):
    exchanges = json.loads((HOME / f"{name}.json").read_text())["exchanges"]
    return [Exchange(message(one["request"]), message(one["response"]) if one["response"] else None) for one in exchanges]


NAMES = sorted(path.stem for path in HOME.glob("*.json"))


def send(address, request):
    """The response to a raw request; None if there is none within two minutes or the server closes the connection."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=120) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return Message(answer) if answer else None


def kind_of(request):
    """Method and path; the query only selects the form of the answer, which is recorded in that form."""
    return request.start[0], request.start[1].partition("?")[0]


@contextmanager
def replaying(exchanges):
    """A server that answers the n-th call of a kind as the original did (the last answer of a kind stays); yields its address and
    the calls it got. What the original left unanswered stays unanswered."""
    waiting: dict[tuple, list[Exchange]] = {}
    for exchange in exchanges:
        waiting.setdefault(kind_of(exchange.request), []).append(exchange)
    calls, silent = [], []

    def serve(connection):
        request = b""
        while (head := Message(request)) and not (
            b"\r\n\r\n" in request and len(head.parts[2]) >= int(head.headers.get("content-length", 0))
        ):
            if not (more := connection.recv(65536)):
                return
            request += more
        calls.append(Message(request))
        left = waiting.get(kind_of(Message(request)))
        if not left:
            connection.sendall(b"HTTP/1.1 599 Not Recorded\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        elif (exchange := left.pop(0) if len(left) > 1 else left[0]).response is None:
            silent.append(connection)
            return
        else:
            connection.sendall(exchange.response.raw)
        connection.close()

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", calls
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in silent:
                connection.close()
