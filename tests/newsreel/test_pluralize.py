"""Counts with their nouns."""

import pytest

from newsreel.errors import pluralize


@pytest.mark.parametrize(
    ("count", "names", "said"),
    [
        (1, ("scene",), "1 scene"),
        (0, ("scene",), "0 scenes"),
        (1200, ("word",), "1,200 words"),
        (1, ("story runs", "stories run"), "1 story runs"),
        (2, ("story runs", "stories run"), "2 stories run"),
    ],
)
def test_only_one_is_singular(count, names, said):
    assert pluralize(count, *names) == said
