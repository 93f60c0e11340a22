"""Whose pods come first where not all have room."""

__all__ = ["OF_THE_STORY", "PRIORITIES", "SERVICE_PRIORITY"]

PRIORITIES = {"breaking": 1000, "normal": 0}
"""A story's `priority`, and what it is worth: to Argo among workflows that wait, as its pods' class to the scheduler."""
OF_THE_STORY = "newsreel-{{workflow.parameters.priority}}"
"""The class of a story's pods on its node."""
SERVICE_PRIORITY = "newsreel-service"
"""The class of what all stories need: it has its place before any of them."""
