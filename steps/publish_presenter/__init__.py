"""Publish a trained presenter to a folder or a bucket."""
