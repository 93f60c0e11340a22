"""The pool of a GKE node, by the node's name."""

import pytest

from newsreel.runtime.usage import pool_of_node

POOLS = ["l4-a", "l4-spot-a", "spot-a", "a.b"]


@pytest.mark.parametrize(
    ("node", "pool"),
    [
        ("gke-newsreel-l4-spot-a-1a2b3c4d-x7k9", "l4-spot-a"),
        ("gke-newsreel-l4-a-1a2b3c4d-x7k9", "l4-a"),
        ("gke-newsreel-aXb-1a2b3c4d-x7k9", None),
        ("gke-newsreel-l4-spot-1a2b3c4d-x7k9", None),
        ("l4-a", None),
        ("", None),
    ],
)
def test_the_longest_matching_pool_is_found(node, pool):
    assert pool_of_node(node, POOLS) == pool
