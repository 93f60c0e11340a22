"""Fixtures: a fake cloud with a real bucket."""

import pytest

from tests.cluster.controllers.manager.managed import bucket_server, managed


@pytest.fixture(scope="module")
def url():
    with bucket_server() as address:
        yield address


@pytest.fixture
def setup(url):
    with managed(url) as made:
        yield made


@pytest.fixture
def whole(url):
    with managed(url, "cluster", state="absent") as made:
        yield made
