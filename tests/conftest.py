"""What holds for every test: no clock decides about a property, small nets have one thread, imports are no garbage."""

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch and numpy are imported, and for the programs that tests start

STARTS_A_PROGRAM = {"emulator", "chromium", "storage_url"}
"""Fixtures that start one, which takes seconds: what uses them is slow."""

settings.register_profile("newsreel", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("newsreel"), max_examples=20)
settings.load_profile("newsreel")


gc.disable()


SLOWEST_FILES = (
    *("test_story_becomes_video.py", "test_compose_step.py", "test_training.py", "test_chaos.py", "test_killed_processes.py"),
    *("test_gentle_server.py", "test_newsroom_page.py", "test_generator_training.py", "test_render_studio.py"),
)
"""By `--durations`. xdist hands out whole files: a long one that begins last leaves the other cores idle."""


def pytest_collection_modifyitems(items):
    order = {name: number for number, name in enumerate(SLOWEST_FILES)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
    for item in items:
        if STARTS_A_PROGRAM & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish():
    """What 180 modules have imported stays: no collection need look through it, now or later."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    """Host and port of the Pub/Sub emulator."""
    from tests.cluster.pubsub_emulator import emulating  # Google's client takes a second, and most tests need none

    with emulating(tmp_path_factory.mktemp("emulator")) as host:
        yield host


@pytest.fixture(scope="session")
def gcs_server():
    """The address of a real Cloud Storage API in memory (fake-gcs-server), generation preconditions included."""
    from tests.servers import cloud_storage

    with cloud_storage() as url:
        yield url


@pytest.fixture
def bucket(gcs_server, monkeypatch, request):
    """A new, empty bucket; `gs://<name>` is an allowed address beside those that are already."""
    import requests  # a tenth of a second, and most tests need none

    name = f"b-{abs(hash(request.node.nodeid)):x}"
    requests.post(f"{gcs_server}/storage/v1/b?project=p", json={"name": name}, timeout=5).raise_for_status()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server)
    allowed = [text for text in (os.environ.get("NEWSREEL_ADDRESSES"), f"gs://{name}") if text]
    monkeypatch.setenv("NEWSREEL_ADDRESSES", ",".join(allowed))
    return f"gs://{name}"
