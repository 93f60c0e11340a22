"""Ends a story that no node can make, with the failed step's own message and exit status."""
