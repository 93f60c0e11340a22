"""The fixture of a newsroom's folder, shared with the library's tests."""

from tests.made_stories import newsroom  # noqa: F401  # a fixture
