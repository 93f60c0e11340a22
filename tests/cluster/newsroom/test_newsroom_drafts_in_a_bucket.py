"""Drafts and revisions in a bucket: the same promises as in a folder, kept by generations (fake-gcs-server)."""

import pytest

from cluster.newsroom.stories import Changed, Repository, read_draft, write_draft
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from tests.servers import cloud_storage


@pytest.fixture(scope="module")
def storage_url():
    with cloud_storage("newsreel-stories") as url:
        yield url


@pytest.fixture
def home(storage_url, monkeypatch, request):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_url)
    return Address.parse(f"gs://newsreel-stories/t{abs(hash(request.node.nodeid)):x}")


@pytest.fixture
def storage(home):
    return Storage(AllowList(prefixes=(home,)))


def test_draft_is_replaced_only_with_its_current_etag(storage, home):
    address = home.child("budget/draft.json")
    assert read_draft(storage, address) is None
    first = write_draft(storage, address, b"{}", None)
    second = write_draft(storage, address, b'{"title": "a"}', first)
    for stale in (None, first, "no-generation"):
        with pytest.raises(Changed):
            write_draft(storage, address, b'{"title": "b"}', stale)
    assert write_draft(storage, address, b'{"title": "a"}', first) == second, "the answer to the first try was lost"
    found = read_draft(storage, address)
    assert (found.content, found.tag) == (b'{"title": "a"}', second)


def test_a_story_is_begun_saved_and_found_again(storage, home):
    stories = Repository(home, storage)
    begun = stories.create({"title": "The budget"})
    again = stories.create({"title": "The budget"})
    saved = stories.save(begun.id, begun.document | {"title": "The budget, agreed"}, begun.tag)
    with pytest.raises(Changed):
        stories.save(begun.id, begun.document | {"title": "Another"}, begun.tag)
    assert (begun.id, again.id) == ("the-budget", "the-budget-2")
    assert [draft.id for draft in stories.list_drafts()] == [begun.id, again.id], "the one that was saved last comes first"
    assert [draft.id for draft in stories.list_drafts(most=1)] == [begun.id]
    assert stories.draft(begun.id) == saved
