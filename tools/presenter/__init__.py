"""Draws and films the example presenter, from which her bundle is trained."""
