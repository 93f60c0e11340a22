"""Whose pods come first where not all have room."""

__all__ = ["OF_THE_STORY", "SERVICE_PRIORITY"]

OF_THE_STORY = "newsreel-{{workflow.parameters.priority}}"
"""The class of a story's pods on its node."""
SERVICE_PRIORITY = "newsreel-service"
"""The class of what all stories need: it has its place before any of them."""
