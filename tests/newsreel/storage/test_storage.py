"""Storage: the same promises for folders and for a real Cloud Storage API."""

import errno
import gzip
import hashlib
import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from newsreel.errors import BadInput, Conflict, DiskFull, Unavailable
from newsreel.storage.address import Address, AllowList
from newsreel.storage.gcs import GcsBackend
from newsreel.storage.store import Storage


@pytest.fixture(params=["file", "gs"])
def place(request, tmp_path, monkeypatch):
    """An empty folder or bucket that may be used."""
    if request.param == "gs":
        return Address.parse(request.getfixturevalue("bucket")).child("videos")
    monkeypatch.setenv("NEWSREEL_ADDRESSES", f"file:{tmp_path}")
    return Address.parse(f"file:{tmp_path}/videos")


@pytest.fixture
def storage(place):
    return Storage.from_environment()


def test_what_is_created_can_be_read_and_found(storage, place, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"moving pictures")
    storage.create(place.child("a/b.mp4"), source, "video/mp4")
    storage.create(place.child("c.txt"), b"words", "text/plain")
    assert storage.read(place.child("a/b.mp4"), at_most=100) == b"moving pictures"
    found = storage.find(place.child("a/b.mp4"))
    assert found.size == 15
    assert found.sha256 == hashlib.sha256(b"moving pictures").hexdigest()
    assert storage.names(place) == ["a/b.mp4", "c.txt"]
    dates = storage.dates(place)
    assert sorted(dates) == storage.names(place)
    assert all(abs(datetime.now(UTC) - written) < timedelta(minutes=5) for written in dates.values())


def test_a_large_object_is_copied_to_a_file(storage, place, tmp_path):
    content = os.urandom(3_000_000)
    storage.create(place.child("weights"), content, "application/octet-stream")
    with (tmp_path / "copy").open("wb") as file:
        storage.copy(place.child("weights"), file, at_most=3_000_000)
    assert (tmp_path / "copy").read_bytes() == content
    with (tmp_path / "copy").open("wb") as file, pytest.raises(BadInput, match="larger than 2,999,999 bytes"):
        storage.copy(place.child("weights"), file, at_most=2_999_999)
    with (tmp_path / "copy").open("wb") as file, pytest.raises(BadInput, match="no such"):
        storage.copy(place.child("nothing"), file, at_most=10)
    assert (tmp_path / "copy").read_bytes() == b""


def test_what_is_absent_is_not_found(storage, place):
    assert storage.find(place.child("nothing")) is None
    assert storage.names(place) == []
    with pytest.raises(BadInput, match="no such"):
        storage.read(place.child("nothing"), at_most=10)


def test_creating_other_bytes_is_a_conflict(storage, place):
    address = place.child("manifest.json")
    storage.create(address, b"first", "application/json")
    storage.create(address, b"first", "application/json")
    with pytest.raises(Conflict, match="raise the revision"):
        storage.create(address, b"second", "application/json")
    assert storage.read(address, at_most=10) == b"first"


def test_of_many_who_create_at_once_one_wins(storage, place):
    address = place.child("manifest.json")
    storage.find(address)

    def create(number):
        try:
            storage.create(address, f"{number}".encode(), "text/plain")
        except Conflict:
            return None
        return f"{number}".encode()

    with ThreadPoolExecutor(6) as pool:
        winners = [result for result in pool.map(create, range(6)) if result is not None]
    assert winners == [storage.read(address, at_most=10)]


def test_more_bytes_than_asked_for_are_refused(storage, place):
    storage.create(place.child("big"), b"x" * 11, "text/plain")
    assert len(storage.read(place.child("big"), at_most=11)) == 11
    with pytest.raises(BadInput, match="larger than 10 bytes"):
        storage.read(place.child("big"), at_most=10)


