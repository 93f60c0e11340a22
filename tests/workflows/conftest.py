"""The fixture of a newsroom's folder, shared with the tests of the steps."""

from tests.made_stories import newsroom  # noqa: F401  # a fixture
