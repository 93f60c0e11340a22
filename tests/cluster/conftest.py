"""A Cloud Storage API in memory with the two buckets, the desk in them, and who speaks with the Pub/Sub emulator."""

import pytest

from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.submission.revision_store import RevisionStore
from newsreel.submission.topics import STORIES, topic_path
from tests.servers import cloud_storage


@pytest.fixture(scope="module")
def storage_url():
    with cloud_storage("newsreel-stories", "newsreel-finals") as url:
        yield url


@pytest.fixture
def desk(storage_url, monkeypatch, request):
    """Below a prefix of the test's own."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    home = f"t{abs(hash(request.node.nodeid)):x}"
    stories, finals = (Address.parse(f"gs://newsreel-{name}/{home}") for name in ("stories", "finals"))
    return RevisionStore(Storage(AllowList(prefixes=(stories, finals))), stories, finals)


@pytest.fixture
def clients(emulator, monkeypatch):
    """Who publishes stories, and who hears."""
    from tests.cluster.pubsub_emulator import PROJECT, connected

    with connected(emulator, topic_path(PROJECT, STORIES), monkeypatch) as both:
        yield both
