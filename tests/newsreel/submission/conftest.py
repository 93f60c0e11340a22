"""Fixtures of buckets and of a Pub/Sub emulator, shared with the tests of the cluster's programs."""

from tests.cluster.conftest import clients, desk, storage_url  # noqa: F401  # fixtures
