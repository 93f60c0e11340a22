"""Puts a finished video where the newsroom looks for it."""
