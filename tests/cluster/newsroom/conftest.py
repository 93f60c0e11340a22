"""A newsroom in a folder, asked over HTTP; its runs are the test's own."""

import copy

import pytest
from fastapi.testclient import TestClient
from in_a_browser import browsing
from writing import BROWSER, HOST, STORY, Remembered, picture

from cluster.newsroom.app import application
from cluster.newsroom.wiring import local_newsroom


@pytest.fixture
def runs():
    return Remembered()


@pytest.fixture
def newsroom(tmp_path, runs):
    return local_newsroom(tmp_path / "newsroom", 8090, runs)


@pytest.fixture
def browser(newsroom):
    """The page's own requests, as a browser sends them."""
    with TestClient(application(newsroom), base_url=f"http://{HOST}", headers=BROWSER, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def story(browser):
    """A sound story as the API tells it, its picture added."""
    begun = browser.post("/stories", json=STORY).json()
    added = browser.post(f"/stories/{begun['id']}/pictures", content=picture(), headers={"content-type": "image/png"}).json()
    document = copy.deepcopy(begun["document"])
    document["scenes"][0]["picture"]["file"] = added["file"]
    return browser.put(f"/stories/{begun['id']}", json=document, headers={"if-match": begun["etag"]}).json()


@pytest.fixture(scope="module")
def chromium():
    with browsing() as browser:
        yield browser


@pytest.fixture
def drawing(tmp_path):
    path = tmp_path / "library.png"
    path.write_bytes(picture())
    return path
