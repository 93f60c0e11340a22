"""Publish a finished video to a folder or a bucket."""
