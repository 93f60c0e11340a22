"""The fixture of a newsroom's folder: a story, and where its video goes."""

from tests.made_stories import newsroom  # noqa: F401  # a fixture
