"""Validate a presenter's training data before a node is started."""
