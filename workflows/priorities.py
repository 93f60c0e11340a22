"""Whose pods come first where not all have room."""

__all__ = ["PRIORITIES", "SERVICE_PRIORITY"]

PRIORITIES = {"breaking": 1000, "normal": 0}
"""A story's `priority`, and what it is worth: to Argo among workflows that wait, as its pods' class to the scheduler."""
SERVICE_PRIORITY = "newsreel-service"
"""The class of what all stories need: it has its place before any of them."""