def test_every_call_checks_the_allow_list(storage, place):
    outside = Address.parse("file:/etc/hostname" if place.scheme == "file" else "gs://somebody-elses/x")
    calls = [
        lambda: storage.read(outside, at_most=10),
        lambda: storage.copy(outside, io.BytesIO(), at_most=10),
        lambda: storage.find(outside),
        lambda: storage.names(outside),
        lambda: storage.create(outside, b"", "text/plain"),
    ]
    for call in calls:
        with pytest.raises(BadInput, match="outside the allowed"):
            call()


def test_an_object_is_never_replaced(bucket):
    with pytest.raises(ValueError, match="never changed"):
        Storage.from_environment().replace(Address.parse(bucket).child("x"), b"")


def local(tmp_path):
    return Storage(AllowList(prefixes=(Address.parse(f"file:{tmp_path}"),)))


def test_a_draft_is_replaced_whole_and_readable_by_others(tmp_path):
    storage, address = local(tmp_path), Address.parse(f"file:{tmp_path}/out/x")
    storage.replace(address, b"old")
    storage.replace(address, b"new")
    assert address.file.read_bytes() == b"new"
    assert address.file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in address.file.parent.iterdir()] == ["x"]


def test_a_pipe_or_device_is_refused_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(BadInput):
            local(tmp_path).read(Address.parse(f"file:{path}"), at_most=10)
    anywhere = Storage(AllowList(prefixes=(Address.parse("file:/"),)))
    with pytest.raises(BadInput, match="not a regular file"):
        anywhere.read(Address.parse("file:/dev/zero"), at_most=10)


FULL_DISK = """
import sys
from steps.__main__ import main
from newsreel.storage.address import Address
from newsreel.errors import NewsreelError
from newsreel.storage.store import Storage
try:
    Storage.from_environment().replace(Address.parse(sys.argv[1]), b"x" * (1 << 20))
except NewsreelError as fault:
    print(fault)
    sys.exit(fault.exit_status)
"""


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    script = (
        f'mount -t tmpfs -o size=64k none {disk} && {sys.executable} -c "$0" file:{disk}/video; code=$?; ls -A {disk}; exit $code'
    )
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, FULL_DISK]
    if subprocess.run(
        ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", disk], capture_output=True
    ).returncode:
        pytest.skip("no small disk can be mounted here")
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "NEWSREEL_ADDRESSES": f"file:{disk}"}, check=False
    )
    assert (done.returncode, done.stderr) == (5, "")
    assert done.stdout == f"{disk}: the disk is full; free some space and run the same command again\n"


def test_no_space_left_is_disk_full_everywhere(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="the disk is full"):
        local(tmp_path).replace(Address.parse(f"file:{tmp_path}/video"), b"x")
    assert list(tmp_path.iterdir()) == []


class Refusing(BaseHTTPRequestHandler):
    status = 500

    def do_GET(self):
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, BadInput), (401, BadInput), (404, BadInput), (429, Unavailable), (500, Unavailable), (503, Unavailable)],
)
def test_each_answer_of_the_service_becomes_one_of_our_errors(status, error, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), type("Answering", (Refusing,), {"status": status}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.server_port}")
    try:
        objects = GcsBackend.connect(seconds_of_retries=0.1)
        with pytest.raises(error, match="gs://bucket/x: "):
            objects.read(Address.parse("gs://bucket/x"), 10)
    finally:
        server.shutdown()
        server.server_close()


def test_a_service_that_does_not_answer_is_unavailable(monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="Cloud Storage"):
        GcsBackend.connect(seconds_of_retries=0.1).create(Address.parse("gs://bucket/x"), b"x", "text/plain")


def test_an_object_stored_as_gzip_is_not_unpacked(bucket, gcs_server):
    bomb = gzip.compress(b"0" * 1_000_000)
    name = bucket.removeprefix("gs://")
    url = f"{gcs_server}/upload/storage/v1/b/{name}/o?uploadType=media&name=bomb&contentEncoding=gzip"
    requests.post(url, bomb, headers={"Content-Type": "text/plain"}, timeout=5).raise_for_status()
    assert Storage.from_environment().read(Address.parse(bucket).child("bomb"), at_most=2000) == bomb
