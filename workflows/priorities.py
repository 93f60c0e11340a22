"""Whose pods come first where not all have room."""

from steps.priority import WORTH

__all__ = ["OF_THE_STORY", "PRIORITIES", "SERVICE_PRIORITY"]

PRIORITIES = WORTH
"""A story's `priority`, and what it is worth."""
OF_THE_STORY = "newsreel-{{workflow.parameters.priority}}"
"""The class of a story's pods on its node."""
SERVICE_PRIORITY = "newsreel-service"
"""The class of what all stories need: it has its place before any of them."""
