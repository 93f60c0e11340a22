import pytest
import requests

from cluster.manifests.emit import installation
from newsreel.config.settings import Settings
from newsreel.storage.address import Address, AllowList
from newsreel.storage.store import Storage
from newsreel.submission.revision_store import RevisionStore as SavedStories
from tests.cli.newsdesk import EDITORS, Desk
from tests.cluster.api_server import serving


@pytest.fixture
def server():
    with serving() as server:
        server.obey(installation(Settings(editors=(EDITORS,)))["10-accounts.yaml"])
        yield server


@pytest.fixture
def desk(tmp_path, server, bucket, capsys):
    environment = {
        "KUBECONFIG": str(server.kubeconfig(tmp_path, EDITORS)),
        "NEWSREEL_STORIES": f"{bucket}/stories",
        "NEWSREEL_FINALS": f"{bucket}/finals",
    }
    desk = Desk(tmp_path / "desk", server, bucket, environment, capsys)
    desk.folder.mkdir()
    desk.lay_out()
    return desk


@pytest.fixture
def saved(desk):
    """What the submitter finds."""
    stories, finals = (Address.parse(desk.environment[name]) for name in ("NEWSREEL_STORIES", "NEWSREEL_FINALS"))
    return SavedStories(Storage(AllowList(prefixes=(stories, finals))), stories, finals)


@pytest.fixture
def stored(bucket, gcs_server):
    """Every object of the bucket by its name: content and generation."""

    def look():
        url = f"{gcs_server}/storage/v1/b/{bucket.removeprefix('gs://')}/o"
        listed = requests.get(url, timeout=5).json().get("items", [])
        return {
            item["name"]: (
                requests.get(f"{url}/{item['name'].replace('/', '%2F')}?alt=media", timeout=5).content,
                item["generation"],
            )
            for item in listed
        }

    return look
