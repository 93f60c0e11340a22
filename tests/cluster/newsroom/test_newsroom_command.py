"""`python -m cluster.newsroom`: what cannot be is told in one line, and nothing is announced before it is so."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.newsroom.__main__ import main
from tests.servers import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def newsroom(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["newsroom", *map(str, words)])
        return main(), *capsys.readouterr()

    return run


@pytest.mark.parametrize("port", [99999, 0, -1])
def test_a_port_that_is_none_is_one_line(newsroom, tmp_path, port):
    assert newsroom("--folder", tmp_path, "--port", port) == (
        2,
        "",
        f"newsroom: --port {port}: must be 1 to 65535 (exit 2)\n",
    )


def test_a_port_in_use_may_be_free_later(newsroom, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said, told = newsroom("--folder", tmp_path, "--port", port)
    assert (status, said) == (75, "")
    assert told == f"newsroom: --port {port} is in use; end what listens there, or choose another (exit 75)\n"


def test_a_folder_that_is_a_file_is_one_line(newsroom, tmp_path):
    (tmp_path / "file").write_text("")
    assert newsroom("--folder", tmp_path / "file", "--port", free_port()) == (
        2,
        "",
        f"newsroom: {tmp_path}/file: file exists (exit 2)\n",
    )


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system has no folder that refuses everybody")
def test_a_folder_that_takes_no_file_is_one_line(newsroom):
    status, said, told = newsroom("--folder", "/proc/self", "--port", free_port())
    assert (status, said) == (2, "") and told.startswith("newsroom: /proc/self: ") and told.count("\n") == 1


def test_webhook_without_secret_is_refused_at_start(newsroom, tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSREEL_RECEIVERS", "https://cms.example.org/")
    status, said, told = newsroom("--folder", tmp_path, "--port", free_port())
    assert (status, said) == (2, "") and told.startswith("newsroom: webhook secret: must be whsec_")


def test_announced_address_answers_and_ctrl_c_stops_it(tmp_path):
    command = [sys.executable, "-u", "-m", "cluster.newsroom", "--folder", tmp_path, "--port", str(port := free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as newsroom:
        assert f"http://127.0.0.1:{port}/" in newsroom.stdout.readline()
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            assert caller.recv(12) == b"HTTP/1.1 200"
        newsroom.send_signal(signal.SIGINT)
        said = newsroom.stderr.read()
    assert newsroom.returncode == 0 and "Traceback" not in said
