"""Weights files: formats, state dicts, the installation's catalogue and the local cache."""
